import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MODES } from './support/agent-host.ts';
import { startGreeter } from './support/greeter.ts';
import { World } from './support/world.ts';

for (const mode of MODES.filter((one) => one === 'root')) {
  test('a state folder that only root can reach, with a blank and a percent sign', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'culvert closed%f-'));
    assert.equal(statSync(closed).mode & 0o777, 0o700);
    const stateFolder = join(closed, 'state');
    mkdirSync(stateFolder);
    const database = await startGreeter();
    const world = await World.make(mode, { stateFolder });
    try {
      await world.startAgent();
      const proxy = await world.enrolled();
      proxy.connect(database.port);
      await world.controlPlane.until(proxy.key.tunnel, ({ session }) => session === 'up');
      assert.equal(statSync(stateFolder).mode & 0o777, 0o700);
    } finally {
      await world.remove();
      database.stop();
      rmSync(closed, { recursive: true });
    }
  });
}
