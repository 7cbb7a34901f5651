import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** As the tunnel's unit says: RestartSec=5. */
const RESTART_PAUSE_MS = 5000;

export interface KeptTunnelOptions {
  /** Path of the private key. */
  identity: string;
  login: string;
  sshPort: number;
  tunnelPort: number;
  /** Of 127.0.0.1: the database, or nothing at all. */
  databasePort: number;
}

/** A proxy's ssh, started again whenever it ends. */
export interface KeptTunnel {
  /** How often ssh was started: 1 for a session that was never lost. */
  starts(): number;
  /** Ends it for good, as `systemctl stop` does. */
  end(): Promise<void>;
}

/** Keeps a tunnel up as the unit on a proxy does. It ends with this process, however that ends. */
export function keepTunnel(options: KeptTunnelOptions): KeptTunnel {
  const stopping = new AbortController();
  const { signal } = stopping;
  let starts = 0;
  let client: ChildProcess | undefined;
  const keeping = (async () => {
    while (!signal.aborted) {
      client = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'ssh', ...sshArguments(options)], {
        stdio: 'ignore',
      });
      starts += 1;
      await once(client, 'exit');
      await sleep(RESTART_PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  })();
  return {
    starts: () => starts,
    async end() {
      stopping.abort();
      client?.kill('SIGTERM');
      await keeping;
    },
  };
}

/** What decides over its life is the same as in templates/ssh-config. */
function sshArguments({ identity, login, sshPort, tunnelPort, databasePort }: KeptTunnelOptions) {
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'ExitOnForwardFailure=yes',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    'ConnectTimeout=20',
    `RemoteForward=127.0.0.1:${tunnelPort} 127.0.0.1:${databasePort}`,
    `Port=${sshPort}`,
  ].flatMap((option) => ['-o', option]);
  return ['-F', 'none', '-i', identity, '-N', '-T', ...options, `${login}@127.0.0.1`];
}
