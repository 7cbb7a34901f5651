import type { CheckReport } from './agent-protocol.ts';
import { type Explanation, KEY_WAITING, REASONS, WELL } from './explain-slot.ts';
import { opensshFingerprint } from './public-key.ts';
import type { Reason } from './status.ts';

/** A check has this long, from its being asked for to its answer: more than any probe takes. */
export const CHECK_WITHIN_MS = 20_000;
/** From the beginning of one check of a slot to that of the next. */
export const CHECK_EVERY_MS = 5000;

/** From the tunnel server's key files to the database. What doctor has too is called as there. */
export const HOPS = [
  'key',
  'agent',
  'session',
  'forward',
  'connection',
  'vendor-database',
] as const;
export type Hop = (typeof HOPS)[number];

export interface HopResult {
  hop: Hop;
  result: 'ok' | 'no' | 'untested';
  detail: string;
}

/** Codes that a check has beside those of a state. */
type CheckReason =
  | Reason
  | 'key-waiting'
  | 'key-pending'
  | 'agent-unanswering'
  | 'not-listening'
  | 'closed-by-database'
  | 'probe-failed';

/** A slot hop by hop: the first that is broken, why, and what to do. The shape is that of doctor. */
export interface SlotCheck {
  ok: boolean;
  /** The first hop that is broken; empty when none is. */
  broken: Hop | '';
  reason: CheckReason;
  verdict: string;
  next: string;
  hops: HopResult[];
}

/** What the control plane knows before anybody is asked. Times in Unix seconds, 0 for never. */
export interface KnownSlot {
  /** State of the slot's key, and its fingerprint. */
  key: string;
  fingerprint: string;
  /** The tunnel server. */
  server: string;
  agent_at: number;
  /** The agent has said nothing for so long that it need not be asked. */
  silent: boolean;
  /** As last reported. */
  session: string;
  database: string;
  database_at: number;
  /** `address:port` on the tunnel server. */
  place: string;
  /** The database's address as the proxy sees it, and its type. */
  target: string;
  type: string;
}

/** How asking the agent went. */
export type Asked = { answer: CheckReport } | Unanswered;

interface Unanswered {
  /** For which nobody answered. */
  seconds: number;
  /** The agent had heard of it. */
  taken: boolean;
}

const EXPLANATIONS: Record<Exclude<CheckReason, ''>, Explanation> = {
  ...REASONS,
  'key-waiting': KEY_WAITING,
  'key-pending': {
    why: 'Its tunnel server has not taken over the key of its proxy yet.',
    next: 'Check again in a few seconds; if it stays so, look at the log of the agent there.',
  },
  'agent-unanswering': {
    why: 'The agent of its tunnel server did not answer in time; the slot may well be up.',
    next: 'On the tunnel server: systemctl status culvert-agent. Is it of this version? Then check again.',
  },
  'not-listening': {
    why: 'Its proxy is logged in, and does not listen on its tunnel port.',
    next: 'Its ssh asks for another port or for none. Have the customer run on the proxy: h_autossh doctor.',
  },
  'closed-by-database': {
    why: 'A connection to the database is made, and closed at once without a word.',
    next: 'Is it a database of that type? Its list of hosts that it lets in, and its log, say more.',
  },
  'probe-failed': {
    why: 'The probe gave no result, or the session changed meanwhile.',
    next: 'Check again; if it stays so, look at the log of the agent on the tunnel server.',
  },
};

/** Whether the agent is worth asking: not where nothing can be up, or where it is known to be away. */
export function needsAgent({ key, silent }: Pick<KnownSlot, 'key' | 'silent'>): boolean {
  return key !== 'none' && key !== 'waiting' && !silent;
}

/** Puts together what is known; without `asked` only what can be said before the agent is asked. */
export function checkOf(known: KnownSlot, asked?: Asked): SlotCheck {
  const steps = new Map([...walk(known, asked)].map((step) => [step.hop, step]));
  const hops = HOPS.map((hop) => {
    const { result, detail } = steps.get(hop) ?? skips(hop, 'an earlier hop is broken');
    return { hop, result, detail };
  });
  const broken = [...steps.values()].find(({ result }) => result === 'no');
  const { why, next } = explain(broken?.reason ?? '');
  return {
    ok: broken === undefined,
    broken: broken?.hop ?? '',
    reason: broken?.reason ?? '',
    verdict: why,
    next,
    hops,
  };
}

interface Step extends HopResult {
  /** Of a hop that is broken. */
  reason?: CheckReason;
}

const passes = (hop: Hop, detail: string): Step => ({ hop, result: 'ok', detail });
// An agent owes a reason for what is broken.
const breaks = (hop: Hop, detail: string, reason: CheckReason): Step => ({
  hop,
  result: 'no',
  detail,
  reason: reason || 'probe-failed',
});
const skips = (hop: Hop, detail: string): Step => ({ hop, result: 'untested', detail });

/** The hops as far as the first that is broken, and what is known of some behind it. */
function* walk(known: KnownSlot, asked: Asked | undefined): Generator<Step> {
  const answer = asked && 'answer' in asked ? asked.answer : undefined;
  const { key, server } = known;
  const named = known.fingerprint && opensshFingerprint(known.fingerprint);
  if (key === 'none') return yield breaks('key', 'none is registered', 'not-enrolled');
  if (key === 'waiting') return yield breaks('key', `${named} waits`, 'key-waiting');
  if (answer && !answer.key) {
    return yield breaks('key', `${named} is not on the tunnel server`, 'key-pending');
  }
  yield passes('key', named);
  if (!answer) return yield* walkWithoutAgent(known, asked as Unanswered | undefined);
  yield passes('agent', `that of ${server} answered`);
  yield* walkTunnel(known, answer);
}

function* walkWithoutAgent(known: KnownSlot, asked: Unanswered | undefined): Generator<Step> {
  const { server, agent_at, session, database, database_at } = known;
  const reported =
    agent_at === 0 ? 'it has never reported' : `it last reported ${timeOf(agent_at)}`;
  if (!asked) yield breaks('agent', `that of ${server} is silent; ${reported}`, 'agent-silent');
  else {
    const how = asked.taken ? 'did not answer' : 'did not take the check up';
    const detail = `that of ${server} ${how} within ${asked.seconds} s; ${reported}`;
    yield breaks('agent', detail, 'agent-unanswering');
  }
  if (agent_at === 0) return;
  yield skips('session', `as last reported: ${session}`);
  yield skips('vendor-database', `as last reported: ${database}${probed(database_at)}`);
}

function* walkTunnel({ place, target, type }: KnownSlot, answer: CheckReport): Generator<Step> {
  const { session, session_since, address, session_key, port, database, reason, said } = answer;
  if (port === 'stranger') {
    yield skips('session', 'none can last while something else has its port');
    return yield breaks('forward', `something else listens on ${place}`, 'port-taken');
  }
  if (session === 'down') return yield breaks('session', 'there is none', 'session-down');
  const from = address === '' ? '' : `, from ${address}`;
  const by = session_key === '' ? '' : `, by ${opensshFingerprint(session_key)}`;
  yield passes('session', `up since ${timeOf(session_since)}${from}${by}`);
  if (port === 'nothing') {
    return yield breaks('forward', `nothing listens on ${place}`, 'not-listening');
  }
  yield passes('forward', `${place} is that session's`);
  if (database === 'unprobed') {
    return yield breaks('connection', 'the probe gave no result', 'probe-failed');
  }
  if (reason === 'connection-refused') {
    return yield breaks('connection', `${place} takes none`, reason);
  }
  if (database === 'closed' && said !== '') {
    const detail = `none to ${target}; the proxy's ssh says: ${said}`;
    return yield breaks('connection', detail, reason);
  }
  // Who drops packets and who says nothing look the same from here: the proxy's ssh has not given up.
  const isMute = reason === 'no-answer';
  yield passes('connection', isMute ? 'not refused within 5 s' : `${target} accepts it`);
  yield databaseStep(type, answer);
}

function databaseStep(type: string, answer: CheckReport): Step {
  const { database, database_at, reason, fresh } = answer;
  const spared = fresh ? '' : `${probed(database_at)}, and not again so soon`;
  const detail = `${type}: ${database}${spared}`;
  if (database === 'answers') return passes('vendor-database', detail);
  const why = database === 'closed' ? 'closed-by-database' : reason;
  return breaks('vendor-database', detail, why);
}

/** A reason that a later version has is shown as it comes. */
function explain(reason: CheckReason): Explanation {
  if (reason === '') return WELL;
  if (Object.hasOwn(EXPLANATIONS, reason)) return EXPLANATIONS[reason];
  return { why: `It reports: ${reason}.`, next: 'Upgrade this culvert.' };
}

/** ECMA-262, "Time Values and Time Range". */
const LAST_MOMENT = 8.64e15;

function probed(seconds: number): string {
  return seconds === 0 ? '' : `, probed ${timeOf(seconds)}`;
}

/** Unix seconds as UTC text; an agent may say more than a Date can hold. */
function timeOf(seconds: number): string {
  return new Date(Math.min(seconds * 1000, LAST_MOMENT))
    .toISOString()
    .replace('T', ' ')
    .replace('.000Z', 'Z');
}
