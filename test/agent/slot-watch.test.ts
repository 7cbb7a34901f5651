import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../../src/agent/sessions/session.ts';
import type { Sessions } from '../../src/agent/sessions/sessions.ts';
import type { Slot } from '../../src/agent/sessions/slot.ts';
import { type SlotRow, SlotWatch } from '../../src/agent/sessions/slot-watch.ts';

const PORT = 20_000;
const KEY = 'a'.repeat(64);
const slot: Slot = { tunnel: 'tun', number: 1, port: PORT, database: 'tcp', keys: [KEY] };
const listeners = new Map([[PORT, { port: PORT, inode: '7', uid: 1000 }]]);
const session: Session = { monitor: { pid: 1, start: 1 }, claims: [KEY], seenAt: 0 };

/** A watch over one port; `owner` is what the sessions say of it. */
function watchOnePort() {
  const world: { owner?: Session } = {};
  const rows: SlotRow[] = [];
  const sessions: Pick<Sessions, 'all' | 'ownerOf'> = {
    all: () => [],
    ownerOf: () => world.owner,
  };
  const watch = new SlotWatch({
    sessions: sessions as Sessions,
    firstPort: PORT,
    lastPort: PORT,
    onChange: (row) => rows.push({ ...row }),
    onForbidden: () => assert.fail('it may listen'),
  });
  return { world, watch, states: () => rows.map(({ session }) => session) };
}

test('a session seen before its slot was known is never called a stranger', () => {
  const { world, watch, states } = watchOnePort();
  const slots = new Map([[PORT, slot]]);
  watch.observe(new Map(), listeners);
  watch.observe(slots, listeners);
  watch.forgetStrangers();
  world.owner = session;
  watch.observe(slots, listeners);
  assert.deepEqual(states(), ['up']);
});

test('a stranger is called one once it was looked at again', () => {
  const { watch, states } = watchOnePort();
  const slots = new Map([[PORT, slot]]);
  watch.observe(slots, listeners);
  assert.deepEqual(states(), []);
  watch.forgetStrangers();
  watch.observe(slots, listeners);
  assert.deepEqual(states(), ['taken']);
  watch.observe(slots, new Map());
  assert.deepEqual(states(), ['taken', 'down']);
});
