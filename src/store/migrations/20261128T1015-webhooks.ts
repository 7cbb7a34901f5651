import type { Kysely } from 'kysely';

/** What webhooks tell; `schema.sql` says what each column is for. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the tables of its day, not today's.
export async function up(db: Kysely<any>): Promise<void> {
  await db.schema
    .createTable('alert')
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('about', 'text', (column) => column.notNull())
    .addColumn('since', 'bigint', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .addColumn('told_at', 'bigint')
    .addPrimaryKeyConstraint('alert_pkey', ['type', 'about'])
    .execute();

  await db.schema
    .createTable('delivery')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'bigint', (column) => column.notNull())
    .addColumn('done_at', 'bigint')
    .addColumn('result', 'text')
    .execute();
  await db.schema
    .createIndex('delivery_by_next')
    .on('delivery')
    .columns(['done_at', 'next_at'])
    .execute();
}
