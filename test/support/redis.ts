import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ownAccount } from './own-account.ts';

export interface Redis {
  port: number;
  stop(): Promise<void>;
}

/**
 * Starts a Redis of one's own, of nothing but options, on that port (of every address, unless
 * `--bind` says otherwise). As root it runs as `nobody`. It ends with this process.
 */
export async function startRedis(port: number, options: string[] = []): Promise<Redis> {
  const server = spawn(
    'setpriv',
    [
      // The kernel ends the server when this process dies, even by SIGKILL.
      ...['--pdeathsig', 'KILL', '--', 'redis-server', '--port', `${port}`],
      ...['--save', '', '--dir', '/', ...options],
    ],
    { ...ownAccount('nobody'), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  for await (const bytes of server.stdout) {
    said += bytes;
    if (said.includes('Ready to accept connections')) break;
  }
  if (!said.includes('Ready to accept connections'))
    throw new Error(`Redis did not start:\n${said}`);
  return {
    port,
    async stop() {
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
  };
}
