import assert from 'node:assert/strict';
import { checkChain } from '../../src/domain/check-chain.ts';
import { auditRows, change, getAuditHead, getRegion, type Store } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { addRegion, changing, freshSlug, SOME_EVENT } from './seed.ts';

async function revisionOf(store: Store, id: string): Promise<number | undefined> {
  return (await getRegion(store.db, id))?.revision;
}

testOnEachEngine('a change raises the revision of each region that it names', async ({ store }) => {
  const [first, second, other] = [
    await addRegion(store),
    await addRegion(store),
    await addRegion(store),
  ];
  await changing(store, [second.id, first.id, first.id], async () => {});
  assert.equal(await revisionOf(store, first.id), first.revision + 1);
  assert.equal(await revisionOf(store, second.id), second.revision + 1);
  assert.equal(await revisionOf(store, other.id), other.revision);
});

testOnEachEngine('a change that changed nothing leaves no trace', async ({ store }) => {
  const region = await addRegion(store);
  const head = await getAuditHead(store.db);
  const work = async () => ({ result: 'seen', events: [] });
  assert.equal(await change(store, { regions: [region.id] }, work), 'seen');
  assert.equal(await revisionOf(store, region.id), region.revision);
  assert.deepEqual(await getAuditHead(store.db), head);
});

testOnEachEngine('a change that fails writes nothing', async ({ store }) => {
  const region = await addRegion(store);
  const head = await getAuditHead(store.db);
  const attempt = changing(store, [region.id], async (trx) => {
    await trx.updateTable('region').set({ name: 'Changed' }).execute();
    throw new Error('second thoughts');
  });
  await assert.rejects(attempt, /second thoughts/);
  assert.deepEqual(await getRegion(store.db, region.id), region);
  assert.deepEqual(await getAuditHead(store.db), head);
});

testOnEachEngine('an unknown region is refused before any work', async ({ store }) => {
  const attempt = changing(store, ['reg_none'], () => assert.fail('the work ran'));
  await assert.rejects(attempt, { code: 'not-found', field: 'region' });
});

testOnEachEngine('events are chained with the time of the change', async ({ store }) => {
  const two = [SOME_EVENT, { ...SOME_EVENT, subject: 'ünï', data: { b: 1, a: [null] } }];
  await change(store, { regions: [], now: 1234 }, async (_trx, at) => {
    assert.equal(at, 1234);
    return { result: undefined, events: two };
  });
  const rows = await Array.fromAsync(auditRows(store.db));
  assert.deepEqual(
    rows.map(({ bytes }) => JSON.parse(bytes)),
    two.map((event, index) => ({ v: 2, seq: index + 1, at: 1234, ...event })),
  );
  assert.equal((await checkChain(rows)).broken, undefined);
});

testOnEachEngine('many instances at once leave a whole chain', async ({ store, open }) => {
  const [first, second] = [await addRegion(store), await addRegion(store)];
  const before = await getAuditHead(store.db);
  const stores = [store, await open(), await open(), await open()];
  const rounds = 15;
  // Regions named in every order: whoever locked them as named would deadlock.
  const orders = [[first.id, second.id], [second.id, first.id], [first.id], []];
  const changes = stores.flatMap((instance) =>
    Array.from({ length: rounds }, (_, round) =>
      changing(instance, orders[round % orders.length] ?? [], (trx) =>
        trx.updateTable('region').set({ name: freshSlug() }).where('id', '=', first.id).execute(),
      ),
    ),
  );
  await Promise.all(changes);
  const rows = await Array.fromAsync(auditRows(store.db));
  assert.equal((await checkChain(rows)).broken, undefined);
  assert.equal(rows.length, before.seq + stores.length * rounds);
  const { seq, hash } = rows.at(-1) ?? assert.fail();
  assert.deepEqual(await getAuditHead(store.db), { seq, hash });
  assert.equal(await revisionOf(store, second.id), second.revision + stores.length * 8);
});

testOnEachEngine('a reader never misses a change behind a revision it has seen', async (bench) => {
  const { store } = bench;
  const region = await addRegion(store);
  const writers = Promise.all(
    Array.from({ length: 20 }, () =>
      changing(store, [region.id], (trx) =>
        trx
          .updateTable('region')
          .set(({ eb }) => ({ port: eb('port', '+', 1) }))
          .execute(),
      ),
    ),
  );
  let writing = true;
  writers.finally(() => {
    writing = false;
  });
  const reader = await bench.open();
  while (writing) {
    const seen = await getRegion(reader.db, region.id);
    assert.equal((seen?.port ?? 0) - region.port, (seen?.revision ?? 0) - region.revision);
    await new Promise(setImmediate);
  }
  await writers;
});
