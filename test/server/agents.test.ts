import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentState } from '../../src/domain/agent-protocol.ts';
import { keysDigest } from '../../src/domain/keys-digest.ts';
import { buildApp } from '../../src/server/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { type ControlPlane, SETTINGS, startControlPlane } from './support/control-plane.ts';
import {
  enrolKey,
  freshSlug,
  issueToken,
  joinRequest,
  joinServer,
  pollState,
  report,
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

async function joinToken(): Promise<string> {
  const host = `${freshSlug('host')}.example`;
  const url = `/v1/regions/${scene.region}/servers`;
  const added = await plane.api<{ join_token: string }>('POST', url, { host, aliases: [] });
  return added.join_token;
}

async function join(payload: object) {
  return plane.app.inject({ method: 'POST', url: '/agent/v1/join', payload });
}

test('a join token works once, and for the region’s login only', async () => {
  const request = joinRequest(await joinToken());
  for (const [change, status, code, field] of [
    [{ login: 'root' }, 409, 'login-differs', 'login'],
    [{ join_token: 'cvj_x' }, 401, 'token-unknown', 'join_token'],
    [{ protocol: 2 }, 400, 'value-invalid', 'protocol'],
    [{ host_keys: { active: 'x', spare: 'y' } }, 400, 'key-malformed', 'host_keys.active'],
    [
      { host_keys: { active: request.host_keys.active, spare: request.host_keys.active } },
      400,
      'value-invalid',
      'host_keys.spare',
    ],
  ] as const) {
    const answer = await join({ ...request, ...change });
    assert.equal(answer.statusCode, status, answer.body);
    assert.equal(answer.json().code, code);
    assert.equal(answer.json().field, field);
  }
  const joined = await join(request);
  assert.equal(joined.statusCode, 200);
  assert.equal(joined.json().region.login, 'tunnel');
  const other = { active: request.host_keys.spare, spare: request.host_keys.active };
  const stranger = await join({ ...request, host_keys: other });
  assert.equal(stranger.statusCode, 409);
  assert.equal(stranger.json().code, 'token-spent');
});

test('an agent whose answer was lost joins again, until it has reported', async () => {
  const request = joinRequest(await joinToken());
  const lost = (await join(request)).json().credential;
  const { credential } = (await join(request)).json();
  assert.equal((await pollState(plane, lost, 0)).statusCode, 401);
  const state = (await pollState(plane, credential, 0)).json();
  assert.equal((await report(plane, credential, state)).statusCode, 200);
  const late = await join(request);
  assert.equal(late.statusCode, 409);
  assert.equal(late.json().code, 'token-spent');
});

test('an agent needs its credential', async () => {
  for (const [credential, code] of [
    ['', 'token-missing'],
    ['cvg_x', 'token-unknown'],
    [plane.adminToken, 'token-unknown'],
    [`${scene.credential.slice(0, -1)}${scene.credential.endsWith('0') ? 1 : 0}`, 'token-unknown'],
  ] as const) {
    const answer = await pollState(plane, credential, 0);
    assert.equal(answer.statusCode, 401);
    assert.equal(answer.json().code, code);
  }
});

test('an agent sees the keys of its own server alone', async () => {
  const other = await joinServer(plane, scene.region);
  await enrolKey(plane, scene.tunnel, await issueToken(plane, scene.tunnel), makeKey());
  assert.equal((await pollState(plane, scene.credential, 0)).json().keys.length, 1);
  assert.equal((await pollState(plane, other.credential, 0)).json().keys.length, 0);
});

testOnEachEngine('differences by revision, with the digest of all', async ({ store }) => {
  await using own = await startControlPlane({ store });
  const { tunnel, credential } = await setScene(own);
  const [first, second] = [makeKey(), makeKey()];
  await enrolKey(own, tunnel, await issueToken(own, tunnel), first);
  const full: AgentState = (await pollState(own, credential, 0)).json();
  await enrolKey(own, tunnel, await issueToken(own, tunnel), second);
  const added: AgentState = (await pollState(own, credential, full.revision)).json();
  assert.equal(added.full, false);
  assert.deepEqual(fingerprints(added), [second.fingerprint]);
  assert.equal(added.digest, keysDigest([first.fingerprint, second.fingerprint]));
  await own.api('DELETE', `/v1/tunnels/${tunnel}/keys/${first.fingerprint}`);
  const removed: AgentState = (await pollState(own, credential, added.revision)).json();
  assert.deepEqual(removed.removed, [first.fingerprint]);
  assert.deepEqual(removed.keys, []);
  assert.equal(removed.digest, keysDigest([second.fingerprint]));
  // From a backup the store may come back older than what the agent has seen.
  const ahead: AgentState = (await pollState(own, credential, removed.revision + 7)).json();
  assert.equal(ahead.full, true);
  assert.deepEqual(fingerprints(ahead), [second.fingerprint]);
});

test('a poll waits, ends at a change within 100 ms, and is empty after its time', async () => {
  const { revision } = (await pollState(plane, scene.credential, 0)).json();
  const empty = await pollState(plane, scene.credential, revision, 0);
  assert.equal(empty.statusCode, 204);
  assert.equal(empty.body, '');
  const started = Date.now();
  assert.equal((await pollState(plane, scene.credential, revision, 1)).statusCode, 204);
  assert.ok(Date.now() - started >= 990);

  const poll = pollState(plane, scene.credential, revision, 25);
  await delay(200);
  const key = makeKey();
  const token = await issueToken(plane, scene.tunnel);
  const enrolled = await enrolKey(plane, scene.tunnel, token, key);
  const committed = Date.now();
  assert.equal(enrolled.statusCode, 200);
  assert.deepEqual(fingerprints((await poll).json()), [key.fingerprint]);
  assert.ok(Date.now() - committed < 100);
});

testOnEachEngine('a change by another instance is seen within about a second', async (bench) => {
  const [store, otherStore] = [bench.store, await bench.open()];
  await using own = await startControlPlane({ store });
  const { tunnel, credential } = await setScene(own);
  await using other = await startControlPlane({ store: otherStore });
  const { revision } = (await pollState(other, credential, 0)).json();
  const poll = pollState(other, credential, revision, 25);
  const key = makeKey();
  await enrolKey(own, tunnel, await issueToken(own, tunnel), key);
  const started = Date.now();
  assert.deepEqual(fingerprints((await poll).json()), [key.fingerprint]);
  assert.ok(Date.now() - started < 2000);
});

test('an old report is ignored; a new run must begin with a full one', async () => {
  const state: AgentState = (await pollState(plane, scene.credential, 0)).json();
  const send = (more: Parameters<typeof report>[3]) =>
    report(plane, scene.credential, state, { boot: 'second', ...more });
  assert.deepEqual((await send({ seq: 1, full: false })).json(), { full: true });
  assert.deepEqual((await send({ seq: 2, full: true, applied: 5 })).json(), { full: false });
  assert.deepEqual((await send({ seq: 1, full: false, applied: 3 })).json(), { full: false });
  const { items } = await plane.api<{ items: { id: string; applied: number }[] }>(
    'GET',
    `/v1/regions/${scene.region}/servers`,
  );
  assert.equal(items.find(({ id }) => id === scene.server)?.applied, 5);
});

test('closing ends long polls at once and lets a running request finish', async () => {
  const { store } = plane;
  const { loadCatalogue } = await import('../../src/render/index.ts');
  const app = await buildApp({ store, catalogue: loadCatalogue(), settings: SETTINGS });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const headers = { authorization: `Bearer ${scene.credential}` };
  const { revision } = (await pollState(plane, scene.credential, 0)).json();
  const poll = fetch(`${address}/agent/v1/state?since=${revision}&wait=25`, { headers });
  await delay(200);
  const started = Date.now();
  const [answer] = await Promise.all([poll, app.close()]);
  assert.equal(answer.status, 204);
  assert.ok(Date.now() - started < 1000);
});

function fingerprints({ keys }: AgentState): string[] {
  return keys.map(({ fingerprint }) => fingerprint);
}
