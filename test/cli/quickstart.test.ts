import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from '../support/bed/command.ts';
import { freePort } from '../support/free-port.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { answers } from './support/answers.ts';
import { myself, ordinaryUser, type Person } from './support/person.ts';
import { endGroup, type Running, start } from './support/running.ts';

/** From the paste to the first row: what the issue promises. */
const TUNNEL_WITHIN_MS = 10_000;

let database: Postgres;
before(async () => {
  database = await startPostgres();
});
after(() => database?.stop());

const vendors: [string, () => Person][] = [['an ordinary user', ordinaryUser]];
if (userInfo().uid === 0) vendors.push(['root', myself]);
else test('as root', (t) => t.diagnostic('not run here: quickstart as root'));

for (const [who, makeVendor] of vendors) {
  describe(`quickstart as ${who}`, () => {
    let vendor: Person;
    let customer: Person;
    let port: number;
    let sshPort: number;
    let current: Running;
    const all: Running[] = [];
    const data = () => join(vendor.home, 'data');

    function launch(...more: string[]): Running {
      const running = start(culvertAs(vendor, ['quickstart', ...more]));
      all.push(running);
      return running;
    }

    function paste(line: string): Running {
      const running = start(customer.asPerson(['bash', '-c', line]));
      all.push(running);
      return running;
    }

    before(async () => {
      vendor = makeVendor();
      customer = ordinaryUser();
      [port, sshPort] = [await freePort(), await freePort()];
    });

    after(async () => {
      for (const running of all) endGroup(running);
      endSshdOf(data());
      await delay(200);
      customer?.remove();
      vendor?.remove();
    });

    test('it prints the page and the commands, each alone on its line', async () => {
      current = launch(
        ...['--port', String(port), '--ssh-port', String(sshPort)],
        ...['--database', `127.0.0.1:${database.port}`],
      );
      await current.until(/admin\.token\.\n/);
      const lines = current.stdout().split('\n');
      const script = `http://127.0.0.1:${port}/t/tun_[a-z0-9]{26}/install\\.sh`;
      const token = 'CULVERT_TOKEN=cvt_[a-z0-9]{16}_[a-z0-9]{32}';
      for (const form of [
        `http://127.0.0.1:${port}/t/tun_[a-z0-9]{26}`,
        `curl -fsSL ${script} \\| ${token} bash`,
        `curl -fsSL ${script} \\| ${token} bash -s -- run`,
        'psql -h 127\\.0\\.0\\.1 -p \\d+ -U postgres',
      ]) {
        assert.equal(lines.filter((line) => new RegExp(`^${form}$`).test(line)).length, 1, form);
      }
      assert.equal(current.stderr().includes('cvt_'), false, 'no token in the log');
      const page = await fetch(lineOf(current, /^http\S+$/m), { headers: { accept: 'text/html' } });
      assert.equal(page.status, 200);
    });

    test('what the demo vendor serves is signed, by a key of its own', async () => {
      const page = lineOf(current, /^http\S+$/m);
      const script = `curl -fsSO ${page}/allowed_signers -O ${page}/install.sh -O ${page}/install.sh.sig &&
        ssh-keygen -Y verify -f allowed_signers -I demo -n culvert-artifact-v1 -s install.sh.sig <install.sh`;
      const verify = start(customer.asPerson(['bash', '-c', script]));
      assert.equal(await verify.ended(), 0, verify.stderr());
      assert.match(verify.stdout(), /^Good "culvert-artifact-v1" signature for demo /);
    });

    test('everything listens on 127.0.0.1 alone, and its folder is for its owner alone', async () => {
      const { stdout } = await runCommand(['ss', '-Hltn']);
      const listening = stdout.split('\n').map((line) => line.trim().split(/\s+/)[3] ?? '');
      for (const own of [port, sshPort]) {
        assert.deepEqual(
          listening.filter((address) => address.endsWith(`:${own}`)),
          [`127.0.0.1:${own}`],
        );
      }
      assert.equal(statSync(data()).mode & 0o777, 0o700);
      for (const secret of ['admin.token', 'signing.pem']) {
        assert.equal(statSync(join(data(), secret)).mode & 0o777, 0o600);
      }
    });

    test('the pasted run form leads psql to the database within 10 s', async () => {
      const begun = Date.now();
      const run = paste(lineOf(current, /^curl .* -- run$/m));
      await untilQueried(current, run, begun + TUNNEL_WITHIN_MS);
    });

    test('the command line reads the token that quickstart left', async () => {
      const settings = {
        CULVERT_URL: `http://127.0.0.1:${port}`,
        CULVERT_API_TOKEN_FILE: join(data(), 'admin.token'),
      };
      // psql may be there before the first report of a probe.
      await until('the database is reported to answer', async () => {
        const show = start(culvertAs(vendor, ['tunnel', 'show', 'demo', '--json']), settings);
        assert.equal(await show.ended(), 0, show.stderr());
        const [{ status }] = JSON.parse(show.stdout()).slots;
        return status.session === 'up' && status.database === 'answers';
      });
    });

    test('Ctrl-C ends all of it, sessions too', async () => {
      const tunnelPort = Number(lineOf(current, /(?<=-p )\d+/));
      assert.equal(await current.end('SIGINT'), 0, current.stderr());
      for (const own of [port, sshPort, tunnelPort]) assert.equal(await answers(own), false);
      assert.deepEqual(processesOf(data()), []);
    });

    test('a second start goes on with the folder: same tunnel, new token', async () => {
      const before = current;
      current = launch();
      await current.until(/admin\.token\.\n/);
      assert.equal(lineOf(current, /^http\S+$/m), lineOf(before, /^http\S+$/m));
      const token = /cvt_\w+/;
      assert.notEqual(lineOf(current, token), lineOf(before, token));
      const run = paste(lineOf(current, /^curl .* -- run$/m));
      await untilQueried(current, run, Date.now() + TUNNEL_WITHIN_MS);
    });

    test('after kill -9 the tunnel stays, and the next start takes it over', async () => {
      const address = lineOf(current, /^http\S+$/m);
      await current.end('SIGKILL');
      assert.equal(await query(current), '42');
      current = launch();
      await current.until(/admin\.token\.\n/);
      assert.equal(lineOf(current, /^http\S+$/m), address);
      // By its arguments: a long name of the program leaves no room for `[listener]` behind them.
      assert.equal(processesOf(data()).filter((line) => line.includes(' -D -f ')).length, 1);
      assert.equal(await current.end('SIGINT'), 0, current.stderr());
      assert.deepEqual(processesOf(data()), []);
    });

    test('killed at any moment of its first start, the next one finishes it', async () => {
      const folder = join(vendor.home, 'cut');
      const ports = ['--port', String(await freePort()), '--ssh-port', String(await freePort())];
      for (const milliseconds of [500, 800, 900, 1000, 1100, 1200, 1300, 1500]) {
        const cut = launch('--data', folder, ...ports);
        await delay(milliseconds);
        await cut.end('SIGKILL');
      }
      const whole = launch('--data', folder, ...ports);
      await whole.until(/admin\.token\.\n/);
      assert.equal(await whole.end('SIGTERM'), 0, whole.stderr());
      assert.deepEqual(processesOf(folder), []);
    });

    test('a port of another process is named', async (t) => {
      const taken = await listenSomewhere();
      t.after(() => taken.server.close());
      const other = String(await freePort());
      for (const words of [
        ['--port', String(taken.port), '--ssh-port', other],
        ['--port', other, '--ssh-port', String(taken.port)],
      ]) {
        const refused = launch('--data', join(vendor.home, words.join('')), ...words);
        assert.equal(await refused.ended(), 3, refused.stderr());
        assert.match(refused.stderr(), new RegExp(`culvert: .*\\b${taken.port}\\b`));
        assert.doesNotMatch(refused.stderr(), /\n\s+at /, 'no stack trace');
      }
    });

    test('what was chosen at the first start cannot change', async () => {
      for (const words of [
        ['--ssh-port', String(await freePort())],
        ['--port', String(await freePort())],
        ['--database', 'db.example:5432'],
      ]) {
        const refused = launch(...words);
        assert.equal(await refused.ended(), 5, refused.stderr());
        assert.match(refused.stderr(), /^culvert: /m);
        assert.deepEqual(processesOf(data()), []);
      }
    });
  });
}

/** The first line, or part of one, that a program printed in this form. */
function lineOf(running: Running, pattern: RegExp): string {
  const match = pattern.exec(running.stdout());
  assert.ok(match, `nothing like ${pattern} in:\n${running.stdout()}`);
  return match[0];
}

/** Asks through the tunnel port with the very command that was printed. */
async function query(quickstart: Running): Promise<string | undefined> {
  const words = lineOf(quickstart, /^psql .*$/m).split(' ');
  const env = { ...process.env, PGCONNECT_TIMEOUT: '2' };
  const { code, stdout } = await runCommand([...words, '-Atc', 'select 42'], { env });
  return code === 0 ? stdout.trim() : undefined;
}

async function untilQueried(quickstart: Running, run: Running, deadline: number): Promise<void> {
  while ((await query(quickstart)) !== '42') {
    const said = run.stdout() + run.stderr();
    assert.ok(Date.now() < deadline, `no row in time:\n${said}${quickstart.stderr()}`);
    await delay(100);
  }
}

/** Processes that were started with something in a folder. */
function processesOf(folder: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args', '-ww'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(`${folder}/`));
}

function endSshdOf(folder: string): void {
  for (const line of processesOf(folder)) process.kill(Number.parseInt(line, 10), 'SIGKILL');
}

function culvertAs(person: Person, words: string[]): string[] {
  const node = join(person.repository, 'node_modules/node/bin/node');
  return person.asPerson([node, join(person.repository, 'src/main.ts'), ...words]);
}

async function listenSomewhere(): Promise<{ port: number; server: Server }> {
  const port = await freePort();
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, server };
}
