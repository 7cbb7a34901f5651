import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FaultScene, startFaultScene } from './support/fault-scene.ts';
import { FAULTS, PAIRS } from './support/faults.ts';

/**
 * A shared machine with two cores starts three processes while others compute. How soon it is on a
 * machine of one's own `npm run bench` says, and holds against ten seconds.
 */
const RIGHT_WITHIN_MS = 60_000;
const LEAST_QUERIES = 1000;

let scene: FaultScene;

before(async () => {
  scene = await startFaultScene();
});
after(() => scene?.end());

for (const faults of [...FAULTS.map((fault) => [fault]), ...PAIRS]) {
  const names = faults.map(({ name }) => name).join(', ');
  test(`${names}: no query is lost, and what is reported is right again`, async (t) => {
    const took = await scene.endure(faults, RIGHT_WITHIN_MS);
    t.diagnostic(`right ${(took / 1000).toFixed(1)} s after the last fault`);
  });
}

test('all in all', (t) => {
  const { tunnelled, direct } = scene.slowest();
  t.diagnostic(
    `${scene.answered()} queries answered, the slowest after ${tunnelled} ms (${direct} without a tunnel)`,
  );
  assert.ok(scene.answered() > LEAST_QUERIES);
});
