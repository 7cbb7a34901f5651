import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { readKeyFile } from '../../src/agent/keys/key-file.ts';
import { keysDigest } from '../../src/domain/keys-digest.ts';
import { getTunnelServer, type Store, serverFingerprints } from '../../src/store/index.ts';
import { startControlPlane } from '../server/support/control-plane.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { AgentHost, MODES } from './support/agent-host.ts';
import { keyChanges } from './support/key-changes.ts';
import { randomFrom } from './support/random.ts';
import { startUnreliableFront } from './support/unreliable-front.ts';

const CHANGES = Number(process.env['CULVERT_TEST_KEY_CHANGES'] ?? 5000);
const CHANGES_OF = { postgres: CHANGES, sqlite: CHANGES / 4 };
/** The agent is ended and started again, and its folder spoilt, after so many of them. */
const RESTART_EVERY = 250;
/** On average, also where the agent has to wait for a busy machine. */
const CHANGES_AN_ANSWER = 20;
const WITHIN_MS = 120_000;

/** The same seed makes the same changes and faults; when they meet is up to the machine. */
const SEED = Number(process.env['CULVERT_TEST_SEED'] ?? randomInt(2 ** 31));

testOnEachEngine(
  'after random changes and faults the agent has the keys of the store, line by line',
  async ({ store }, t) => {
    const random = randomFrom(SEED);
    await using plane = await startControlPlane({ store });
    await plane.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = plane.app.server.address() as AddressInfo;
    const front = await startUnreliableFront(port, randomFrom(SEED + 1));
    const [mode] = MODES;
    if (!mode) throw new Error('there is no way to run sshd');
    const agent = new AgentHost(mode);
    await using stack = new AsyncDisposableStack();
    stack.defer(() => front.stop());
    stack.defer(() => agent.remove());

    const { id: region } = await plane.api<{ id: string }>('POST', '/v1/regions', {
      slug: 'here',
      name: 'Here',
      login: agent.login,
      port: await freePort(),
    });
    const { id: account } = await plane.api<{ id: string }>('POST', '/v1/accounts', {
      slug: 'customer',
      name: 'Customer',
    });
    const { server, join_token: joinToken } = await plane.api<{
      server: { id: string };
      join_token: string;
    }>('POST', `/v1/regions/${region}/servers`, { host: 'here.example', aliases: [] });
    const start = () => agent.start(front.url, { joinToken });
    await start();

    const changes = keyChanges(plane, { region, account }, random);
    const folder = join(agent.stateFolder, 'keys');
    const answers = () => Object.values(front.counts).reduce((sum, count) => sum + count, 0);
    let restarts = 0;
    const spoilAndRestart = async () => {
      restarts += 1;
      spoil(folder, restarts);
      if (restarts % 3 === 0) await agent.stop(false);
      else await agent.kill();
      await start();
    };
    let restarting = Promise.resolve();
    const begun = Date.now();
    for (let made = 1; made <= CHANGES_OF[store.engine]; made += 1) {
      await changes.next();
      await turn(); // Or the agent's requests would wait: SQLite and calls inside the process never do.
      await soon('the agent asks on', () => answers() >= made / CHANGES_AN_ANSWER);
      if (made % RESTART_EVERY > 0) continue;
      await restarting;
      restarting = spoilAndRestart();
      restarting.catch(() => {}); // It is for whoever waits for it.
    }
    await restarting;
    front.heal();

    const wanted = changes.files();
    const digest = keysDigest(changes.fingerprints());
    const inStore = await serverFingerprints(store.db, server.id);
    assert.equal(keysDigest(inStore?.fingerprints ?? []), digest, 'the store has other keys');
    const { revision = 0 } = inStore ?? {};
    await soon('the agent has all', async () => (await applied(store, server.id)) >= revision);
    const list = await readKeyFile(join(agent.stateFolder, 'keys.json'));
    assert.equal(keysDigest(list?.keys.keys() ?? []), digest, `seed ${SEED}: its list`);
    assert.deepEqual(differencesOf(filesIn(folder), wanted), [], `seed ${SEED}`);
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    t.diagnostic(`seed ${SEED}: ${wanted.size} keys, ${restarts} restarts, ${seconds} s`);
    t.diagnostic(`answers ${JSON.stringify(front.counts)}`);
    t.diagnostic(`changes ${JSON.stringify(changes.counts)}`);
  },
);

/** Looks often: thousands of changes wait for it. Whoever reads of a failure needs the seed. */
function soon(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  return until(`seed ${SEED}: ${what}`, holds, WITHIN_MS, 10);
}

/** The revision that the agent says it has in place. */
async function applied({ db }: Store, server: string): Promise<number> {
  return (await getTunnelServer(db, server))?.applied ?? 0;
}

function differencesOf(found: Map<string, string>, wanted: Map<string, string>): string[] {
  return [...new Set([...found.keys(), ...wanted.keys()])].flatMap((path) =>
    found.get(path) === wanted.get(path)
      ? []
      : `${path}: ${found.get(path)} instead of ${wanted.get(path)}`,
  );
}

/** By hand: a key's file is gone, one is changed, and there is one more. */
function spoil(folder: string, round: number): void {
  const paths = pathsIn(folder);
  const [gone, changed] = [paths[round % paths.length], paths[(round * 7 + 1) % paths.length]];
  if (gone) rmSync(gone, { force: true });
  if (changed) writeFileSync(changed, 'something else\n');
  writeFileSync(join(folder, `SHA256:${'A'.repeat(42)}`), 'ssh-ed25519 AAAA stranger\n');
}

function pathsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Every file below a folder with what it holds, by its path there. */
function filesIn(folder: string): Map<string, string> {
  return new Map(
    pathsIn(folder).map((path) => [relative(folder, path), readFileSync(path, 'latin1')]),
  );
}
