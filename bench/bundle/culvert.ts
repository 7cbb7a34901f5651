import { createSigning, createSigningKey } from '../../src/bundle/index.ts';
import { startControlPlane } from '../../test/server/support/control-plane.ts';
import { setScene } from '../../test/server/support/scene.ts';
import { reportUsage } from '../report-usage.ts';

/** Ours: a whole control plane on SQLite, with one tunnel, that signs. */
const signing = createSigning('acme', createSigningKey().key, { text: '', name: 'others' });
const plane = await startControlPlane({ settings: { signing } });
const { tunnel } = await setScene(plane);
const address = await plane.app.listen({ host: '127.0.0.1', port: 0 });
reportUsage();
process.once('SIGTERM', async () => {
  await plane[Symbol.asyncDispose]();
  process.exit();
});
console.log(`${address}/t/${tunnel}/bundle.tar.gz`);
