import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  loadCatalogue,
  renderTunnelServerScript,
  type TunnelServerInput,
} from '../../src/render/index.ts';
import { TUNNEL_SERVERS } from '../support/dist-scripts/accounts.ts';

/** The installer of a tunnel server is one block behind the same guard as that of a proxy: cut.test.ts. */

const { bytes } = renderTunnelServerScript(
  loadCatalogue(),
  TUNNEL_SERVERS['plain'] as TunnelServerInput,
);
const script = bytes.toString();
const folder = mkdtempSync(join(tmpdir(), 'culvert-cut-'));
const file = join(folder, 'install.sh');
writeFileSync(file, bytes);
after(() => rmSync(folder, { recursive: true }));
/** Every so many bytes: a prime, so that cuts fall into every kind of place. */
const STEP = 61;

test('bash: cut anywhere, it runs nothing', () => {
  const driver = join(import.meta.dirname, 'every-prefix.bash');
  const words = [driver, file, '1', String(STEP)];
  const rows = execFileSync('bash', words, {
    env: { PATH: '/usr/bin:/bin' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .trimEnd()
    .split('\n');
  assert.deepEqual(
    rows.filter((row) => row.includes('ran')),
    [],
  );
  assert.equal(rows.length, Math.ceil((script.length - 2) / STEP));
});

test('its last bytes run it: without them it does nothing, also in a plain sh', () => {
  const env = { PATH: folder, HOME: folder };
  for (const missing of [2, 3, 4, 10, 100, 1000, 10_000]) {
    for (const program of ['/bin/bash', '/bin/dash']) {
      const { stdout, stderr, status } = spawnSync(program, {
        input: script.slice(0, -missing),
        env,
        encoding: 'utf8',
      });
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /not found/);
      assert.notEqual(`${status} ${stderr}`, '0 ');
    }
  }
});
