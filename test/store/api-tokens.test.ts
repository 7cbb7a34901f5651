import assert from 'node:assert/strict';
import { mintToken } from '../../src/domain/token.ts';
import {
  findApiToken,
  insertApiToken,
  listApiTokens,
  type NewApiToken,
  revokeApiToken,
} from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { changing } from './seed.ts';

testOnEachEngine('API tokens are kept, listed without hash, revoked once', async ({ store }) => {
  const { id, hash } = mintToken('api');
  const input: NewApiToken = {
    id,
    hash,
    name: 'billing',
    scopes: ['tunnels:read', 'accounts:read'],
    accounts: ['acc_a'],
    expires_at: 9999,
  };
  await changing(store, [], (trx) => insertApiToken(trx, input, 1000));
  const kept = { ...input, created_at: 1000, revoked_at: null };
  assert.deepEqual(await findApiToken(store.db, id), kept);
  const { hash: _, ...listed } = kept;
  assert.deepEqual(await listApiTokens(store.db), [listed]);

  const revoke = () => changing(store, [], (trx) => revokeApiToken(trx, id, 2000));
  assert.deepEqual(await revoke(), { ...listed, revoked_at: 2000 });
  assert.equal(await revoke(), undefined);
  assert.equal((await findApiToken(store.db, id))?.revoked_at, 2000);
  assert.equal(await findApiToken(store.db, 'none'), undefined);
});

testOnEachEngine('a token for every account, without an end', async ({ store }) => {
  const { id, hash } = mintToken('api');
  const input: NewApiToken = {
    id,
    hash,
    name: 'admin',
    scopes: [],
    accounts: null,
    expires_at: null,
  };
  await changing(store, [], (trx) => insertApiToken(trx, input, 1));
  const found = await findApiToken(store.db, id);
  assert.equal(found?.accounts, null);
  assert.equal(found?.expires_at, null);
});
