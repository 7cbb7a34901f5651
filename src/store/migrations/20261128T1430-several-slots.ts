import type { Kysely } from 'kysely';

/** Slots that go, and that take logins from some addresses only; keys that replace the others. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the tables of its day, not today's.
export async function up(db: Kysely<any>): Promise<void> {
  await db.schema.alterTable('slot').addColumn('source_cidr', 'text').execute();
  await db.schema.alterTable('slot').addColumn('removed_at', 'bigint').execute();
  await db.schema
    .alterTable('slot_key')
    .addColumn('replaces', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
