import { sql } from 'kysely';
import type { Store } from '../../src/store/index.ts';

/** What an attacker does first who owns the database: afterwards the audit's rows can be changed. */
export async function dropAuditGuards({ engine, db }: Store): Promise<void> {
  const statements =
    engine === 'postgres'
      ? ['audit_event', 'audit_head'].map((table) => `alter table ${table} disable trigger user`)
      : (
          await sql<{
            name: string;
          }>`select name from sqlite_schema where type = 'trigger'`.execute(db)
        ).rows.map(({ name }) => `drop trigger ${name}`);
  for (const statement of statements) await sql.raw(statement).execute(db);
}
