import type { Kysely, Transaction } from 'kysely';
import type { AgentReport } from '../domain/agent-protocol.ts';
import type { Store } from './store.ts';
import type { Tables } from './tables.ts';
import { transact } from './transact.ts';

type ReportedSlot = AgentReport['slots'][number];

export interface RecordedReport {
  /** False: it was late, or part of a run that began without a full report; nothing was kept. */
  accepted: boolean;
  /** Whether the agent must send a full report next. */
  full: boolean;
}

/** Keeps statements below the number of parameters that both engines take (SQLite: 32,766). */
const CHUNK = 500;

/**
 * Keeps what a tunnel server's agent reports; not audited. A new run of an agent must begin with a
 * full report; within a run only rising numbers count. Slots that are not placed on that server are
 * passed over. After a full report, slots that it did not list are down.
 */
export function recordReport(
  store: Store,
  serverId: string,
  report: AgentReport,
  now: number = Date.now(),
): Promise<RecordedReport> {
  return transact(store, async (trx) => {
    if (!(await acceptReport(trx, serverId, report, now))) {
      return { accepted: false, full: await isOtherRun(trx, serverId, report.boot) };
    }
    const slots = [
      ...new Map(report.slots.map((slot) => [`${slot.tunnel} ${slot.slot}`, slot])).values(),
    ];
    for (let at = 0; at < slots.length; at += CHUNK) {
      await upsertStates(trx, serverId, report, slots.slice(at, at + CHUNK));
    }
    if (report.full) await markUnlistedDown(trx, serverId, report);
    return { accepted: true, full: false };
  });
}

/** Moves the server's position on, if the report is news. The row's lock puts reports in order. */
async function acceptReport(
  trx: Transaction<Tables>,
  serverId: string,
  { boot, seq, applied, full }: AgentReport,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('tunnel_server')
    .set({ applied, reported_at: now, report_boot: boot, report_seq: seq })
    .where('id', '=', serverId)
    .where((server) =>
      server.or([
        server.and([server('report_boot', '=', boot), server('report_seq', '<', seq)]),
        ...(full ? [server('report_boot', 'is', null), server('report_boot', '!=', boot)] : []),
      ]),
    )
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

async function isOtherRun(trx: Kysely<Tables>, serverId: string, boot: string): Promise<boolean> {
  const server = await trx
    .selectFrom('tunnel_server')
    .select('report_boot')
    .where('id', '=', serverId)
    .executeTakeFirst();
  return server?.report_boot !== boot;
}

async function upsertStates(
  trx: Transaction<Tables>,
  serverId: string,
  { boot, seq }: AgentReport,
  slots: ReportedSlot[],
): Promise<void> {
  const placed = await trx
    .selectFrom('slot')
    .select(['tunnel_id', 'number'])
    .where('server_id', '=', serverId)
    .where(
      'tunnel_id',
      'in',
      slots.map(({ tunnel }) => tunnel),
    )
    .execute();
  const own = new Set(placed.map(({ tunnel_id, number }) => `${tunnel_id} ${number}`));
  const rows = slots
    .filter(({ tunnel, slot }) => own.has(`${tunnel} ${slot}`))
    .map(({ tunnel, ...state }) => ({
      ...state,
      tunnel_id: tunnel,
      server_id: serverId,
      boot,
      seq,
    }));
  if (rows.length === 0) return;
  await trx
    .insertInto('slot_state')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['tunnel_id', 'slot']).doUpdateSet(({ ref }) => ({
        server_id: ref('excluded.server_id'),
        boot: ref('excluded.boot'),
        seq: ref('excluded.seq'),
        session: ref('excluded.session'),
        session_id: ref('excluded.session_id'),
        session_key: ref('excluded.session_key'),
        session_since: ref('excluded.session_since'),
        database: ref('excluded.database'),
        database_at: ref('excluded.database_at'),
        reason: ref('excluded.reason'),
      })),
    )
    .execute();
}

async function markUnlistedDown(
  trx: Transaction<Tables>,
  serverId: string,
  { boot, seq }: AgentReport,
): Promise<void> {
  await trx
    .updateTable('slot_state')
    .set({
      session: 'down',
      session_id: '',
      session_key: '',
      session_since: 0,
      database: 'unprobed',
      database_at: 0,
      reason: 'session-down',
    })
    .where('server_id', '=', serverId)
    .where((state) => state.or([state('boot', '!=', boot), state('seq', '!=', seq)]))
    .execute();
}
