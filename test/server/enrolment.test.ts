import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LightMyRequestResponse } from 'fastify';
import type { Lines } from '../../src/domain/lines.ts';
import { enrolStatement } from '../../src/domain/proof.ts';
import { mintToken, parseToken } from '../../src/domain/token.ts';
import { auditRows, change, insertEnrolmentToken, listTunnelKeys } from '../../src/store/index.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import {
  addTunnel,
  enrolFields,
  enrolKey,
  issueToken,
  linesOf,
  type Scene,
  sendLines,
  setScene,
  statusOf,
} from './support/scene.ts';
import { type KeyPair, makeKey, prove } from './support/ssh-keys.ts';

let plane: ControlPlane;
let scene: Scene;
let tunnel: string;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
});
after(() => plane[Symbol.asyncDispose]());

/** A tunnel of its own and a token for it. */
async function freshToken(more: Parameters<typeof storeToken>[1] = {}): Promise<string> {
  tunnel = await addTunnel(plane, scene.region, scene.account);
  return Object.keys(more).length === 0 ? issueToken(plane, tunnel) : storeToken(tunnel, more);
}

/** A token with properties that the API does not hand out yet. */
async function storeToken(
  tunnelId: string,
  more: { expires_at?: number; sources?: string[]; confirm?: boolean; max_uses?: number },
): Promise<string> {
  const { id, hash, token } = mintToken('enrolment');
  const row = {
    ...{ id, hash, tunnel_id: tunnelId, slot: 1, expires_at: Date.now() + 60_000 },
    ...{ max_uses: 1, sources: [], confirm: false, ...more },
  };
  await change(plane.store, { regions: [] }, async (trx, at) => ({
    result: await insertEnrolmentToken(trx, row, at),
    events: [],
  }));
  return token;
}

function send(fields: Lines, token: string): Promise<LightMyRequestResponse> {
  return sendLines(plane, `/t/${tunnel}/v1/enrol`, fields, token);
}

async function refused(
  answer: LightMyRequestResponse,
  status: number,
  code: string,
  field?: string,
): Promise<void> {
  assert.equal(answer.statusCode, status, answer.body);
  const lines = linesOf(answer);
  assert.equal(lines['error'], code, answer.body);
  if (field !== undefined) assert.equal(lines['field'], field);
  assert.ok(lines['detail'] && lines['next'], answer.body);
  assert.deepEqual(await listTunnelKeys(plane.store.db, tunnel), []);
}

const key = makeKey();

test('no token: 401 token-missing', async () => {
  const token = await freshToken();
  await refused(await send(enrolFields(tunnel, token, key), ''), 401, 'token-missing');
});

test('a wrong secret, an unknown token and nonsense: 401 token-unknown', async () => {
  const token = await freshToken();
  const fields = enrolFields(tunnel, token, key);
  const wrong = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
  for (const bad of [wrong, mintToken('enrolment').token, 'cvt_x', mintToken('api').token]) {
    await refused(await send(fields, bad), 401, 'token-unknown', 'authorization');
  }
});

test('a revoked token: 401 token-unknown', async () => {
  const token = await freshToken();
  const id = parseToken('enrolment', token)?.id;
  await plane.api('DELETE', `/v1/tunnels/${tunnel}/tokens/${id}`);
  await refused(await send(enrolFields(tunnel, token, key), token), 401, 'token-unknown');
});

test('an expired token: 401 token-expired', async () => {
  const token = await freshToken({ expires_at: Date.now() - 1 });
  await refused(await send(enrolFields(tunnel, token, key), token), 401, 'token-expired');
});

test('a token of another tunnel or slot: 401 token-other-tunnel', async () => {
  const other = await freshToken();
  const token = await freshToken();
  const fields = enrolFields(tunnel, token, key);
  await refused(await send(fields, other), 401, 'token-other-tunnel');
  await refused(await send({ ...fields, slot: '2' }, token), 401, 'token-other-tunnel');
});

test('an address outside of the token’s block: 403 source-refused; inside: enrolled', async () => {
  const token = await freshToken({ sources: ['10.0.0.0/8'] });
  await refused(await send(enrolFields(tunnel, token, key), token), 403, 'source-refused');
  const good = await freshToken({ sources: ['192.0.2.0/24', '127.0.0.0/8'] });
  assert.equal((await enrolKey(plane, tunnel, good, makeKey())).statusCode, 200);
});

const WEAK = ['-t', 'rsa', '-b', '1024'];

test('bad keys: 400 key-malformed, key-private, key-weak', async () => {
  const token = await freshToken();
  const fields = enrolFields(tunnel, token, key);
  const bad: [string, string][] = [
    ['ssh-ed25519 AAAA', 'key-malformed'],
    [`${key.publicKey} comment`, 'key-malformed'],
    ['x', 'key-malformed'],
    [makeKey(WEAK).publicKey, 'key-weak'],
  ];
  for (const [public_key, code] of bad) {
    await refused(await send({ ...fields, public_key }, token), 400, code, 'public_key');
  }
});

test('a private key pasted, in both forms: 400 key-private, and not a word of it back', async () => {
  const token = await freshToken();
  const { public_key: _, ...fields } = enrolFields(tunnel, token, key);
  const common = { method: 'POST', url: `/t/${tunnel}/v1/enrol` } as const;
  const asLines = await plane.app.inject({
    ...common,
    headers: { 'content-type': 'text/plain', authorization: `Bearer ${token}` },
    payload: `slot=1\npublic_key=${key.privateKey}end=1\n`,
  });
  await refused(asLines, 400, 'key-private', 'public_key');
  const asJson = await plane.app.inject({
    ...common,
    headers: { authorization: `Bearer ${token}` },
    payload: { ...fields, slot: 1, public_key: key.privateKey },
  });
  assert.equal(asJson.statusCode, 400);
  assert.equal(asJson.json().code, 'key-private');
  assert.equal(asJson.json().field, 'public_key');
  for (const { body } of [asLines, asJson]) assert.ok(!body.includes('OPENSSH'));
});

test('no proof and wrong proofs: 400 proof-missing, proof-invalid', async () => {
  const token = await freshToken();
  const { proof: _, ...rest } = enrolFields(tunnel, token, key);
  await refused(await send(rest, token), 400, 'proof-missing', 'proof');
  const id = parseToken('enrolment', token)?.id ?? '';
  const other = makeKey();
  const wrong = [
    'x',
    prove(enrolStatement(tunnel, 2, id), key),
    prove(enrolStatement(tunnel, 1, id), other),
    prove(enrolStatement(tunnel, 1, id), other, key),
    prove(enrolStatement(scene.tunnel, 1, id), key),
  ];
  for (const proof of wrong) {
    await refused(await send({ ...rest, proof }, token), 400, 'proof-invalid', 'proof');
  }
});

test('every kind of key that can prove enrols', async () => {
  for (const options of [
    ['-t', 'ecdsa', '-b', '256'],
    ['-t', 'rsa', '-b', '2048'],
  ]) {
    const token = await freshToken();
    assert.equal((await enrolKey(plane, tunnel, token, makeKey(options))).statusCode, 200);
  }
});

test('a used token: the same key again gets the same answer, another one 409 token-spent', async () => {
  const token = await freshToken();
  const own = makeKey();
  const first = await enrolKey(plane, tunnel, token, own);
  assert.equal(first.statusCode, 200);
  const before = await countEvents();
  assert.equal((await enrolKey(plane, tunnel, token, own)).body, first.body);
  assert.equal(await countEvents(), before);

  const thief = makeKey();
  const answer = await enrolKey(plane, tunnel, token, thief);
  assert.equal(answer.statusCode, 409);
  assert.equal(linesOf(answer)['error'], 'token-spent');
  const event = await lastEvent();
  assert.equal(event.action, 'token.refused');
  assert.equal(event.data.fingerprint, thief.fingerprint);
  assert.equal(event.from, '127.0.0.1');
  const metrics = (await plane.app.inject('/metrics')).body;
  assert.match(metrics, /culvert_enrolments_total\{result="token-spent"\} 1/);
});

test('a key of another tunnel: 409 key-elsewhere; a removed one: 410 key-removed', async () => {
  const token = await freshToken();
  const own = makeKey();
  await enrolKey(plane, tunnel, token, own);
  const first = tunnel;
  const other = await freshToken();
  await refused(await enrolKey(plane, tunnel, other, own), 409, 'key-elsewhere', 'public_key');

  await plane.api('DELETE', `/v1/tunnels/${first}/keys/${own.fingerprint}`);
  for (const spent of [token, await issueToken(plane, first)]) {
    const answer = await enrolKey(plane, first, spent, own);
    assert.equal(answer.statusCode, 410);
    assert.equal(linesOf(answer)['error'], 'key-removed');
  }
  assert.equal((await statusOf(plane, first, own.fingerprint))['key'], 'removed');
});

test('a third key of a slot: 409 slot-full', async () => {
  await freshToken();
  for (const _ of [1, 2]) {
    const token = await issueToken(plane, tunnel);
    assert.equal((await enrolKey(plane, tunnel, token, makeKey())).statusCode, 200);
  }
  const answer = await enrolKey(plane, tunnel, await issueToken(plane, tunnel), makeKey());
  assert.equal(answer.statusCode, 409);
  assert.equal(linesOf(answer)['error'], 'slot-full');
});

test('a token that asks for confirmation leaves its key waiting', async () => {
  const token = await freshToken({ confirm: true });
  const own = makeKey();
  const lines = linesOf(await enrolKey(plane, tunnel, token, own));
  assert.equal(lines['result'], 'waiting');
  assert.equal(lines['key'], 'waiting');
  assert.equal((await statusOf(plane, tunnel, own.fingerprint))['key'], 'waiting');
});

test('of ten keys at once on one token, one wins', async () => {
  const token = await freshToken();
  const keys: KeyPair[] = Array.from({ length: 10 }, () => makeKey());
  const answers = await Promise.all(keys.map((one) => enrolKey(plane, tunnel, token, one)));
  const statuses = answers.map(({ statusCode }) => statusCode).sort();
  assert.deepEqual(statuses, [200, ...Array(9).fill(409)]);
});

test('a removed tunnel: 401, for its tokens went with it', async () => {
  const token = await freshToken();
  const fields = enrolFields(tunnel, token, key);
  await plane.api('DELETE', `/v1/tunnels/${tunnel}`);
  await refused(await send(fields, token), 401, 'token-unknown');
});

test('JSON is answered as JSON, and so are its refusals', async () => {
  const token = await freshToken();
  const own = makeKey();
  const fields = { ...enrolFields(tunnel, token, own), slot: 1 };
  const call = {
    method: 'POST',
    url: `/t/${tunnel}/v1/enrol`,
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
  } as const;
  const good = await plane.app.inject({ ...call, payload: fields });
  assert.equal(good.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(good.json().result, 'enrolled');
  const bad = await plane.app.inject({ ...call, payload: { ...fields, host: 'a\nb' } });
  assert.equal(bad.statusCode, 400);
  assert.equal(bad.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(bad.json().field, 'host');
});

test('bodies that cannot be read name what is wrong', async () => {
  const token = await freshToken();
  const fields = enrolFields(tunnel, token, key);
  const { render: _, ...noRender } = fields;
  await refused(await send(noRender, token), 400, 'value-invalid', 'render');
  await refused(await send({ ...fields, colour: 'red' }, token), 400, 'value-invalid', 'colour');
  await refused(await send({ ...fields, slot: '0' }, token), 400, 'value-invalid', 'slot');
  await refused(await send({ ...fields, slot: 'one' }, token), 400, 'value-invalid', 'slot');
  await refused(await send({ ...fields, platform: 'x' }, token), 400, 'value-invalid', 'platform');
  for (const [payload, type, status, code, field] of [
    ['slot=1\n', 'text/plain', 400, 'body-invalid', 'body'],
    ['a=1\na=2\nend=1\n', 'text/plain', 400, 'body-invalid', 'body'],
    [`a=${'x'.repeat(2_000_000)}\nend=1\n`, 'text/plain', 413, 'body-too-large', 'body'],
    ['{', 'application/json', 400, 'body-invalid', 'body'],
    ['slot=1', 'application/x-www-form-urlencoded', 415, 'body-invalid', 'content-type'],
  ] as const) {
    const answer = await plane.app.inject({
      method: 'POST',
      url: `/t/${tunnel}/v1/enrol`,
      headers: { 'content-type': type, accept: 'text/plain', authorization: `Bearer ${token}` },
      payload,
    });
    await refused(answer, status, code, field);
  }
});

async function countEvents(): Promise<number> {
  return (await Array.fromAsync(auditRows(plane.store.db))).length;
}

async function lastEvent() {
  const rows = await Array.fromAsync(auditRows(plane.store.db));
  return JSON.parse(rows.at(-1)?.bytes ?? '{}');
}
