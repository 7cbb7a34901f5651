import { hash } from 'node:crypto';
import { startControlPlane } from '../../test/server/support/control-plane.ts';
import { setScene } from '../../test/server/support/scene.ts';
import { reportUsage } from '../report-usage.ts';

/** Ours: a whole control plane on SQLite, with one tunnel; argv says which of its routes. */
const plane = await startControlPlane();
const { tunnel } = await setScene(plane);
const address = await plane.app.listen({ host: '127.0.0.1', port: 0 });
reportUsage();
process.once('SIGTERM', async () => {
  await plane[Symbol.asyncDispose]();
  process.exit();
});
const script = await fetch(`${address}/t/${tunnel}/install.sh`);
const sha256 = hash('sha256', Buffer.from(await script.arrayBuffer()));
const route = (process.argv[2] as string).replace(':id', tunnel).replace('<sha256>', sha256);
console.log(address + route);
