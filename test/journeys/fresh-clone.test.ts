import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ordinaryUser, type Person } from '../cli/support/person.ts';
import { endGroup, type Running, start } from '../cli/support/running.ts';
import { runCommand } from '../support/bed/command.ts';
import { freePort } from '../support/free-port.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

/** What the README's first command promises of a machine with Node 20 and npm, and of its user. */
const START_WITHIN_MS = 180_000;
const ROW_WITHIN_MS = 10_000;

const REPOSITORY = join(import.meta.dirname, '../..');
const COMPILERS = /^(g?cc|c\+\+|g\+\+|cpp|clang.*|python.*|make|gmake|node-gyp)(-\d.*)?$/;

let folder: string;
let clone: string;
let path: string;
let database: Postgres;
let customer: Person;
const started: Running[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-clone-'));
  clone = join(folder, 'culvert');
  [database, path] = await Promise.all([startPostgres(), pathWithoutCompilers(), copyRepository()]);
  customer = ordinaryUser();
});

after(async () => {
  for (const running of started) {
    process.kill(-running.pid, 'SIGINT'); // as Ctrl-C on a terminal does, to the whole group
    await running.ended().catch(() => endGroup(running));
  }
  customer?.remove();
  await database?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What git would clone, with the changes that are not committed yet. */
async function copyRepository(): Promise<void> {
  const git = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const files = execFileSync('git', git, { cwd: REPOSITORY, encoding: 'utf8' }).split('\0');
  for (const file of files.filter(Boolean)) {
    await cp(join(REPOSITORY, file), join(clone, file), { recursive: true }).catch((error) => {
      if (error.code !== 'ENOENT') throw error; // removed, and that not committed yet
    });
  }
}

/** Every program of the system but compilers, python and make, and none of this repository's own. */
async function pathWithoutCompilers(): Promise<string> {
  const programs = join(folder, 'programs');
  await mkdir(programs);
  const system = (process.env['PATH'] ?? '')
    .split(':')
    .filter((entry) => entry.startsWith('/') && !entry.includes('node_modules'));
  const seen = new Set<string>();
  for (const entry of [...system, '/usr/sbin', '/sbin']) {
    for (const name of await readdir(entry).catch(() => [])) {
      if (seen.has(name) || COMPILERS.test(name)) continue;
      seen.add(name);
      await symlink(join(entry, name), join(programs, name));
    }
  }
  return programs;
}

function systemEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('npm_') && !name.startsWith('NODE') && name !== 'INIT_CWD',
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), PATH: path };
}

test('npm start on a fresh clone, then the pasted line: psql answers within 10 s', async (t) => {
  const env = systemEnvironment();
  const { stdout: version } = await runCommand(['node', '--version'], { env });
  t.diagnostic(`the system's own Node is ${version.trim()}`);
  assert.notEqual((await runCommand(['sh', '-c', 'command -v gcc python3 make'], { env })).code, 0);
  const [port, sshPort] = [await freePort(), await freePort()];
  const words = ['--port', String(port), '--ssh-port', String(sshPort)];
  const vendor = start(
    [
      ...['env', '--chdir', clone, '--ignore-environment'],
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...['npm', 'start', '--', ...words, '--database', `127.0.0.1:${database.port}`],
    ],
    {},
  );
  started.push(vendor);
  await vendor.until(/^psql .*$/m, START_WITHIN_MS);

  const line = /^curl .* -- run$/m.exec(vendor.stdout())?.[0] ?? '';
  const psql = /^psql .*$/m.exec(vendor.stdout())?.[0] ?? '';
  const begun = performance.now();
  const run = start(customer.asPerson(['bash', '-c', line]));
  started.unshift(run);
  for (;;) {
    const query = [...psql.split(' '), '-Atc', 'select 42'];
    const { code, stdout } = await runCommand(query, {
      env: { ...process.env, PGCONNECT_TIMEOUT: '2' },
    });
    if (code === 0) {
      assert.equal(stdout.trim(), '42');
      break;
    }
    assert.ok(performance.now() - begun < ROW_WITHIN_MS, run.stdout() + run.stderr());
    await sleep(100);
  }
  assert.ok(performance.now() - begun < ROW_WITHIN_MS);
});
