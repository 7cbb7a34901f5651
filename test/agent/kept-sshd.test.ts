import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { KeptSshd } from '../../src/agent/sshd/kept-sshd.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'culvert-kept-'));
const pidFile = join(folder, 'pid');
const config = join(folder, 'sshd_config');
after(() => rmSync(folder, { recursive: true, force: true }));

/** As systemd would start it. */
function startSshd(): ChildProcess {
  return spawn('/usr/sbin/sshd', ['-D', '-f', config], { stdio: 'ignore' });
}

test('follows an sshd by its pid file, through its end and its next start, and starts none', async () => {
  const key = join(folder, 'host_key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  writeFileSync(
    config,
    `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${key}\nPidFile ${pidFile}\n`,
  );
  const said: string[] = [];
  const note = (_: object, message: string) => said.push(message);
  // A pid of somebody else's is no sshd.
  writeFileSync(pidFile, `${process.pid}\n`);
  const kept = new KeptSshd(pidFile, { info: note, warn: note, error: note });
  assert.equal(kept.pid, undefined);
  const stopping = new AbortController();
  const supervising = kept.supervise(stopping.signal);

  const first = startSshd();
  await until('its pid', () => kept.pid === first.pid);
  first.kill();
  await once(first, 'exit');
  await until('no pid', () => kept.pid === undefined);
  const second = startSshd();
  await until('the next pid', () => kept.pid === second.pid);
  await kept.end();
  assert.equal(second.exitCode, null);

  stopping.abort();
  await supervising;
  second.kill();
  await once(second, 'exit');
  assert.deepEqual(said, [
    'sshd does not run; see: systemctl status culvert-sshd',
    'sshd listens',
    'sshd has ended; systemd keeps it',
    'sshd listens',
  ]);
});
