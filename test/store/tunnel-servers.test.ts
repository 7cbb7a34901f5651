import assert from 'node:assert/strict';
import { mintToken } from '../../src/domain/token.ts';
import {
  findServerByCredentialId,
  findServerByJoinTokenId,
  getTunnelServer,
  insertTunnelServer,
  joinTunnelServer,
  listTunnelServers,
  recordReport,
  renewJoinToken,
  type Store,
} from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { addRegion, addServer, changing, someJoin } from './seed.ts';

const HOST = { host: 'ssh.example', aliases: ['192.0.2.7'] };

async function addWaiting(store: Store) {
  const region = await addRegion(store);
  const token = mintToken('join');
  const server = await changing(store, [region.id], (trx) =>
    insertTunnelServer(trx, region.id, HOST, { id: token.id, hash: token.hash }, 1000),
  );
  return { region, token, server };
}

testOnEachEngine('a server waits for its agent', async ({ store }) => {
  const { region, token, server } = await addWaiting(store);
  assert.deepEqual(server, {
    id: server.id,
    region_id: region.id,
    ...HOST,
    host_keys: null,
    applied: null,
    reported_at: null,
    created_at: 1000,
  });
  assert.deepEqual(await getTunnelServer(store.db, server.id), server);
  assert.deepEqual(await listTunnelServers(store.db, region.id), [server]);
  assert.deepEqual(await findServerByJoinTokenId(store.db, token.id), {
    ...server,
    hash: token.hash,
  });
  assert.equal(await findServerByJoinTokenId(store.db, 'none'), undefined);
});

testOnEachEngine('of agents that join at once one is let in', async ({ store, open }) => {
  const { region, server } = await addWaiting(store);
  const other = await open();
  const joins = [someJoin(), someJoin(), someJoin()];
  const results = await Promise.allSettled(
    joins.map((join, index) =>
      changing(index === 0 ? store : other, [region.id], (trx, at) =>
        joinTunnelServer(trx, server.id, join, at),
      ),
    ),
  );
  const winner = results.findIndex(({ status }) => status === 'fulfilled');
  for (const [index, join] of joins.entries()) {
    const found = await findServerByCredentialId(store.db, join.credential.id);
    if (index === winner) {
      assert.equal(found?.hash, join.credential.hash);
      assert.deepEqual(found?.host_keys, join.host_keys);
    } else {
      assert.equal(found, undefined);
      assert.equal((results[index] as PromiseRejectedResult).reason.code, 'token-spent');
    }
  }
});

testOnEachEngine('a host is once in its region', async ({ store }) => {
  const region = await addRegion(store);
  const { host } = await addServer(store, region);
  const again = changing(store, [region.id], (trx, at) =>
    insertTunnelServer(trx, region.id, { host, aliases: [] }, { id: 'x', hash: '' }, at),
  );
  await assert.rejects(again, { code: 'exists', field: 'host' });
});

testOnEachEngine(
  'a server that lost its join is let in again, with its host keys',
  async (bench) => {
    const { store } = bench;
    const region = await addRegion(store);
    const server = await addServer(store, region);
    const { host_keys } = server;
    if (!host_keys) throw new Error('it has not joined');
    const join = (more: { host_keys: typeof host_keys }) => {
      const details = { ...someJoin(), ...more };
      const { id } = details.credential;
      return changing(store, [region.id], (trx, at) =>
        joinTunnelServer(trx, server.id, details, at),
      ).then(() => id);
    };
    const renew = (regionId = region.id) => {
      const { id, hash } = mintToken('join');
      return changing(store, [region.id], (trx) =>
        renewJoinToken(trx, regionId, server.id, { id, hash }),
      ).then(() => id);
    };
    const reports = (boot: string) =>
      recordReport(store, server.id, {
        boot,
        seq: 1,
        applied: 0,
        digest: '0'.repeat(64),
        full: true,
        slots: [],
      });
    await reports('first');
    await assert.rejects(join({ host_keys }), { code: 'token-spent' });

    const token = await renew();
    assert.equal((await findServerByJoinTokenId(store.db, token))?.id, server.id);
    const others = someJoin();
    await assert.rejects(join({ host_keys: others.host_keys }), { code: 'token-spent' });
    const credential = await join({ host_keys });
    assert.equal((await findServerByCredentialId(store.db, credential))?.id, server.id);
    await reports('second');
    await assert.rejects(join({ host_keys }), { code: 'token-spent' });

    // Where the agent works, it is of no use.
    await renew();
    await reports('third');
    await assert.rejects(join({ host_keys }), { code: 'token-spent' });
    await assert.rejects(renew((await addRegion(store)).id), { code: 'not-found' });
  },
);
