import assert from 'node:assert/strict';
import type { LightMyRequestResponse } from 'fastify';
import type { AskedCheck, CheckReport } from '../../src/domain/agent-protocol.ts';
import { getAuditHead } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { apiToken, type ControlPlane, startControlPlane } from './support/control-plane.ts';
import {
  enrolKey,
  issueToken,
  joinServer,
  pollState,
  report,
  type Scene,
  setScene,
} from './support/scene.ts';
import { makeKey } from './support/ssh-keys.ts';

const SEEN: CheckReport = {
  key: true,
  session: 'up',
  session_key: 'ab'.repeat(32),
  session_since: 1_800_000_000,
  address: '192.0.2.7',
  port: 'session',
  database: 'closed',
  database_at: 1_800_000_000,
  reason: 'closed-at-once',
  fresh: true,
  said: 'connect failed: No route to host',
};

/** A control plane with a tunnel whose key is in place; its agent has just reported. */
async function start(store: ControlPlane['store']): Promise<{ plane: ControlPlane; scene: Scene }> {
  const plane = await startControlPlane({ store });
  const scene = await setScene(plane);
  await enrolKey(plane, scene.tunnel, await issueToken(plane, scene.tunnel), makeKey());
  await reportNow(plane, scene);
  return { plane, scene };
}

async function reportNow(plane: ControlPlane, { credential }: Scene): Promise<void> {
  const state = (await pollState(plane, credential, 0)).json();
  assert.equal((await report(plane, credential, state)).statusCode, 200);
}

function ask(
  { app, adminToken }: ControlPlane,
  { tunnel }: Scene,
  body?: object,
  token = adminToken,
): Promise<LightMyRequestResponse> {
  return app.inject({
    method: 'POST',
    url: `/v1/tunnels/${tunnel}/checks`,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { payload: body }),
  });
}

/** The agent's side: waits to be asked. */
async function heard({ app }: ControlPlane, credential: string, wait = 25): Promise<AskedCheck[]> {
  const answer = await app.inject({
    url: `/agent/v1/checks?wait=${wait}`,
    headers: { authorization: `Bearer ${credential}` },
  });
  return answer.statusCode === 204 ? [] : answer.json().checks;
}

/** The agent's side: says what it saw. */
function answer({ app }: ControlPlane, credential: string, id: string, payload: object = SEEN) {
  return app.inject({
    method: 'POST',
    url: `/agent/v1/checks/${id}`,
    headers: { authorization: `Bearer ${credential}` },
    payload,
  });
}

testOnEachEngine(
  'a check reaches the agent that waits, and its answer whoever asked',
  async (bench) => {
    const { plane, scene } = await start(bench.store);
    await using _ = plane;
    const head = await getAuditHead(bench.store.db);
    const agent = heard(plane, scene.credential);
    const asking = Promise.all([ask(plane, scene), ask(plane, scene, { slot: 1 })]);
    const [asked, ...others] = await agent;
    assert.ok(asked);
    assert.deepEqual([asked.tunnel, asked.slot, others.length], [scene.tunnel, 1, 0]);
    assert.equal((await answer(plane, scene.credential, asked.id)).statusCode, 204);
    const [one, other] = await asking;
    assert.equal(one.statusCode, 200, one.body);
    const { hops, checked_at, ...rest } = one.json();
    assert.deepEqual(rest, {
      tunnel: scene.tunnel,
      slot: 1,
      ok: false,
      broken: 'connection',
      reason: 'closed-at-once',
      verdict: 'Its proxy is connected, and cannot reach the database.',
      next: 'Have the customer run on the proxy: h_autossh doctor. Is the database up, and let in by firewalls?',
    });
    assert.deepEqual(hops[4], {
      hop: 'connection',
      result: 'no',
      detail: "none to db.example:5432; the proxy's ssh says: connect failed: No route to host",
    });
    assert.ok(checked_at > 1_700_000_000);
    assert.deepEqual(other.json(), one.json(), 'they shared it');
    assert.deepEqual(await getAuditHead(bench.store.db), head, 'it is no change');

    await bench.store.db.updateTable('slot_check').set({ asked_at: Date.now() }).execute();
    const soon = await ask(plane, scene);
    assert.equal(soon.statusCode, 429);
    assert.equal(soon.json().code, 'too-many');
    const wait = Number(soon.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 5, soon.body);
    assert.match(soon.json().next, new RegExp(`in ${wait} s`));
  },
);

testOnEachEngine(
  'an agent of the version before never asks: what is known is told',
  async (bench) => {
    const { plane, scene } = await start(bench.store);
    await using _ = plane;
    const late = await ask(plane, scene, { wait: 1 });
    assert.equal(late.statusCode, 200, late.body);
    const { ok, broken, reason, hops } = late.json();
    assert.deepEqual([ok, broken, reason], [false, 'agent', 'agent-unanswering']);
    assert.match(hops[1].detail, /did not take the check up within \d s; it last reported 20/);
    assert.equal(hops[2].detail, 'as last reported: down');
    // One that takes it up meanwhile is joined; an answer too late to be waited for changes nothing.
    const [asked] = await heard(plane, scene.credential, 0);
    assert.match((await ask(plane, scene, { wait: 0 })).json().hops[1].detail, /did not answer/);
    assert.equal((await answer(plane, scene.credential, asked?.id ?? '')).statusCode, 204);
    assert.deepEqual(await heard(plane, scene.credential, 0), []);
  },
);

testOnEachEngine('a silent agent is not waited for', async ({ store }) => {
  const { plane, scene } = await start(store);
  await using _ = plane;
  const ago = Date.now() - 31_000;
  await store.db.updateTable('tunnel_server').set({ reported_at: ago }).execute();
  const { broken, reason } = (await ask(plane, scene)).json();
  assert.deepEqual([broken, reason], ['agent', 'agent-silent']);
  assert.deepEqual(await heard(plane, scene.credential, 0), [], 'it was not asked');
});

testOnEachEngine('a control plane that ends answers what waits', async ({ store }) => {
  const { plane, scene } = await start(store);
  await using _ = plane;
  const asking = ask(plane, scene);
  assert.equal((await heard(plane, scene.credential)).length, 1);
  await plane.app.close();
  assert.equal((await asking).json().reason, 'agent-unanswering');
});

testOnEachEngine('who may ask for what, and who may answer', async ({ store }) => {
  const { plane, scene } = await start(store);
  await using _ = plane;
  const unread = await apiToken(store, ['keys:read', 'tokens:create']);
  assert.equal((await ask(plane, scene, {}, unread)).json().code, 'scope-missing');
  const stranger = await apiToken(store, ['tunnels:read'], { accounts: ['acc_other'] });
  assert.equal((await ask(plane, scene, {}, stranger)).statusCode, 404);
  for (const [body, status, field] of [
    [{ slot: 2 }, 404, 'slot'],
    [{ slot: 0 }, 400, 'slot'],
    [{ wait: 21 }, 400, 'wait'],
    [{ port: 22 }, 400, 'port'],
  ] as const) {
    const refused = await ask(plane, scene, body);
    assert.deepEqual([refused.statusCode, refused.json().field], [status, field]);
  }

  const reader = await apiToken(store, ['tunnels:read'], { accounts: [scene.account] });
  const asking = ask(plane, scene, {}, reader);
  const [asked] = await heard(plane, scene.credential);
  const id = asked?.id ?? '';
  const other = await joinServer(plane, scene.region);
  await answer(plane, other.credential, id, { ...SEEN, database: 'answers', said: '' });
  const lies = [
    { ...SEEN, said: 'a\nb' },
    { ...SEEN, said: 'a\u202eb' },
    { ...SEEN, port: 'mine' },
  ];
  for (const lie of lies) {
    assert.equal((await answer(plane, scene.credential, id, lie)).statusCode, 400);
  }
  const long = await answer(plane, scene.credential, id, { ...SEEN, later: 'x'.repeat(20_000) });
  assert.equal(long.statusCode, 413);
  // What a later agent says beside it is passed over.
  await answer(plane, scene.credential, id, { ...SEEN, later: true });
  assert.equal((await asking).json().broken, 'connection');
});
