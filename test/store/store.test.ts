import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { migrate, openStore } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';

test('an address of neither engine is refused', async () => {
  for (const url of ['', 'sqlite:', 'mysql://localhost/culvert', './culvert.db']) {
    await assert.rejects(openStore(url), { code: 'value-invalid', field: 'store' });
  }
});

test('a SQLite file is made for its owner alone, and is safe when the machine stops', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'culvert-store-'));
  const data = join(folder, 'new', 'data');
  const store = await openStore(`sqlite:${join(data, 'culvert.db')}`);
  try {
    await migrate(store);
    const pragma = async (name: string) =>
      Object.values((await sql.raw(`pragma ${name}`).execute(store.db)).rows[0] as object)[0];
    assert.equal(await pragma('journal_mode'), 'wal');
    assert.equal(await pragma('synchronous'), 2);
    assert.equal(await pragma('foreign_keys'), 1);
    assert.equal((await stat(data)).mode & 0o077, 0);
    for (const file of await readdir(data)) {
      assert.equal((await stat(join(data, file))).mode & 0o077, 0, file);
    }
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
});

testOnEachEngine('a store can be closed twice', async ({ open }) => {
  const store = await open();
  await store.close();
  await store.close();
});

testOnEachEngine('rows that refer to nothing are refused', async ({ store }) => {
  const orphan = { tunnel_id: 'tun_none', number: 1, region_id: 'reg', server_id: 'srv' };
  const insert = store.db.insertInto('slot').values({ ...orphan, tunnel_port: 20000 });
  await assert.rejects(insert.execute(), /foreign key/i);
});
