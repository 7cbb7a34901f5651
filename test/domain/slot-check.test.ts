import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckReport } from '../../src/domain/agent-protocol.ts';
import {
  type Asked,
  checkOf,
  HOPS,
  type KnownSlot,
  needsAgent,
  type SlotCheck,
} from '../../src/domain/slot-check.ts';

const KNOWN: KnownSlot = {
  key: 'active',
  fingerprint: 'ab'.repeat(32),
  server: 'eu.example',
  agent_at: 1_800_000_000,
  silent: false,
  session: 'up',
  database: 'answers',
  database_at: 1_800_000_000,
  place: '127.0.0.1:20000',
  target: '10.0.0.5:5432',
  type: 'postgresql',
};

const WELL: CheckReport = {
  key: true,
  session: 'up',
  session_key: 'ab'.repeat(32),
  session_since: 1_800_000_000,
  address: '192.0.2.7',
  port: 'session',
  database: 'answers',
  database_at: 1_800_000_100,
  reason: '',
  fresh: true,
  said: '',
};

const seen = (answer: Partial<CheckReport>): Asked => ({ answer: { ...WELL, ...answer } });
const detailOf = ({ hops }: SlotCheck, name: string) =>
  hops.find(({ hop }) => hop === name)?.detail;

/** What stands at each hop: `+` works, `-` is broken, `?` was not tested. */
const line = ({ hops }: SlotCheck) =>
  hops.map(({ result }) => ({ ok: '+', no: '-', untested: '?' })[result]).join('');

test('a slot that works passes every hop', () => {
  const check = checkOf(KNOWN, seen({}));
  assert.deepEqual(
    check.hops.map(({ hop }) => hop),
    HOPS,
  );
  assert.equal(line(check), '++++++');
  assert.deepEqual([check.ok, check.broken, check.reason], [true, '', '']);
  assert.match(
    detailOf(check, 'session') ?? '',
    /^up since 2027-01-15 08:00:00Z, from 192\.0\.2\.7, by SHA256:q6ur/,
  );
});

const closed = { database: 'closed', reason: 'closed-at-once' } as const;

for (const [what, known, asked, broken, reason, hops] of [
  ['no key', { key: 'none' }, undefined, 'key', 'not-enrolled', '-?????'],
  ['a key that waits', { key: 'waiting' }, undefined, 'key', 'key-waiting', '-?????'],
  ['a key on its way', { key: 'pending' }, seen({ key: false }), 'key', 'key-pending', '-?????'],
  ['a silent agent', { silent: true }, undefined, 'agent', 'agent-silent', '+-????'],
  [
    'an agent that does not answer',
    {},
    { seconds: 20, taken: false },
    'agent',
    'agent-unanswering',
    '+-????',
  ],
  [
    'no session',
    {},
    seen({ session: 'down', port: 'nothing' }),
    'session',
    'session-down',
    '++-???',
  ],
  [
    'a stranger on the port',
    {},
    seen({ session: 'down', port: 'stranger' }),
    'forward',
    'port-taken',
    '++?-??',
  ],
  ['a port not asked for', {}, seen({ port: 'nothing' }), 'forward', 'not-listening', '+++-??'],
  [
    'a port that takes none',
    {},
    seen({ database: 'closed', reason: 'connection-refused' }),
    'connection',
    'connection-refused',
    '++++-?',
  ],
  [
    'a database that is refused',
    {},
    seen({ ...closed, said: 'connect failed: Connection refused' }),
    'connection',
    'closed-at-once',
    '++++-?',
  ],
  ['one that closes', {}, seen(closed), 'vendor-database', 'closed-by-database', '+++++-'],
  [
    'one that is silent',
    {},
    seen({ database: 'silent', reason: 'no-answer' }),
    'vendor-database',
    'no-answer',
    '+++++-',
  ],
  [
    'one that refuses',
    {},
    seen({ database: 'refuses', reason: 'host-refused' }),
    'vendor-database',
    'host-refused',
    '+++++-',
  ],
  [
    'a probe without result',
    {},
    seen({ database: 'unprobed' }),
    'connection',
    'probe-failed',
    '++++-?',
  ],
] as const) {
  test(`${what}: the first broken hop is ${broken}, and what to do is said`, () => {
    const check = checkOf({ ...KNOWN, ...known }, asked);
    assert.deepEqual([check.ok, check.broken, check.reason], [false, broken, reason]);
    assert.equal(line(check), hops);
    assert.ok(check.verdict !== '' && check.next !== '');
  });
}

test('what was last reported is told where the agent gives no answer', () => {
  const never = checkOf({ ...KNOWN, agent_at: 0, silent: true });
  assert.match(detailOf(never, 'agent') ?? '', /eu\.example is silent; it has never reported$/);
  assert.equal(detailOf(never, 'session'), 'an earlier hop is broken');
  const late = checkOf(KNOWN, { seconds: 7, taken: true });
  assert.match(detailOf(late, 'agent') ?? '', /did not answer within 7 s; it last reported 2027-/);
  assert.equal(detailOf(late, 'session'), 'as last reported: up');
  assert.match(detailOf(late, 'vendor-database') ?? '', /^as last reported: answers, probed 2027-/);
});

test('a database that is spared shows when it was probed', () => {
  const check = checkOf(
    KNOWN,
    seen({ database: 'silent', reason: 'no-answer', fresh: false, database_at: 1_800_000_000 }),
  );
  assert.equal(
    detailOf(check, 'vendor-database'),
    'postgresql: silent, probed 2027-01-15 08:00:00Z, and not again so soon',
  );
});

test('a reason of a later version is shown as it comes', () => {
  const later = { database: 'refuses', reason: 'on-fire' as 'refused' } as const;
  const check = checkOf(KNOWN, seen(later));
  assert.deepEqual([check.broken, check.reason], ['vendor-database', 'on-fire']);
  assert.equal(check.next, 'Upgrade this culvert.');
});

test('nothing is called well because an agent gives no reason', () => {
  for (const odd of [{ database: 'closed' }, { database: 'silent' }, { database: 'refuses' }]) {
    const check = checkOf(KNOWN, seen({ ...odd, reason: '' } as Partial<CheckReport>));
    assert.equal(check.ok, false);
    assert.notEqual(check.reason, '');
  }
});

test('whatever an agent says that its form allows, an answer comes of it', () => {
  const most = Number.MAX_SAFE_INTEGER;
  const odd = seen({ session_since: most, database_at: most, session_key: 'no key', fresh: false });
  assert.equal(checkOf({ ...KNOWN, agent_at: most }, odd).ok, true);
  assert.equal(checkOf({ ...KNOWN, agent_at: most, database_at: most }).broken, 'agent');
});

test('an agent is asked only where it can say something', () => {
  assert.equal(needsAgent({ key: 'active', silent: false }), true);
  assert.equal(needsAgent({ key: 'pending', silent: false }), true);
  assert.equal(needsAgent({ key: 'active', silent: true }), false);
  assert.equal(needsAgent({ key: 'none', silent: false }), false);
  assert.equal(needsAgent({ key: 'waiting', silent: false }), false);
});
