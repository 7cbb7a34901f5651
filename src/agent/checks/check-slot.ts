import type { AskedCheck, CheckReport } from '../../domain/agent-protocol.ts';
import type { OpenFailures } from '../sessions/open-failures.ts';
import type { ProbeSchedule } from '../sessions/probe-schedule.ts';
import { isLive, sessionSince } from '../sessions/session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Slot } from '../sessions/slot.ts';
import type { SlotRow, SlotWatch } from '../sessions/slot-watch.ts';
import type { Watcher } from '../sessions/watcher.ts';
import { listeningPorts } from '../system/listening-ports.ts';

/** What a check looks at. */
export interface CheckedParts {
  slots: () => Map<number, Slot>;
  /** What tunnel ports listen on. */
  bindAddress: string;
  watcher: Pick<Watcher, 'lookNow'>;
  sessions: Sessions;
  watch: SlotWatch;
  probes: ProbeSchedule;
  failures: OpenFailures;
}

const NOTHING: CheckReport = {
  key: false,
  session: 'down',
  session_key: '',
  session_since: 0,
  address: '',
  port: 'nothing',
  database: 'unprobed',
  database_at: 0,
  reason: '',
  fresh: true,
  said: '',
};

/** Looks at a slot anew, and asks its database through the tunnel if a session has its port. */
export async function checkSlot(asked: AskedCheck, parts: CheckedParts): Promise<CheckReport> {
  const { slots, watcher, watch } = parts;
  await watcher.lookNow();
  const slot = [...slots().values()].find(
    ({ tunnel, number }) => tunnel === asked.tunnel && number === asked.slot,
  );
  if (!slot) return NOTHING;
  const row = watch.rowsByPort().get(slot.port);
  return row?.session === 'up' ? await checkUp(slot, row, parts) : checkDown(slot, parts);
}

async function checkUp(slot: Slot, row: SlotRow, parts: CheckedParts): Promise<CheckReport> {
  const { watcher, watch, probes, failures } = parts;
  const owner = watch.ownerOf(slot.port);
  const listening = owner?.child && failures.listenTo(owner.child.pid);
  const { session_id, session_key, session_since } = row;
  const probe = await probes.probeNow(session_id);
  // sshd has logged a failure before it closed the connection.
  if (listening) await watcher.lookNow();
  listening?.stop();
  const now = watch.rowsByPort().get(slot.port);
  const facts: CheckReport = {
    ...NOTHING,
    key: true,
    session: 'up',
    session_key,
    session_since,
    address: owner?.address ?? '',
    port: 'session',
  };
  // Gone, or another: what was seen through it says nothing of now.
  if (now?.session !== 'up') return checkDown(slot, parts);
  if (now.session_id !== session_id || probe === 'failed') return facts;
  const { database, database_at, reason } = now;
  const said = listening?.said() ?? '';
  return { ...facts, database, database_at, reason, fresh: probe === 'done', said };
}

function checkDown({ port, keys }: Slot, parts: CheckedParts): CheckReport {
  const { bindAddress, sessions } = parts;
  const listener = listeningPorts(bindAddress).get(port);
  const isStranger = listener !== undefined && !sessions.ownerOf(listener, []);
  const facts: CheckReport = { ...NOTHING, key: true, port: isStranger ? 'stranger' : 'nothing' };
  const idle = sessions
    .all()
    .findLast((each) => isLive(each) && each.isSettled && keys.includes(each.claims[0] ?? ''));
  if (!idle) return facts;
  return {
    ...facts,
    session: 'up',
    session_key: idle.claims[0] ?? '',
    session_since: sessionSince(idle),
    address: idle.address ?? '',
  };
}
