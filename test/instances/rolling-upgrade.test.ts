import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Store } from '../../src/store/index.ts';
import { culvert } from '../cli/support/culvert.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { send } from './support/balancer.ts';
import { type Cluster, makePlace, newTunnel, type Place, startCluster } from './support/cluster.ts';

/** What a later version might add to every table that rows are read from, and a table of its own. */
async function migrateAsNewer({ db }: Store): Promise<void> {
  for (const table of ['region', 'tunnel_server', 'account', 'tunnel', 'slot', 'enrolment_token']) {
    await sql`alter table ${sql.table(table)} add column added_later text not null default 'new'`.execute(
      db,
    );
  }
  await sql`create table made_later (id text not null primary key)`.execute(db);
  await noteMigration(db, '20991231T0000-later');
}

async function noteMigration(db: Store['db'], name: string): Promise<void> {
  await sql`insert into kysely_migration values (${name}, '2099-12-31T00:00:00Z')`.execute(db);
}

/** Makes a tunnel and gives its id. */
async function makeTunnel(cluster: Cluster, place: Place, slug: string): Promise<string> {
  const body = { ...newTunnel(place, slug), issue_token: true };
  return (await cluster.api('POST', '/v1/tunnels', body)).id;
}

/** What an installer's address gives, and the digest that the API names. */
async function installerOf({ instances, api }: Cluster, tunnel: string): Promise<unknown> {
  const answer = await fetch(`${instances[0]?.url}/t/${tunnel}/install.sh`);
  return {
    script: await answer.text(),
    shown: (await api('GET', `/v1/tunnels/${tunnel}`)).installers,
  };
}

testOnEachEngine(
  'an older version goes on when a newer one has migrated',
  async ({ url, store }) => {
    await using cluster = await startCluster({ stores: [url] });
    const [instance] = cluster.instances;
    if (!instance) throw new Error('an instance is needed');
    const place = await makePlace(cluster, 100);
    const tunnel = await makeTunnel(cluster, place, 'before');
    const before = await installerOf(cluster, tunnel);

    await migrateAsNewer(store);
    assert.equal((await send(instance.url, { path: '/readyz' })).status, 200);
    await makeTunnel(cluster, place, 'beside');
    await makePlace(cluster, 100);

    // A start beside the newer one works, too, and says what is the matter.
    await instance.kill();
    await instance.start();
    assert.match(instance.process().stderr(), /20991231T0000-later.*newer Culvert/);
    assert.deepEqual(await installerOf(cluster, tunnel), before, 'the customer would see a change');
    await makeTunnel(cluster, place, 'after');
    const migrated = await culvert(['migrate'], { CULVERT_STORE: url });
    assert.deepEqual([migrated.code, migrated.stdout], [0, 'nothing to do\n']);

    // One that says that it is not for older versions takes them out of service.
    await noteMigration(store.db, '20991231T0100-other.breaking');
    const unready = await send(instance.url, { path: '/readyz' });
    assert.equal(unready.status, 503);
    assert.match(unready.body.detail, /newer Culvert/);
    await instance.kill();
    await assert.rejects(instance.start(), /newer Culvert[\s\S]*Start the newer version/);
  },
);
