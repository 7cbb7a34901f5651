import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSigning, createSigningKey, verifyReceipt } from '../../src/bundle/index.ts';
import { AUDIT_START } from '../../src/domain/audit.ts';
import { checkChain } from '../../src/domain/check-chain.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import { parseToken } from '../../src/domain/token.ts';
import { auditRows } from '../../src/store/index.ts';
import {
  apiToken,
  type ControlPlane,
  PUBLIC_URL,
  startControlPlane,
} from './support/control-plane.ts';
import {
  addTunnel,
  enrolKey,
  freshSlug,
  issueToken,
  RENDER,
  type Scene,
  setScene,
} from './support/scene.ts';
import { makeKey } from './support/ssh-keys.ts';

let plane: ControlPlane;
let scene: Scene;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
});
after(() => plane[Symbol.asyncDispose]());

function call(method: 'GET' | 'POST' | 'DELETE', url: string, token: string, payload?: object) {
  const headers = { authorization: `Bearer ${token}` };
  return plane.app.inject({ method, url, headers, ...(payload && { payload }) });
}

function tunnelInput() {
  return {
    slug: freshSlug('tunnel'),
    name: 'Orders',
    account: scene.account,
    region: scene.region,
    database: { type: 'postgresql', host: 'db.example', port: 5432 },
  };
}

test('a database at a Unix socket has no command for Windows', async () => {
  const database = { type: 'postgresql', socket: '/run/postgresql/.s.PGSQL.5432' };
  const made = await plane.api<object>('POST', '/v1/tunnels', { ...tunnelInput(), database });
  assert.ok('command' in made && !('windows_command' in made));
});

test('a tunnel comes with what to show its customer and where to connect', async () => {
  const input = tunnelInput();
  const body = { ...input, region: 'region-1', issue_token: true };
  const made = await plane.api<Record<string, unknown>>('POST', '/v1/tunnels', body);
  const { id, token, created_at, token_expires_at, slots, ...rest } = made as {
    [name: string]: unknown;
    slots: Record<string, unknown>[];
  };
  const script = `${PUBLIC_URL}/t/${id}/install.sh`;
  const download = `iwr -UseBasicParsing ${PUBLIC_URL}/t/${id}/install.ps1 -OutFile install.ps1`;
  assert.deepEqual(rest, {
    ...input,
    page: `${PUBLIC_URL}/t/${id}`,
    command: `curl -fsSL ${script} | bash`,
    windows_command: `[Net.ServicePointManager]::SecurityProtocol = 'Tls12'; ${download}\npowershell -ExecutionPolicy Bypass -File .\\install.ps1`,
    token_command: `curl -fsSL ${script} | CULVERT_TOKEN=${token} bash`,
  });
  assert.equal(Number(token_expires_at) - Number(created_at), 86_400);
  const { status, tunnel_port, ...slot } = slots[0] ?? {};
  assert.deepEqual(slot, {
    slot: 1,
    host: '127.0.0.1',
    server: scene.server,
    sources: [],
    command: rest['command'],
    windows_command: rest['windows_command'],
  });
  assert.ok(Number(tunnel_port) >= 20000);
  assert.equal((status as { key: string }).key, 'none');

  const shown = await plane.api<object>('GET', `/v1/tunnels/${id}`);
  assert.ok(!JSON.stringify(shown).includes('cvt_'));
  await plane.api('DELETE', `/v1/tunnels/${id}`);
  await plane.api('GET', `/v1/tunnels/${id}`, undefined, 404);
  await plane.api('DELETE', `/v1/tunnels/${id}`, undefined, 404);
});

test('bad input names the field and stores nothing', async () => {
  const events = await countEvents();
  const good = tunnelInput();
  const { database } = good;
  const { slug: taken } = await plane.api<{ slug: string }>('GET', `/v1/tunnels/${scene.tunnel}`);
  const place = (more: object) => ({ database: { ...database, ...more } });
  for (const [change, status, field] of [
    [{ slug: 'Ä' }, 400, 'slug'],
    [{ slug: taken }, 409, 'slug'],
    [{ name: 'a\u202eb' }, 400, 'name'],
    [{ name: 7 }, 400, 'name'],
    [{ colour: 'red' }, 400, 'colour'],
    [{ account: 'acc_nothing' }, 404, 'account'],
    [{ region: 'nowhere' }, 404, 'region'],
    [place({ port: 0 }), 400, 'database.port'],
    [place({ port: '5432' }), 400, 'database.port'],
    [place({ host: 'a\nb' }), 400, 'database.host'],
    [place({ host: '169.254.169.254' }), 400, 'database.host'],
    [place({ host: 'fe80::1' }), 400, 'database.host'],
    [place({ user: 'x' }), 400, 'database.user'],
    [place({ type: 'dbase' }), 400, 'database.type'],
    [{ database: undefined }, 400, 'database'],
    [{ database: { type: 'tcp' } }, 400, 'database.host'],
  ] as const) {
    const answer = await call('POST', '/v1/tunnels', plane.adminToken, { ...good, ...change });
    assert.equal(answer.statusCode, status, answer.body);
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
    const problem = answer.json();
    assert.equal(problem.field, field, answer.body);
    assert.equal(problem.status, status);
    assert.ok(problem.title && problem.detail && problem.code && problem.next && problem.type);
    assert.ok(!answer.body.includes('.ts:'));
  }
  assert.equal(await countEvents(), events);
});

test('bad bodies name what is wrong', async () => {
  const headers = { authorization: `Bearer ${plane.adminToken}` };
  for (const [payload, type, status, field] of [
    ['{', 'application/json', 400, 'body'],
    ['', 'application/json', 400, 'body'],
    ['[]', 'application/json', 400, 'body'],
    ['{"__proto__": {"a": 1}}', 'application/json', 400, 'body'],
    [JSON.stringify({ name: 'x'.repeat(2_000_000) }), 'application/json', 413, 'body'],
    ['slug=a\nend=1\n', 'text/plain', 415, 'content-type'],
  ] as const) {
    const answer = await plane.app.inject({
      method: 'POST',
      url: '/v1/accounts',
      headers: { ...headers, 'content-type': type },
      payload,
    });
    assert.equal(answer.statusCode, status, answer.body);
    assert.equal(answer.json().field, field, answer.body);
  }
});

test('who may not, may not', async () => {
  const reader = await apiToken(plane.store, ['tunnels:read']);
  const expired = await apiToken(plane.store, ['tunnels:read'], { expires_at: Date.now() - 1 });
  const writer = await apiToken(plane.store, ['tunnels:write']);
  for (const [method, token, status, code] of [
    ['GET', '', 401, 'token-missing'],
    ['GET', 'cva_x', 401, 'token-unknown'],
    ['GET', scene.credential, 401, 'token-unknown'],
    ['GET', expired, 401, 'token-expired'],
    ['GET', writer, 403, 'scope-missing'],
    ['POST', reader, 403, 'scope-missing'],
    ['GET', reader, 200, undefined],
  ] as const) {
    const body = method === 'POST' ? tunnelInput() : undefined;
    const answer = await call(method, '/v1/tunnels', token, body);
    assert.equal(answer.statusCode, status, answer.body);
    assert.equal(answer.json().code, code);
    if (status === 401) assert.equal(answer.headers['www-authenticate'], 'Bearer');
  }
  const body = { ...tunnelInput(), issue_token: true };
  const answer = await call('POST', '/v1/tunnels', writer, body);
  assert.equal(answer.statusCode, 403);
  assert.equal(answer.json().field, 'issue_token');
});

test('a token limited to accounts sees and changes only theirs', async () => {
  const other = await plane.api<{ id: string }>('POST', '/v1/accounts', {
    slug: freshSlug('account'),
    name: 'Other',
  });
  const own = await addTunnel(plane, scene.region, other.id);
  const limited = await apiToken(
    plane.store,
    [
      'tunnels:read',
      'tunnels:write',
      'accounts:read',
      'accounts:write',
      'tokens:create',
      'keys:read',
    ],
    { accounts: [other.id] },
  );
  const { items } = (await call('GET', '/v1/tunnels', limited)).json();
  assert.deepEqual(
    items.map(({ id }: { id: string }) => id),
    [own],
  );
  const accounts = (await call('GET', '/v1/accounts', limited)).json();
  assert.equal(accounts.items.length, 1);
  for (const [method, url, status] of [
    ['GET', `/v1/tunnels/${own}`, 200],
    ['GET', `/v1/tunnels/${scene.tunnel}`, 404],
    ['DELETE', `/v1/tunnels/${scene.tunnel}`, 404],
    ['POST', `/v1/tunnels/${scene.tunnel}/tokens`, 404],
    ['GET', `/v1/tunnels/${scene.tunnel}/keys`, 404],
    ['GET', `/v1/accounts/${scene.account}`, 404],
    ['POST', '/v1/accounts', 403],
  ] as const) {
    const body = url === '/v1/accounts' ? { slug: 'new', name: 'New' } : {};
    const answer = await call(method, url, limited, method === 'POST' ? body : undefined);
    assert.equal(answer.statusCode, status, `${method} ${url}`);
  }
  assert.equal((await call('POST', '/v1/tunnels', limited, tunnelInput())).statusCode, 404);
});

test('tokens and keys of a tunnel: listed without secrets, revoked, removed', async () => {
  const tunnel = await addTunnel(plane, scene.region, scene.account);
  const token = await issueToken(plane, tunnel);
  const key = makeKey();
  await enrolKey(plane, tunnel, token, key);
  const url = `/v1/tunnels/${tunnel}`;
  const tokens = await plane.api<{ items: Record<string, unknown>[] }>('GET', `${url}/tokens`);
  assert.equal(tokens.items[0]?.['uses'], 1);
  assert.deepEqual(Object.keys(tokens.items[0] ?? {}).sort(), [
    'confirm',
    'created_at',
    'expires_at',
    'id',
    'max_uses',
    'revoked_at',
    'slot',
    'sources',
    'uses',
  ]);
  await plane.api('DELETE', `${url}/tokens/${tokens.items[0]?.['id']}`);
  await plane.api('DELETE', `${url}/tokens/${tokens.items[0]?.['id']}`, undefined, 404);
  await plane.api('POST', `${url}/tokens`, { slot: 2 }, 404);
  await plane.api('POST', `${url}/tokens`, { expires_in: 31 * 86_400 }, 400);

  const keys = () => plane.api<{ items: Record<string, unknown>[] }>('GET', `${url}/keys`);
  assert.equal((await keys()).items[0]?.['state'], 'pending');
  await plane.api('DELETE', `${url}/keys/${key.fingerprint}`);
  assert.equal((await keys()).items[0]?.['state'], 'removed');
  await plane.api('DELETE', `${url}/keys/${key.fingerprint}`, undefined, 404);
});

test('regions by id and slug; pages by cursor', async () => {
  const region = await plane.api<{ id: string }>('GET', '/v1/regions/region-1');
  assert.deepEqual(await plane.api('GET', `/v1/regions/${region.id}`), region);
  const input = { slug: freshSlug('region'), name: 'R', first_tunnel_port: 30000 };
  await plane.api('POST', '/v1/regions', input, 400);
  await plane.api('POST', '/v1/regions', { slug: freshSlug('region'), name: 'Second' });
  const first = await plane.api<Page>('GET', '/v1/regions?limit=1');
  const second = await plane.api<Page>('GET', `/v1/regions?limit=1&cursor=${first.next_cursor}`);
  assert.equal(second.items[0]?.name, 'Second');
  assert.equal(second.next_cursor, null);
  for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=x', 'colour=red']) {
    await plane.api('GET', `/v1/regions?${query}`, undefined, 400);
  }
});

interface Page {
  items: { name: string }[];
  next_cursor: string | null;
}

test('the audit tells who did what and is whole; nothing in it is secret', async () => {
  const rows = await Array.fromAsync(auditRows(plane.store.db));
  assert.equal((await checkChain(rows)).broken, undefined);
  const text = JSON.stringify(rows);
  assert.doesNotMatch(text, /cv[tagj]_[0-9a-z]{16}_/);
  const actions = new Set(rows.map(({ bytes }) => JSON.parse(bytes).action));
  for (const action of ['region.created', 'server.joined', 'tunnel.created', 'key.enrolled']) {
    assert.ok(actions.has(action), action);
  }
  const page = await plane.api<{ items: object[] }>('GET', '/v1/audit?limit=2');
  assert.deepEqual(page.items, rows.slice(0, 2));
});

test('a receipt names the newest row, and is signed where the vendor has a key', async () => {
  const [newest] = (await Array.fromAsync(auditRows(plane.store.db))).slice(-1);
  const { at, ...head } = await plane.api<Receipt>('GET', '/v1/audit/head');
  assert.deepEqual(head, { seq: newest?.seq, hash: newest?.hash });
  assert.ok(Math.abs(at - Date.now() / 1000) < 60, 'seconds');

  const { key } = createSigningKey();
  await using signing = await startControlPlane({
    settings: { signing: createSigning('acme', key, { text: '', name: 'none' }) },
  });
  const signed = await signing.api<Receipt>('GET', '/v1/audit/head');
  assert.deepEqual({ seq: signed.seq, hash: signed.hash }, { seq: 0, hash: AUDIT_START });
  verifyReceipt(signed, key.publicKey);

  const stranger = await apiToken(plane.store, ['tunnels:read']);
  assert.equal((await call('GET', '/v1/audit/head', stranger)).statusCode, 403);
});

test('the audit keeps what was before and what is after', async () => {
  const tunnel = await addTunnel(plane, scene.region, scene.account);
  const [token, other] = [await issueToken(plane, tunnel), await issueToken(plane, tunnel)];
  const [tokenId, otherId] = [token, other].map((text) => parseToken('enrolment', text)?.id);
  const [key, second] = [makeKey(), makeKey()];
  await enrolKey(plane, tunnel, token, key);
  const url = `/v1/tunnels/${tunnel}`;
  await plane.api('DELETE', `${url}/tokens/${tokenId}`);
  await plane.api('DELETE', `${url}/keys/${key.fingerprint}`);
  await enrolKey(plane, tunnel, other, second);
  await plane.api('DELETE', url);

  const auditedKey = { slot: 1, platform: 'linux', render: RENDER, waiting: false };
  const events = (await Array.fromAsync(auditRows(plane.store.db)))
    .map(({ bytes }) => JSON.parse(bytes))
    .filter(({ subject }) => subject === tunnel);
  const { slug, expires_at } = { ...events[0].after, ...events[1].after };
  assert.ok(Math.abs(expires_at - Date.now() - 86_400_000) < 60_000, 'milliseconds');
  const values = { name: 'Orders', account_id: scene.account, region_id: scene.region };
  const database = { type: 'postgresql', host: 'db.example', port: 5432 };
  const offered = { slot: 1, expires_at, max_uses: 1, sources: [], confirm: false };
  const otherOffered = { ...offered, expires_at: events[2].after.expires_at };
  const spent_by = [key.fingerprint];
  const fingerprints = [second.fingerprint];
  assert.deepEqual(
    events.map(({ action, before, after }) => ({ action, before, after })),
    [
      ['tunnel.created', undefined, { slug, ...values, database, slots: 1 }],
      ['token.created', undefined, { token_id: tokenId, ...offered }],
      ['token.created', undefined, { token_id: otherId, ...otherOffered }],
      ['key.enrolled', undefined, { fingerprint: key.fingerprint, ...auditedKey }],
      ['token.revoked', { token_id: tokenId, ...offered, spent_by }, undefined],
      ['key.removed', { fingerprint: key.fingerprint, ...auditedKey }, undefined],
      ['key.enrolled', undefined, { fingerprint: second.fingerprint, ...auditedKey }],
      ['tunnel.removed', { slug, ...values, database, fingerprints, tokens: [otherId] }, undefined],
    ].map(([action, before, after]) => ({ action, before, after })),
  );
});

async function countEvents(): Promise<number> {
  return (await Array.fromAsync(auditRows(plane.store.db))).length;
}
