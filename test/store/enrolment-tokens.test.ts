import assert from 'node:assert/strict';
import {
  findEnrolmentToken,
  listTokens,
  revokeToken,
  type Store,
  spendToken,
} from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { addEverything, addToken, changing, freshFingerprint } from './seed.ts';

function spend(store: Store, region: string[], token: string, key: string, now = Date.now()) {
  return changing(store, region, (trx) => spendToken(trx, token, key, now));
}

testOnEachEngine('a token comes back as it was made', async ({ store }) => {
  const { tunnel } = await addEverything(store);
  const details = {
    expires_at: 99,
    max_uses: 3,
    sources: ['192.0.2.0/24', '2001:db8::/32'],
    confirm: true,
  };
  const id = await addToken(store, tunnel, { ...details, hash: 'a'.repeat(64) });
  const { created_at, ...found } = (await findEnrolmentToken(store.db, id)) ?? assert.fail();
  assert.deepEqual(found, {
    id,
    hash: 'a'.repeat(64),
    tunnel_id: tunnel.id,
    slot: 1,
    ...details,
    spent_by: [],
    revoked_at: null,
  });
  const [listed] = await listTokens(store.db, tunnel.id);
  assert.equal(listed?.id, id);
  assert.equal('hash' in (listed ?? {}), false);
  assert.equal(await findEnrolmentToken(store.db, 'none'), undefined);
});

testOnEachEngine('of many keys at once exactly one spends a token', async ({ store, open }) => {
  const { region, tunnel } = await addEverything(store);
  const stores = [store, await open(), await open()];
  // Under the region's lock, and, as if it were forgotten, without it.
  for (const regions of [[region.id], []]) {
    const token = await addToken(store, tunnel);
    const keys = Array.from({ length: 9 }, freshFingerprint);
    const results = await Promise.allSettled(
      keys.map((key, index) => spend(stores[index % 3] ?? store, regions, token, key)),
    );
    const winners = keys.filter((_, index) => results[index]?.status === 'fulfilled');
    assert.equal(winners.length, 1);
    assert.deepEqual((await findEnrolmentToken(store.db, token))?.spent_by, winners);
    for (const result of results) {
      if (result.status === 'rejected') assert.equal(result.reason.code, 'token-spent');
    }
  }
});

testOnEachEngine('the same key again is the same use, also at once', async ({ store, open }) => {
  const { region, tunnel } = await addEverything(store);
  const token = await addToken(store, tunnel, { max_uses: 2 });
  const key = freshFingerprint();
  const other = await open();
  const answers = await Promise.all([
    spend(store, [region.id], token, key),
    spend(other, [region.id], token, key),
    spend(other, [], token, key),
  ]);
  assert.deepEqual(answers.sort(), ['again', 'again', 'spent']);
  assert.deepEqual((await findEnrolmentToken(store.db, token))?.spent_by, [key]);
});

testOnEachEngine('of many keys at once exactly as many as its uses win', async (bench) => {
  const { store, open } = bench;
  const { region, tunnel } = await addEverything(store);
  const stores = [store, await open(), await open()];
  for (const regions of [[region.id], []]) {
    const token = await addToken(store, tunnel, { max_uses: 4 });
    const keys = Array.from({ length: 12 }, freshFingerprint);
    const results = await Promise.allSettled(
      keys.map((key, index) => spend(stores[index % 3] ?? store, regions, token, key)),
    );
    const winners = keys.filter((_, index) => results[index]?.status === 'fulfilled');
    assert.equal(winners.length, 4);
    const { spent_by = [] } = (await findEnrolmentToken(store.db, token)) ?? {};
    assert.deepEqual([...spent_by].sort(), winners);
    for (const result of results) {
      if (result.status === 'rejected') assert.equal(result.reason.code, 'token-spent');
    }
  }
});

testOnEachEngine('an expired token is refused to new keys only', async ({ store }) => {
  const { tunnel } = await addEverything(store);
  const token = await addToken(store, tunnel, { expires_at: 1000, max_uses: 2 });
  const key = freshFingerprint();
  assert.equal(await spend(store, [], token, key, 999), 'spent');
  await assert.rejects(spend(store, [], token, freshFingerprint(), 1000), {
    code: 'token-expired',
  });
  assert.equal(await spend(store, [], token, key, 1000), 'again');
});

testOnEachEngine('a revoked token is worth nothing', async ({ store }) => {
  const { tunnel } = await addEverything(store);
  const other = await addEverything(store);
  const token = await addToken(store, tunnel, { max_uses: 2 });
  const key = freshFingerprint();
  await spend(store, [], token, key);
  const revoke = (tunnelId: string) =>
    changing(store, [], (trx) => revokeToken(trx, tunnelId, token, 7));
  assert.equal(await revoke(other.tunnel.id), undefined);
  assert.equal((await revoke(tunnel.id))?.id, token);
  assert.equal(await revoke(tunnel.id), undefined);
  assert.equal((await findEnrolmentToken(store.db, token))?.revoked_at, 7);
  await assert.rejects(spend(store, [], token, key), { code: 'token-unknown' });
});
