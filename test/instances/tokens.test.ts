import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enrolStatement } from '../../src/domain/proof.ts';
import { parseToken } from '../../src/domain/token.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Cluster, makePlace, newTunnel, startCluster } from './support/cluster.ts';
import { makeNodeKey } from './support/node-key.ts';

const ROUNDS = 500;
const RACERS = 16;
const INSTANCES = 4;

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

test(`a token raced for by ${RACERS} clients is won by one, ${ROUNDS} times`, async (t) => {
  const url = await postgres.createDatabase();
  await using cluster = await startCluster({
    stores: Array(INSTANCES).fill(url),
    settings: { CULVERT_TRUST_PROXY: '127.0.0.1' },
  });
  const place = await makePlace(cluster, ROUNDS);
  const started = Date.now();
  for (let round = 0; round < ROUNDS; round += 1) {
    const body = { ...newTunnel(place, `tunnel-${round}`), issue_token: true };
    const { id, token } = await cluster.api('POST', '/v1/tunnels', body);
    const answers = await race(cluster, id, token, round);
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 1, JSON.stringify(answers));
    for (const { status, body } of answers) {
      if (status !== 200) assert.deepEqual([status, body.code], [409, 'token-spent']);
    }
    const keys = await cluster.api('GET', `/v1/tunnels/${id}/keys`);
    assert.deepEqual(
      keys.items.map(({ fingerprint }: { fingerprint: string }) => fingerprint),
      [won[0]?.body.fingerprint],
    );
  }
  t.diagnostic(`${((Date.now() - started) / 1000).toFixed(1)} s`);
});

function race({ call }: Cluster, tunnel: string, token: string, round: number) {
  const statement = enrolStatement(tunnel, 1, parseToken('enrolment', token)?.id ?? '');
  // Failures are counted by address: these are many customers, not one who tries and tries.
  const from = `10.1.${round >> 8}.${round & 255}`;
  const racers = Array.from({ length: RACERS }, () => {
    const key = makeNodeKey();
    return {
      slot: 1,
      public_key: key.publicKey,
      proof: key.prove(statement),
      render: 'a'.repeat(64),
      platform: 'linux',
    };
  });
  return Promise.all(
    racers.map((body) =>
      call({ method: 'POST', path: `/t/${tunnel}/v1/enrol`, token, body, from }),
    ),
  );
}
