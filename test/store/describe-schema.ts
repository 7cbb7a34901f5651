import { sql } from 'kysely';
import type { Store } from '../../src/store/index.ts';

/** A table's form in words that are the same on both engines. */
export interface TableForm {
  /** `name type [not null] [default …]` each, in order. */
  columns: string[];
  /** Column lists. */
  unique: string[];
  /** `columns -> table (columns)` each. */
  foreign: string[];
  /** Column lists of the indexes that are there for speed alone. */
  indexes: string[];
}

/** Asks the engine itself what its tables look like. A primary key counts as `unique`. */
export async function describeSchema(store: Store): Promise<Record<string, TableForm>> {
  const tables = await store.db.introspection.getTables();
  const describe = store.engine === 'sqlite' ? describeSqliteTable : describePostgresTable;
  const forms: Record<string, TableForm> = {};
  for (const { name } of tables) forms[name] = await describe(store, name);
  return forms;
}

async function describeSqliteTable(store: Store, table: string): Promise<TableForm> {
  const columns = await rowsOf<{ text: string }>(
    store,
    sql`select name || ' ' || lower(type) || iif("notnull", ' not null', '')
        || coalesce(' default ' || trim(dflt_value, ''''), '') as text
      from pragma_table_info(${table}) order by cid`,
  );
  const indexes = await rowsOf<{ origin: string; is_unique: number; columns: string }>(
    store,
    sql`select origin, "unique" as is_unique,
        (select group_concat(name, ', ') from pragma_index_info(list.name)) as columns
      from pragma_index_list(${table}) as list`,
  );
  // `integer primary key` is SQLite's row number: it is unique without an index.
  const rowNumber = await rowsOf<{ name: string }>(
    store,
    sql`select name from pragma_table_info(${table}) where pk = 1 and type = 'integer'
      and not exists (select 1 from pragma_index_list(${table}) where origin = 'pk')`,
  );
  const foreign = await rowsOf<{ text: string }>(
    store,
    sql`select group_concat("from", ', ') || ' -> ' || "table" || ' ('
        || group_concat("to", ', ') || ')' as text
      from (select * from pragma_foreign_key_list(${table}) order by id, seq) group by id`,
  );
  const unique = indexes.filter(({ is_unique }) => is_unique === 1);
  return {
    columns: columns.map(({ text }) => text),
    unique: [...unique.map(({ columns }) => columns), ...rowNumber.map(({ name }) => name)].sort(),
    foreign: foreign.map(({ text }) => text).sort(),
    indexes: indexes
      .filter(({ is_unique }) => is_unique === 0)
      .map(({ columns }) => columns)
      .sort(),
  };
}

async function describePostgresTable(store: Store, table: string): Promise<TableForm> {
  const columns = await rowsOf<{ text: string }>(
    store,
    sql`select column_name || ' ' || data_type
        || case is_nullable when 'NO' then ' not null' else '' end
        || coalesce(' default ' || trim(both '''' from split_part(column_default, '::', 1)), '')
        as text
      from information_schema.columns
      where table_schema = 'public' and table_name = ${table} order by ordinal_position`,
  );
  const indexes = await rowsOf<{ is_unique: boolean; columns: string }>(
    store,
    sql`select indisunique as is_unique,
        (select string_agg(attname, ', ' order by attnum) from pg_attribute
          where attrelid = indexrelid) as columns
      from pg_index where indrelid = ${table}::regclass`,
  );
  const foreign = await rowsOf<{ text: string }>(
    store,
    sql`select substring(pg_get_constraintdef(oid) from 'FOREIGN KEY \\((.*?)\\)') || ' -> '
        || regexp_replace(
          substring(pg_get_constraintdef(oid) from 'REFERENCES (.*)'), '\\(', ' (') as text
      from pg_constraint where contype = 'f' and conrelid = ${table}::regclass`,
  );
  const listOf = (unique: boolean) =>
    indexes
      .filter(({ is_unique }) => is_unique === unique)
      .map(({ columns }) => columns)
      .sort();
  return {
    columns: columns.map(({ text }) => text),
    unique: listOf(true),
    foreign: foreign.map(({ text }) => text).sort(),
    indexes: listOf(false),
  };
}

async function rowsOf<Row>(store: Store, query: ReturnType<typeof sql>): Promise<Row[]> {
  const { rows } = await query.execute(store.db);
  return rows as Row[];
}
