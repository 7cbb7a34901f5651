import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { removeKeyStatement } from '../../src/domain/proof.ts';
import { auditRows } from '../../src/store/index.ts';
import { apiToken, type ControlPlane, startControlPlane } from './support/control-plane.ts';
import {
  addTunnel,
  enrolFields,
  enrolKey,
  issueToken,
  linesOf,
  pollState,
  type Scene,
  sendLines,
  setScene,
  statusOf,
} from './support/scene.ts';
import { type KeyPair, makeKey, prove } from './support/ssh-keys.ts';

let plane: ControlPlane;
let scene: Scene;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
});
after(() => plane[Symbol.asyncDispose]());

const freshTunnel = () => addTunnel(plane, scene.region, scene.account);

async function eventsOf(tunnel: string) {
  const rows = await Array.fromAsync(auditRows(plane.store.db));
  return rows.map(({ bytes }) => JSON.parse(bytes)).filter(({ subject }) => subject === tunnel);
}

async function statesOf(tunnel: string, keys: KeyPair[]): Promise<unknown[]> {
  return Promise.all(
    keys.map(async ({ fingerprint }) => (await statusOf(plane, tunnel, fingerprint))['key']),
  );
}

async function isKnownToAgent({ fingerprint }: KeyPair): Promise<boolean> {
  const { keys } = (await pollState(plane, scene.credential, 0)).json();
  return keys.some((key: { fingerprint: string }) => key.fingerprint === fingerprint);
}

const confirm = (tunnel: string, key: string, said = key, status = 200) =>
  plane.api<{ state: string }>(
    'POST',
    `/v1/tunnels/${tunnel}/keys/${key}/confirm`,
    { fingerprint: said },
    status,
  );

test('a host that is rebuilt: each new key takes the place of those before it', async () => {
  const tunnel = await freshTunnel();
  const token = await issueToken(plane, tunnel, { uses: 3 });
  const keys = [makeKey(), makeKey(), makeKey()] as const;
  const first = await enrolKey(plane, tunnel, token, keys[0]);
  assert.equal(first.statusCode, 200, first.body);
  assert.equal((await enrolKey(plane, tunnel, token, keys[0])).body, first.body);
  // A change of keys that was under way goes, too.
  await enrolKey(plane, tunnel, await issueToken(plane, tunnel), keys[1]);
  assert.equal((await enrolKey(plane, tunnel, token, keys[2])).statusCode, 200);
  assert.deepEqual(await statesOf(tunnel, [...keys]), ['removed', 'removed', 'pending']);
  assert.equal(await isKnownToAgent(keys[0]), false);

  const again = await enrolKey(plane, tunnel, token, keys[0]);
  assert.equal(again.statusCode, 410);
  assert.equal(linesOf(again)['error'], 'key-removed');
  const events = (await eventsOf(tunnel)).slice(-3);
  assert.deepEqual(
    events.map(({ action, before, data }) => [action, before?.fingerprint, data?.replaced_by]),
    [
      ['key.enrolled', undefined, undefined],
      ['key.removed', keys[0].fingerprint, keys[2].fingerprint],
      ['key.removed', keys[1].fingerprint, keys[2].fingerprint],
    ],
  );
  assert.equal((await enrolKey(plane, tunnel, token, makeKey())).statusCode, 200);
  const spent = await enrolKey(plane, tunnel, token, makeKey());
  assert.equal(linesOf(spent)['error'], 'token-spent');
});

test('of ten keys at once on a token for three, three win, and one stays', async () => {
  const tunnel = await freshTunnel();
  const token = await issueToken(plane, tunnel, { uses: 3 });
  const keys = Array.from({ length: 10 }, () => makeKey());
  const answers = await Promise.all(keys.map((key) => enrolKey(plane, tunnel, token, key)));
  const statuses = answers.map(({ statusCode }) => statusCode).sort();
  assert.deepEqual(statuses, [200, 200, 200, ...Array(7).fill(409)]);
  const states = (await statesOf(tunnel, keys)).sort();
  assert.deepEqual(states, ['pending', 'removed', 'removed', ...Array(7).fill('unknown')]);
});

test('a token for one use never replaces', async () => {
  const tunnel = await freshTunnel();
  const keys = [makeKey(), makeKey()];
  for (const key of keys) await enrolKey(plane, tunnel, await issueToken(plane, tunnel), key);
  assert.deepEqual(await statesOf(tunnel, keys), ['pending', 'pending']);
});

test('its list shows what it is good for; what it may not be names the field', async () => {
  const tunnel = await freshTunnel();
  const url = `/v1/tunnels/${tunnel}/tokens`;
  const terms = { uses: 1000, sources: ['192.0.2.7', '2001:db8::/32'], confirm: true };
  await issueToken(plane, tunnel, terms);
  const { items } = await plane.api<{ items: Record<string, unknown>[] }>('GET', url);
  assert.deepEqual(
    [items[0]?.['max_uses'], items[0]?.['uses'], items[0]?.['sources'], items[0]?.['confirm']],
    [1000, 0, ['192.0.2.7/32', '2001:db8::/32'], true],
  );
  for (const body of [
    { uses: 0 },
    { uses: 1001 },
    { uses: 1.5 },
    { sources: ['192.0.2.7/24'] },
    { confirm: 'yes' },
  ]) {
    await plane.api('POST', url, body, 400);
  }
});

test('outside of its sources: refused before it is spent, and audited', async () => {
  const tunnel = await freshTunnel();
  const token = await issueToken(plane, tunnel, { sources: ['10.0.0.0/8'] });
  const key = makeKey();
  const answer = await enrolKey(plane, tunnel, token, key);
  assert.equal(answer.statusCode, 403);
  const { error, detail, next } = linesOf(answer);
  assert.equal(error, 'source-refused');
  assert.ok(detail && next);
  const event = (await eventsOf(tunnel)).at(-1);
  assert.equal(event.action, 'token.refused');
  assert.deepEqual(event.data, { slot: 1, reason: 'source-refused' });
  assert.equal(event.from, '127.0.0.1');
  // The installer's question is answered so, too, and so is a wrong secret: by nothing about it.
  const question = { ...enrolFields(tunnel, token, key), public_key: '' };
  const asked = await sendLines(plane, `/t/${tunnel}/v1/enrol`, question, token);
  assert.equal(linesOf(asked)['error'], 'source-refused');
  const wrong = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
  const stranger = await enrolKey(plane, tunnel, wrong, key);
  assert.equal(linesOf(stranger)['error'], 'token-unknown');
  const { items } = await plane.api<{ items: { uses: number }[] }>(
    'GET',
    `/v1/tunnels/${tunnel}/tokens`,
  );
  assert.equal(items[0]?.uses, 0);
});

test('behind a trusted proxy the address is the client’s; without trust its header is nothing', async () => {
  await using behind = await startControlPlane({ settings: { trustProxy: ['127.0.0.1'] } });
  const there = await setScene(behind);
  for (const [where, tunnel, status] of [
    [behind, there.tunnel, 200],
    [plane, await freshTunnel(), 403],
  ] as const) {
    const token = await issueToken(where, tunnel, { sources: ['192.0.2.0/24'] });
    const fields = enrolFields(tunnel, token, makeKey());
    const answer = await where.app.inject({
      method: 'POST',
      url: `/t/${tunnel}/v1/enrol`,
      headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': '192.0.2.9' },
      payload: { ...fields, slot: 1 },
    });
    assert.equal(answer.statusCode, status, answer.body);
  }
});

test('a key that waits is nobody’s until the vendor has its fingerprint', async () => {
  const tunnel = await freshTunnel();
  const token = await issueToken(plane, tunnel, { confirm: true });
  const key = makeKey();
  assert.equal(linesOf(await enrolKey(plane, tunnel, token, key))['result'], 'waiting');
  assert.equal(await isKnownToAgent(key), false);
  const { items } = await plane.api<{ items: { state: string; fingerprint: string }[] }>(
    'GET',
    `/v1/tunnels/${tunnel}/keys`,
  );
  assert.deepEqual(
    items.map(({ state, fingerprint }) => [state, fingerprint]),
    [['waiting', key.fingerprint]],
  );

  const swapped = makeKey().fingerprint;
  await confirm(tunnel, key.fingerprint, swapped, 409);
  await confirm(tunnel, swapped, swapped, 404);
  await confirm(tunnel, key.fingerprint, 'SHA256:x', 400);
  await confirm(await freshTunnel(), key.fingerprint, key.fingerprint, 404);
  assert.equal(await isKnownToAgent(key), false);

  assert.equal((await confirm(tunnel, key.fingerprint)).state, 'pending');
  assert.equal(await isKnownToAgent(key), true);
  const events = await eventsOf(tunnel);
  assert.equal(events.at(-1).action, 'key.confirmed');
  await confirm(tunnel, key.fingerprint);
  assert.equal((await eventsOf(tunnel)).length, events.length);
  assert.equal((await statusOf(plane, tunnel, key.fingerprint))['key'], 'pending');
  await plane.api('DELETE', `/v1/tunnels/${tunnel}/keys/${key.fingerprint}`);
  await confirm(tunnel, key.fingerprint, key.fingerprint, 404);
});

test('confirming takes the right to write keys', async () => {
  const tunnel = await freshTunnel();
  const key = makeKey();
  await enrolKey(plane, tunnel, await issueToken(plane, tunnel, { confirm: true }), key);
  const token = await apiToken(plane.store, ['keys:read', 'tunnels:write', 'tokens:create']);
  const answer = await plane.app.inject({
    method: 'POST',
    url: `/v1/tunnels/${tunnel}/keys/${key.fingerprint}/confirm`,
    headers: { authorization: `Bearer ${token}` },
    payload: { fingerprint: key.fingerprint },
  });
  assert.equal(answer.statusCode, 403);
});

test('a key that waits can neither replace nor remove the one that counts', async () => {
  const tunnel = await freshTunnel();
  const [live, waiting, later] = [makeKey(), makeKey(), makeKey()];
  await enrolKey(plane, tunnel, await issueToken(plane, tunnel), live);
  const token = await issueToken(plane, tunnel, { confirm: true, uses: 5 });
  await enrolKey(plane, tunnel, token, waiting);
  assert.deepEqual(await statesOf(tunnel, [live, waiting]), ['pending', 'waiting']);
  const statement = removeKeyStatement(tunnel, 1, live.fingerprint);
  const removal = { op: 'remove', slot: '1', target: live.fingerprint };
  const proof = prove(statement, waiting);
  const answer = await sendLines(plane, `/t/${tunnel}/v1/keys`, { ...removal, proof });
  assert.equal(linesOf(answer)['error'], 'proof-invalid');

  await enrolKey(plane, tunnel, token, later);
  assert.deepEqual(await statesOf(tunnel, [live, waiting, later]), [
    'pending',
    'removed',
    'waiting',
  ]);
  await confirm(tunnel, later.fingerprint);
  assert.deepEqual(await statesOf(tunnel, [live, later]), ['removed', 'pending']);
  assert.deepEqual(
    (await eventsOf(tunnel)).slice(-2).map(({ action, data }) => [action, data?.replaced_by]),
    [
      ['key.confirmed', undefined],
      ['key.removed', later.fingerprint],
    ],
  );
});

test('who uninstalls while the key waits takes it back by itself', async () => {
  const tunnel = await freshTunnel();
  const key = makeKey();
  await enrolKey(plane, tunnel, await issueToken(plane, tunnel, { confirm: true }), key);
  const statement = removeKeyStatement(tunnel, 1, key.fingerprint);
  const removal = { op: 'remove', slot: '1', target: key.fingerprint };
  const proof = prove(statement, key);
  const answer = await sendLines(plane, `/t/${tunnel}/v1/keys`, { ...removal, proof });
  assert.equal(linesOf(answer)['result'], 'removed');
});
