import type { Kysely } from 'kysely';

/** Checks on demand; `schema.sql` says what each column is for. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the tables of its day, not today's.
export async function up(db: Kysely<any>): Promise<void> {
  await db.schema
    .createTable('slot_check')
    .addColumn('tunnel_id', 'text', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('server_id', 'text', (column) => column.notNull().references('tunnel_server.id'))
    .addColumn('asked_at', 'bigint', (column) => column.notNull())
    .addColumn('taken_at', 'bigint')
    .addColumn('answered_at', 'bigint')
    .addColumn('answer', 'text')
    .addPrimaryKeyConstraint('slot_check_pkey', ['tunnel_id', 'slot'])
    .addForeignKeyConstraint('slot_check_slot', ['tunnel_id', 'slot'], 'slot', [
      'tunnel_id',
      'number',
    ])
    .execute();
  await db.schema
    .createIndex('slot_check_by_server')
    .on('slot_check')
    .column('server_id')
    .execute();
}
