import type { Kysely } from 'kysely';

/** What was served, and what reviewers said of it; `schema.sql` says what each column is for. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the tables of its day, not today's.
export async function up(db: Kysely<any>): Promise<void> {
  await db.schema
    .createTable('bundle')
    .addColumn('tunnel_id', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('installers', 'text', (column) => column.notNull())
    .addColumn('input', 'text', (column) => column.notNull())
    // SQLite takes any name of a type, and keeps bytes as bytes.
    .addColumn('gzip', 'bytea', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('bundle_pkey', ['tunnel_id', 'sha256'])
    .addForeignKeyConstraint('bundle_slot', ['tunnel_id', 'slot'], 'slot', ['tunnel_id', 'number'])
    .execute();
  await db.schema
    .createIndex('bundle_by_slot')
    .on('bundle')
    .columns(['tunnel_id', 'slot', 'created_at'])
    .execute();

  await db.schema
    .createTable('artifact')
    .addColumn('tunnel_id', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('file', 'text', (column) => column.notNull())
    .addColumn('bundle', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('artifact_pkey', ['tunnel_id', 'sha256'])
    .addForeignKeyConstraint('artifact_bundle', ['tunnel_id', 'bundle'], 'bundle', [
      'tunnel_id',
      'sha256',
    ])
    .execute();

  await db.schema
    .createTable('statement')
    .addColumn('digest', 'text', (column) => column.notNull().primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('about', 'text', (column) => column.notNull())
    .addColumn('serial', 'integer', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('counts_as', 'integer')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('statement_serial', ['about', 'counts_as'])
    .execute();
  await db.schema.createIndex('statement_by_subject').on('statement').column('about').execute();

  await db.schema
    .createTable('statement_signature')
    .addColumn('statement', 'text', (column) => column.notNull().references('statement.digest'))
    .addColumn('person', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('signature', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('statement_signature_pkey', ['statement', 'person'])
    .execute();
}
