import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilOpen } from '../test/agent/support/greeter.ts';

/** OpenSSH's server as anybody would set it up: one static authorized_keys file, nothing else of ours. */
export interface BareSshd {
  /** Its master process. */
  pid: number;
  /** `type blob` of its host key. */
  hostKey: string;
  stop(): Promise<void>;
}

/**
 * Starts one on a port of 127.0.0.1 for an account, with the lines of an authorized_keys file. `limits` are
 * lines of sshd_config: what it shares with the server that is measured beside it.
 */
export async function startBareSshd(
  { port, login }: { port: number; login: string },
  keyLines: string[],
  limits: string[] = [],
): Promise<BareSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-bare-sshd-'));
  chmodSync(folder, 0o755); // sshd reads the keys as the account
  const [hostKey, keys, config] = ['host_key', 'authorized_keys', 'sshd_config'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', hostKey]);
  writeFileSync(keys, keyLines.map((line) => `${line}\n`).join(''), { mode: 0o644 });
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `PidFile ${join(folder, 'pid')}`,
    `AllowUsers ${login}`,
    `AuthorizedKeysFile ${keys}`,
    'StrictModes no', // the folder above is the world's
    'UsePAM no',
    ...limits,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const log = join(folder, 'log');
  const server = spawn('setpriv', [
    ...['--pdeathsig', 'TERM', '--'],
    ...['/usr/sbin/sshd', '-D', '-f', config, '-E', log],
  ]);
  await untilOpen(port).catch((error) => {
    throw new Error(`${error.message}:\n${readFileSync(log, 'utf8')}`);
  });
  return {
    pid: server.pid as number,
    hostKey: readFileSync(`${hostKey}.pub`, 'utf8').trim(),
    async stop() {
      await end(server);
      rmSync(folder, { recursive: true });
    },
  };
}

async function end(server: ChildProcess): Promise<void> {
  server.kill();
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
}
