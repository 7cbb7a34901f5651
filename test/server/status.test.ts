import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AgentState } from '../../src/domain/agent-protocol.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import {
  enrolKey,
  issueToken,
  linesOf,
  pollState,
  report,
  type Scene,
  setScene,
  statusOf,
} from './support/scene.ts';
import { makeKey } from './support/ssh-keys.ts';

let plane: ControlPlane;
let scene: Scene;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
});
after(() => plane[Symbol.asyncDispose]());

async function state(): Promise<AgentState> {
  return (await pollState(plane, scene.credential, 0)).json();
}

test('before anything happened', async () => {
  const status = await statusOf(plane, scene.tunnel);
  assert.equal(status['key'], 'none');
  assert.equal(status['session'], 'unknown');
  assert.equal(status['reason'], 'agent-silent');
  assert.equal(status['agent_at'], '0');
  await report(plane, scene.credential, await state());
  const heard = await statusOf(plane, scene.tunnel);
  assert.equal(heard['session'], 'down');
  assert.equal(heard['reason'], 'not-enrolled');
});

test('a key is pending until its tunnel server has applied it', async () => {
  const key = makeKey();
  await enrolKey(plane, scene.tunnel, await issueToken(plane, scene.tunnel), key);
  const before = await statusOf(plane, scene.tunnel, key.fingerprint);
  assert.equal(before['key'], 'pending');
  const now = await state();
  await report(plane, scene.credential, { ...now, revision: now.revision - 1 });
  assert.equal((await statusOf(plane, scene.tunnel, key.fingerprint))['key'], 'pending');
  await report(plane, scene.credential, now);
  assert.equal((await statusOf(plane, scene.tunnel, key.fingerprint))['key'], 'active');
  assert.equal((await statusOf(plane, scene.tunnel, 'f'.repeat(64)))['key'], 'unknown');
});

test('an agent that is silent for half a minute knows nothing', async () => {
  const slot = {
    tunnel: scene.tunnel,
    slot: 1,
    session: 'up',
    session_id: 'one',
    session_key: 'f'.repeat(64),
    session_since: 1,
    database: 'answers',
    database_at: 2,
    reason: '',
  } as const;
  await report(plane, scene.credential, await state(), { slots: [slot] });
  assert.equal((await statusOf(plane, scene.tunnel))['session'], 'up');
  await plane.store.db
    .updateTable('tunnel_server')
    .set({ reported_at: Date.now() - 31_000 })
    .execute();
  const status = await statusOf(plane, scene.tunnel);
  assert.equal(status['session'], 'unknown');
  assert.equal(status['reason'], 'agent-silent');
});

test('bad questions', async () => {
  const base = `/t/${scene.tunnel}/v1/status`;
  for (const [url, status, code, field] of [
    ['/t/tun_nothing/v1/status', 404, 'not-found', undefined],
    [`${base}?slot=2`, 404, 'not-found', 'slot'],
    [`${base}?slot=x`, 400, 'value-invalid', 'slot'],
    [`${base}?key=abc`, 400, 'value-invalid', 'key'],
    [`${base}?colour=red`, 400, 'value-invalid', 'colour'],
  ] as const) {
    const answer = await plane.app.inject(url);
    assert.equal(answer.statusCode, status, url);
    assert.equal(linesOf(answer)['error'], code);
    assert.equal(linesOf(answer)['field'], field);
  }
});

test('a flood from one address is told to wait; so are endless wrong tokens, but never a right one', async () => {
  const key = makeKey();
  const token = await issueToken(plane, scene.tunnel);
  for (let count = 0; count < 60; count += 1) {
    assert.equal((await enrolKey(plane, scene.tunnel, 'cvt_x', key)).statusCode, 401);
  }
  const refused = await enrolKey(plane, scene.tunnel, 'cvt_x', key);
  assert.equal(refused.statusCode, 429);
  const lines = linesOf(refused);
  assert.equal(lines['error'], 'too-many');
  assert.ok(Number(lines['retry_after']) > 0);
  assert.equal(refused.headers['retry-after'], lines['retry_after']);
  assert.equal((await enrolKey(plane, scene.tunnel, token, key)).statusCode, 200);

  const url = `/t/${scene.tunnel}/v1/status`;
  let answer = await plane.app.inject(url);
  for (let count = 0; count < 1300 && answer.statusCode === 200; count += 1) {
    answer = await plane.app.inject(url);
  }
  assert.equal(answer.statusCode, 429);
  assert.equal(linesOf(answer)['error'], 'too-many');
});
