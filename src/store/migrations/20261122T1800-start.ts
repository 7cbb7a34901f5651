import { type Kysely, sql } from 'kysely';

/** Every table of the first release; `schema.sql` says what each column is for. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the tables of its day, not today's.
export async function up(db: Kysely<any>): Promise<void> {
  await db.schema
    .createTable('installation')
    .addColumn('id', 'integer', (column) => column.notNull().primaryKey())
    .addColumn('vendor_slug', 'text', (column) => column.notNull())
    .addColumn('vendor_name', 'text', (column) => column.notNull())
    .addColumn('service_name', 'text', (column) => column.notNull())
    .addColumn('public_url', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addCheckConstraint('installation_one_row', sql`id = 1`)
    .execute();

  await db.schema
    .createTable('region')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('slug', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('login', 'text', (column) => column.notNull())
    .addColumn('port', 'integer', (column) => column.notNull())
    .addColumn('alternate_ports', 'text', (column) => column.notNull())
    .addColumn('first_tunnel_port', 'integer', (column) => column.notNull())
    .addColumn('last_tunnel_port', 'integer', (column) => column.notNull())
    .addColumn('bind_address', 'text', (column) => column.notNull())
    .addColumn('egress_addresses', 'text', (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull().defaultTo(1))
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('tunnel_server')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('region_id', 'text', (column) => column.notNull().references('region.id'))
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('aliases', 'text', (column) => column.notNull())
    .addColumn('join_token_id', 'text', (column) => column.notNull().unique())
    .addColumn('join_token_hash', 'text', (column) => column.notNull())
    .addColumn('joined_at', 'bigint')
    .addColumn('credential_id', 'text', (column) => column.unique())
    .addColumn('credential_hash', 'text')
    .addColumn('active_host_key', 'text')
    .addColumn('spare_host_key', 'text')
    .addColumn('mode', 'text')
    .addColumn('openssh', 'text')
    .addColumn('applied', 'bigint')
    .addColumn('reported_at', 'bigint')
    .addColumn('report_boot', 'text')
    .addColumn('report_seq', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('tunnel_server_host', ['region_id', 'host'])
    .execute();

  await db.schema
    .createTable('account')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('slug', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('tunnel')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('slug', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('region_id', 'text', (column) => column.notNull().references('region.id'))
    .addColumn('database', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('removed_at', 'bigint')
    .execute();
  await db.schema
    .createIndex('tunnel_by_creation')
    .on('tunnel')
    .columns(['created_at', 'id'])
    .execute();

  await db.schema
    .createTable('slot')
    .addColumn('tunnel_id', 'text', (column) => column.notNull().references('tunnel.id'))
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('region_id', 'text', (column) => column.notNull().references('region.id'))
    .addColumn('server_id', 'text', (column) => column.notNull().references('tunnel_server.id'))
    .addColumn('tunnel_port', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('slot_pkey', ['tunnel_id', 'number'])
    .addUniqueConstraint('slot_tunnel_port', ['region_id', 'tunnel_port'])
    .execute();
  await db.schema.createIndex('slot_by_server').on('slot').column('server_id').execute();

  await db.schema
    .createTable('enrolment_token')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('tunnel_id', 'text', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('max_uses', 'integer', (column) => column.notNull())
    .addColumn('uses', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('spent_by', 'text', (column) => column.notNull().defaultTo('[]'))
    .addColumn('source_cidr', 'text')
    .addColumn('confirm', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint')
    .addForeignKeyConstraint('enrolment_token_slot', ['tunnel_id', 'slot'], 'slot', [
      'tunnel_id',
      'number',
    ])
    .addCheckConstraint('enrolment_token_uses', sql`uses <= max_uses`)
    .execute();
  await db.schema
    .createIndex('enrolment_token_by_tunnel')
    .on('enrolment_token')
    .column('tunnel_id')
    .execute();

  await db.schema
    .createTable('slot_key')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('tunnel_id', 'text', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull().unique())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('blob', 'text', (column) => column.notNull())
    .addColumn('render', 'text', (column) => column.notNull())
    .addColumn('platform', 'text', (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('confirmed_at', 'bigint')
    .addColumn('removed_at', 'bigint')
    .addColumn('removed_revision', 'bigint')
    .addForeignKeyConstraint('slot_key_slot', ['tunnel_id', 'slot'], 'slot', [
      'tunnel_id',
      'number',
    ])
    .execute();
  await db.schema
    .createIndex('slot_key_by_slot')
    .on('slot_key')
    .columns(['tunnel_id', 'slot'])
    .execute();

  await db.schema
    .createTable('api_token')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('accounts', 'text')
    .addColumn('expires_at', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute();

  await db.schema
    .createTable('slot_state')
    .addColumn('tunnel_id', 'text', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('server_id', 'text', (column) => column.notNull().references('tunnel_server.id'))
    .addColumn('boot', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('session', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('session_key', 'text', (column) => column.notNull())
    .addColumn('session_since', 'bigint', (column) => column.notNull())
    .addColumn('database', 'text', (column) => column.notNull())
    .addColumn('database_at', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('slot_state_pkey', ['tunnel_id', 'slot'])
    .addForeignKeyConstraint('slot_state_slot', ['tunnel_id', 'slot'], 'slot', [
      'tunnel_id',
      'number',
    ])
    .execute();
  await db.schema
    .createIndex('slot_state_by_server')
    .on('slot_state')
    .column('server_id')
    .execute();

  await db.schema
    .createTable('audit_event')
    .addColumn('seq', 'bigint', (column) => column.notNull().primaryKey())
    .addColumn('bytes', 'text', (column) => column.notNull())
    .addColumn('prev', 'text', (column) => column.notNull().unique())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .execute();

  await db.schema
    .createTable('audit_head')
    .addColumn('id', 'integer', (column) => column.notNull().primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addCheckConstraint('audit_head_one_row', sql`id = 1`)
    .execute();
  await db
    .insertInto('audit_head')
    .values({ id: 1, seq: 0, hash: '0'.repeat(64) })
    .execute();
}
