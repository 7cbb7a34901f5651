import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Region, TunnelServer } from '../../src/domain/region.ts';
import { freePort } from '../support/free-port.ts';
import { answers } from './support/answers.ts';
import { culvert, culvertJson, MAIN } from './support/culvert.ts';
import { endGroup, type Running, start } from './support/running.ts';

let folder: string;
let port: number;
let server: Running;
/** Of every command that calls the control plane. */
let client: Record<string, string>;

function settingsOf(where: string, at: number): Record<string, string> {
  return {
    CULVERT_STORE: `sqlite:${where}/culvert.db`,
    CULVERT_VENDOR: 'acme',
    CULVERT_PUBLIC_URL: `http://127.0.0.1:${at}`,
    CULVERT_LISTEN: `127.0.0.1:${at}`,
  };
}

function serve(settings: Record<string, string>, ...words: string[]): Running {
  return start([process.execPath, MAIN, 'serve', ...words], settings);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-cli-admin-'));
  port = await freePort();
  const settings = settingsOf(folder, port);
  server = serve(settings, '--migrate');
  await server.until(/listening/i);
  const { token } = await culvertJson<{ token: string }>(
    ['api-token', 'create', '--admin', '--name', 'tests'],
    settings,
  );
  client = { CULVERT_URL: `http://127.0.0.1:${port}`, CULVERT_API_TOKEN: token };
});

after(async () => {
  if (server) endGroup(server);
  await rm(folder, { recursive: true, force: true });
});

test('regions and their servers', async () => {
  const made = await culvertJson<Region>(
    ['region', 'create', 'eu', '--name', 'Europe', '--tunnel-ports', '20000-20001'].concat([
      '--alternate-ports',
      '443,8443',
      '--egress-addresses',
      '192.0.2.1',
    ]),
    client,
  );
  assert.equal(made.name, 'Europe');
  assert.deepEqual(made.alternate_ports, [443, 8443]);
  assert.equal(made.last_tunnel_port, 20001);
  const list = await culvert(['region', 'list'], client);
  assert.match(
    list.stdout,
    /^SLUG +NAME +PORT +TUNNEL PORTS +ID\neu +Europe +50022 +20000-20001 +reg_/,
  );
  const added = await culvertJson<{ server: TunnelServer; join_token: string }>(
    ['region', 'add-server', 'eu', 't1.eu.example', '--aliases', 't1b.eu.example,192.0.2.2'],
    client,
  );
  assert.match(added.join_token, /^cvj_/);
  const shown = await culvertJson<Region & { servers: TunnelServer[] }>(
    ['region', 'show', 'eu'],
    client,
  );
  assert.equal(shown.id, made.id);
  assert.deepEqual(
    shown.servers.map(({ host, aliases }) => [host, ...aliases]),
    [['t1.eu.example', 't1b.eu.example', '192.0.2.2']],
  );
  assert.doesNotMatch(JSON.stringify(shown), /cvj_/);
  const again = await culvert(['region', 'create', 'eu'], client);
  assert.equal(again.code, 5);
  assert.equal(again.stdout, '');
});

test('accounts', async () => {
  const made = await culvert(['account', 'create', 'globex', '--name', 'Globex'], client);
  assert.match(made.stdout, /^SLUG +NAME +ID +CREATED\nglobex +Globex +acc_\S+ +\d{4}-.*Z\n$/);
  const refused = await culvert(['account', 'create', 'Not-A-Slug'], client);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^culvert: slug: /);
});

test('a list longer than a page is read whole', async () => {
  const { CULVERT_URL: url, CULVERT_API_TOKEN: token } = client;
  for (let number = 0; number < 105; number += 1) {
    const response = await fetch(`${url}/v1/accounts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ slug: `many-${number}`, name: 'Many' }),
    });
    assert.equal(response.status, 201);
    await response.text();
  }
  const accounts = await culvertJson<{ slug: string }[]>(['account', 'list'], client);
  assert.equal(accounts.filter(({ slug }) => slug.startsWith('many-')).length, 105);
});

test('a tunnel in a region without a joined server is refused, and says why', async () => {
  const words = ['--account', 'globex', '--region', 'eu', '--database', '10.0.0.5:5432'];
  const { code, stderr } = await culvert(['tunnel', 'create', 'crm', ...words], client);
  assert.equal(code, 5, stderr);
  assert.match(stderr, /^culvert: /);
  assert.deepEqual(await culvertJson(['tunnel', 'list'], client), []);
  assert.equal((await culvert(['tunnel', 'list'], client)).stdout, '');
});

for (const [words, code, said] of [
  [['tunnel', 'show', 'nothing'], 4, /there is no tunnel "nothing"/],
  [['tunnel', 'remove', `tun_${'0'.repeat(26)}`], 4, /no such tunnel/],
  [['token', 'create', 'nothing'], 4, /there is no tunnel "nothing"/],
  [['token', 'create', 'x', '--expires-in', 'soon'], 2, /--expires-in/],
  [['region', 'show', 'nothing'], 4, /there is no region "nothing"/],
  [['region', 'create', 'us', '--port', '0'], 2, /--port/],
  [['region', 'create', 'us', '--tunnel-ports', '1-2'], 2, /first_tunnel_port/],
  [['region', 'create', 'us', '--bind-address', 'a\nb'], 2, /bind_address/],
  [
    [
      'tunnel',
      'create',
      'x',
      '--account',
      'globex',
      '--region',
      'eu',
      '--database',
      '169.254.169.254:80',
    ],
    2,
    /database\.host/,
  ],
] as [string[], number, RegExp][]) {
  test(`culvert ${JSON.stringify(words)} ends with ${code}`, async () => {
    const refused = await culvert(words, client);
    assert.equal(refused.code, code, refused.stderr);
    assert.equal(refused.stdout, '');
    assert.match(refused.stderr, said);
    assert.doesNotMatch(refused.stderr, /\n\s+at /, 'no stack trace');
  });
}

test('the API token: none, another form, unknown, from a file', async () => {
  const list = ['account', 'list'];
  const { CULVERT_URL = '', CULVERT_API_TOKEN = '' } = client;
  const elsewhere = { CULVERT_URL, CULVERT_API_TOKEN_FILE: join(folder, 'nothing') };
  const none = await culvert(list, elsewhere);
  assert.equal(none.code, 6);
  assert.match(none.stderr, /CULVERT_API_TOKEN is not set/);
  const other = await culvert(list, { CULVERT_URL, CULVERT_API_TOKEN: 'cvt_x' });
  assert.equal(other.code, 6);
  assert.doesNotMatch(other.stderr, /cvt_x/);
  const stranger = `cva_${'0'.repeat(16)}_${'0'.repeat(32)}`;
  const unknown = await culvert(list, { CULVERT_URL, CULVERT_API_TOKEN: stranger });
  assert.equal(unknown.code, 6);
  assert.doesNotMatch(unknown.stderr, /cva_0/);
  const file = join(folder, 'token');
  await writeFile(file, `${CULVERT_API_TOKEN}\n`);
  const kept = await culvert([...list, '--api-token-file', file], { CULVERT_URL });
  assert.equal(kept.code, 0, kept.stderr);
});

test('a control plane that is not there, and something that is none, are told apart', async () => {
  const list = ['account', 'list'];
  const gone = await culvert(list, {
    ...client,
    CULVERT_URL: `http://127.0.0.1:${await freePort()}`,
  });
  assert.equal(gone.code, 3);
  assert.match(gone.stderr, /does not answer \(ECONNREFUSED\)/);
  const other = await culvert(list, { ...client, CULVERT_URL: `${client['CULVERT_URL']}/healthz` });
  assert.notEqual(other.code, 0);
  assert.doesNotMatch(other.stderr, /\n\s+at /, 'no stack trace');
});

test('a reader that leaves early is no error', async () => {
  const words = [process.execPath, MAIN, 'account', 'list', '--json'].map((word) => `'${word}'`);
  const line = `set -o pipefail; ${words.join(' ')} | head -n 1`;
  const piped = start(['bash', '-c', line], client);
  assert.equal(await piped.ended(), 0, piped.stderr());
  assert.equal(piped.stderr(), '');
});

test('serve refuses a store that lacks migrations, and says what to do', async () => {
  const refused = serve(settingsOf(join(folder, 'new'), await freePort()));
  assert.equal(await refused.ended(), 3);
  assert.match(refused.stderr(), /culvert migrate/);
});

test('serve names the port that another process has', async () => {
  const refused = serve(settingsOf(join(folder, 'taken'), port), '--migrate');
  assert.equal(await refused.ended(), 3);
  assert.match(refused.stderr(), new RegExp(`port ${port}: another process listens there`));
});

test('serve refuses to become another vendor', async () => {
  const settings = { ...settingsOf(folder, await freePort()), CULVERT_VENDOR: 'other' };
  const refused = serve(settings);
  assert.equal(await refused.ended(), 5);
  assert.match(refused.stderr(), /vendor_slug was fixed as acme/);
});

test('a signal that comes twice at once is one, and a later one ends at once', async () => {
  const other = await freePort();
  const settings = settingsOf(join(folder, 'signals'), other);
  const twice = serve(settings, '--migrate');
  await twice.until(/listening/i);
  process.kill(twice.pid, 'SIGINT');
  process.kill(twice.pid, 'SIGTERM');
  assert.equal(await twice.ended(), 0, twice.stderr());

  const held = serve(settings);
  await held.until(/listening/i);
  const half = createConnection(other, '127.0.0.1').on('error', () => {});
  half.write('GET /healthz HTTP/1.1\r\n');
  await delay(200);
  process.kill(held.pid, 'SIGTERM');
  await delay(1000);
  assert.equal(await held.end('SIGTERM'), 143);
  half.destroy();
});

test('SIGTERM ends serve in order; connections that say nothing do not hold it up', async () => {
  const silent = createConnection(port, '127.0.0.1');
  silent.on('error', () => {});
  await delay(100);
  const begun = Date.now();
  assert.equal(await server.end('SIGTERM'), 0, server.stderr());
  assert.ok(Date.now() - begun < 5000);
  assert.equal(await answers(port), false);
  silent.destroy();
  assert.doesNotMatch(server.stderr(), /cva_|cvj_/, 'no token in the log');
});
