import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Store } from '../store.ts';

/**
 * The database itself refuses whatever is not one more row at the audit's end, whoever asks. The two
 * engines write triggers in languages of their own; the rules are the same.
 */
export function appendOnlyAudit(engine: Store['engine']): Migration {
  const statements = engine === 'sqlite' ? SQLITE : POSTGRES;
  return {
    // biome-ignore lint/suspicious/noExplicitAny: a migration knows the tables of its day, not today's.
    async up(db: Kysely<any>): Promise<void> {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}

const EVENT_FOLLOWS = `
  new.seq = (select coalesce(max(seq), 0) + 1 from audit_event)
  and new.prev = coalesce(
    (select hash from audit_event where seq = new.seq - 1), '${'0'.repeat(64)}')
  and not exists (select 1 from audit_event where hash = new.hash)`;

const HEAD_IS_LAST = `
  exists (select 1 from audit_event where seq = new.seq and hash = new.hash)
  and new.seq = (select max(seq) from audit_event)`;

/** `insert or replace` removes a row without a word to its other triggers, also by SQLite's own row number. */
const REPLACES_NOTHING = 'not exists (select 1 from audit_event where rowid = new.rowid)';

const SQLITE = [
  `create trigger audit_event_insert before insert on audit_event
    when not (${EVENT_FOLLOWS} and ${REPLACES_NOTHING})
    begin select raise(abort, 'the audit takes its next row alone'); end`,
  `create trigger audit_event_update before update on audit_event
    begin select raise(abort, 'the audit takes no change'); end`,
  `create trigger audit_event_delete before delete on audit_event
    begin select raise(abort, 'the audit takes no change'); end`,
  `create trigger audit_head_insert before insert on audit_head
    begin select raise(abort, 'the audit has its head'); end`,
  `create trigger audit_head_update before update on audit_head when not (${HEAD_IS_LAST})
    begin select raise(abort, 'the head of the audit is its last row'); end`,
  `create trigger audit_head_delete before delete on audit_head
    begin select raise(abort, 'the audit takes no change'); end`,
];

const POSTGRES = [
  refusal('refuse_audit_change', 'true', 'the audit takes no change'),
  refusal('check_audit_event', `not (${EVENT_FOLLOWS})`, 'the audit takes its next row alone'),
  refusal('check_audit_head', `not (${HEAD_IS_LAST})`, 'the head of the audit is its last row'),
  `create trigger audit_event_insert before insert on audit_event
    for each row execute function check_audit_event()`,
  `create trigger audit_event_change before update or delete or truncate on audit_event
    for each statement execute function refuse_audit_change()`,
  `create trigger audit_head_update before update on audit_head
    for each row execute function check_audit_head()`,
  `create trigger audit_head_change before insert or delete or truncate on audit_head
    for each statement execute function refuse_audit_change()`,
];

/** A trigger's function that lets a row pass unless `condition` holds. */
function refusal(name: string, condition: string, message: string): string {
  return `create function ${name}() returns trigger language plpgsql as $$ begin
    if ${condition} then raise exception '${message}'; end if;
    return new;
  end $$`;
}
