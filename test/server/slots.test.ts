import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AgentState } from '../../src/domain/agent-protocol.ts';
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
  linesOf,
  pollState,
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

interface SlotAnswer {
  slot: number;
  tunnel_port: number;
  sources: string[];
  command: string;
  windows_command: string;
}

const freshTunnel = () => addTunnel(plane, scene.region, scene.account);

const addSlot = (tunnel: string, body: object = {}) =>
  plane.api<SlotAnswer>('POST', `/v1/tunnels/${tunnel}/slots`, body);

const slotsOf = async (tunnel: string) =>
  (await plane.api<{ slots: SlotAnswer[] }>('GET', `/v1/tunnels/${tunnel}`)).slots;

async function stateOf(since = 0): Promise<AgentState> {
  return (await pollState(plane, scene.credential, since)).json();
}

async function eventsOf(tunnel: string) {
  const rows = await Array.fromAsync(auditRows(plane.store.db));
  return rows.map(({ bytes }) => JSON.parse(bytes)).filter(({ subject }) => subject === tunnel);
}

test('a second slot has an installer, a key and a port of its own', async () => {
  const tunnel = await freshTunnel();
  const made = await addSlot(tunnel);
  assert.equal(made.slot, 2);
  assert.equal(made.command, `curl -fsSL ${PUBLIC_URL}/t/${tunnel}/s/2/install.sh | bash`);
  assert.match(made.windows_command, /\/s\/2\/install\.ps1 /);
  const [first, second] = await slotsOf(tunnel);
  assert.deepEqual(second, made);
  assert.notEqual(first?.tunnel_port, second?.tunnel_port);

  const keys = [makeKey(), makeKey()];
  for (const [index, key] of keys.entries()) {
    const token = await issueToken(plane, tunnel, { slot: index + 1 });
    assert.equal((await enrolKey(plane, tunnel, token, key, index + 1)).statusCode, 200);
  }
  const state = await stateOf();
  assert.deepEqual(
    keys.map(({ fingerprint }) => state.keys.find((key) => key.fingerprint === fingerprint)?.port),
    [first?.tunnel_port, second?.tunnel_port],
  );
  const script = (await plane.app.inject(`/t/${tunnel}/s/2/install.sh`)).body;
  assert.match(script, /^ {2}SLOT='2'$/m);
  assert.match(script, new RegExp(`^ {2}TUNNEL_PORT='${second?.tunnel_port}'$`, 'm'));
  const page = await plane.app.inject({ url: `/t/${tunnel}`, headers: { accept: 'text/html' } });
  assert.match(page.body, /On proxy 2, one of 2/);
});

test('a key of one slot is not taken for the other', async () => {
  const tunnel = await freshTunnel();
  await addSlot(tunnel);
  const key = makeKey();
  await enrolKey(plane, tunnel, await issueToken(plane, tunnel), key);
  const token = await issueToken(plane, tunnel, { slot: 2 });
  const answer = await enrolKey(plane, tunnel, token, key, 2);
  assert.equal(answer.statusCode, 409);
  assert.equal(linesOf(answer)['error'], 'key-elsewhere');
});

test('a removed slot: key and token gone, its installer says so, the first one stays', async () => {
  const tunnel = await freshTunnel();
  const made = await addSlot(tunnel);
  const [kept, gone] = [makeKey(), makeKey()];
  await enrolKey(plane, tunnel, await issueToken(plane, tunnel), kept);
  await enrolKey(plane, tunnel, await issueToken(plane, tunnel, { slot: 2 }), gone, 2);
  const unused = await issueToken(plane, tunnel, { slot: 2 });
  const { revision } = await stateOf();
  await plane.api('DELETE', `/v1/tunnels/${tunnel}/slots/2`);

  const state = await stateOf(revision);
  assert.deepEqual([state.keys, state.removed], [[], [gone.fingerprint]]);
  const late = await enrolKey(plane, tunnel, unused, makeKey(), 2);
  assert.equal(linesOf(late)['error'], 'token-unknown');
  const script = await plane.app.inject(`/t/${tunnel}/s/2/install.sh`);
  assert.equal(script.headers['culvert-error'], 'not-found');
  await plane.api('POST', `/v1/tunnels/${tunnel}/tokens`, { slot: 2 }, 404);
  await plane.api('DELETE', `/v1/tunnels/${tunnel}/slots/2`, undefined, 404);
  await plane.api('DELETE', `/v1/tunnels/${tunnel}/slots/1`, undefined, 409);
  await plane.api('PATCH', `/v1/tunnels/${tunnel}/slots/2`, { sources: [] }, 404);
  assert.deepEqual(
    (await slotsOf(tunnel)).map(({ slot }) => slot),
    [1],
  );
  const next = await addSlot(tunnel);
  assert.equal(next.slot, 3);
  assert.notEqual(next.tunnel_port, made.tunnel_port);
  const events = await eventsOf(tunnel);
  const removed = events.find(({ action }) => action === 'slot.removed');
  assert.deepEqual(removed.before.fingerprints, [gone.fingerprint]);
  assert.equal(removed.before.tokens.length, 2);
});

test('pinned to addresses: in the line of its keys, at once, and off again', async () => {
  const tunnel = await freshTunnel();
  const key = makeKey();
  await enrolKey(plane, tunnel, await issueToken(plane, tunnel), key);
  const { revision } = await stateOf();
  const url = `/v1/tunnels/${tunnel}/slots/1`;
  const sources = ['192.0.2.7', '2001:DB8::/32'];
  const pinned = await plane.api<SlotAnswer>('PATCH', url, { sources });
  assert.deepEqual(pinned.sources, ['192.0.2.7/32', '2001:db8::/32']);
  const lineOf = async (since: number) => {
    const state = await stateOf(since);
    return { line: state.keys[0]?.line ?? '', revision: state.revision };
  };
  const first = await lineOf(revision);
  assert.match(first.line, /,from="192\.0\.2\.7\/32,2001:db8::\/32" ssh-ed25519 /);
  await plane.api('PATCH', url, { sources: [] });
  assert.doesNotMatch((await lineOf(first.revision)).line, /from=/);
  const [, , , on, off] = await eventsOf(tunnel);
  assert.deepEqual([on.before.sources, on.after.sources], [[], pinned.sources]);
  assert.deepEqual([off.before.sources, off.after.sources], [pinned.sources, []]);

  const second = await addSlot(tunnel, { sources: ['10.0.0.0/8'] });
  assert.deepEqual(second.sources, ['10.0.0.0/8']);
  for (const [body, field] of [
    [{ sources: ['10.0.0.1/8'] }, 'sources.0'],
    [{ sources: ['10.0.0.1', 'x"'] }, 'sources.1'],
    [{ sources: ['2001:db8::/32'] }, 'sources'],
    [{ sources: '10.0.0.1' }, 'sources'],
    [{ sources: Array(17).fill('10.0.0.1') }, 'sources'],
    [{}, 'sources'],
    [{ sources: [], colour: 'red' }, 'colour'],
  ] as const) {
    const answer = await plane.app.inject({
      method: 'PATCH',
      url,
      headers: { authorization: `Bearer ${plane.adminToken}` },
      payload: body,
    });
    assert.equal(answer.statusCode, 400, answer.body);
    assert.equal(answer.json().field, field, answer.body);
  }
});

test('a tunnel may begin with several slots, within the limit', async () => {
  const input = {
    slug: freshSlug('tunnel'),
    name: 'Orders',
    account: scene.account,
    region: scene.region,
    database: { type: 'postgresql', host: 'db.example', port: 5432 },
  };
  const made = await plane.api<{ slots: SlotAnswer[] }>('POST', '/v1/tunnels', {
    ...input,
    slots: 2,
  });
  assert.deepEqual(
    made.slots.map(({ slot }) => slot),
    [1, 2],
  );
  for (const slots of [0, 17, 'two']) {
    await plane.api('POST', '/v1/tunnels', { ...input, slug: freshSlug('x'), slots }, 400);
  }
});

test('who may not write tunnels, or not this account’s, adds no slot', async () => {
  const tunnel = await freshTunnel();
  const other = await plane.api<{ id: string }>('POST', '/v1/accounts', {
    slug: freshSlug('account'),
    name: 'Other',
  });
  const reader = await apiToken(plane.store, ['tunnels:read', 'keys:write', 'tokens:create']);
  const limited = await apiToken(plane.store, ['tunnels:write'], { accounts: [other.id] });
  for (const [token, status] of [
    [reader, 403],
    [limited, 404],
  ] as const) {
    for (const [method, path] of [
      ['POST', 'slots'],
      ['PATCH', 'slots/1'],
      ['DELETE', 'slots/2'],
    ] as const) {
      const answer = await plane.app.inject({
        method,
        url: `/v1/tunnels/${tunnel}/${path}`,
        headers: { authorization: `Bearer ${token}` },
        ...(method !== 'DELETE' && { payload: { sources: [] } }),
      });
      assert.equal(answer.statusCode, status, `${method} ${path} ${answer.body}`);
    }
  }
});
