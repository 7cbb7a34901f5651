import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadCatalogue, renderInstaller } from '../../src/render/index.ts';
import { SAMPLE } from '../support/sample-input.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'culvert-package-'));

after(() => rmSync(folder, { recursive: true, force: true }));

test('the built package renders the same bytes as the source', () => {
  const tsc = ['-p', join(REPOSITORY, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')];
  execFileSync(join(REPOSITORY, 'node_modules/.bin/tsc'), tsc);
  for (const name of ['templates', 'package.json', 'node_modules']) {
    symlinkSync(join(REPOSITORY, name), join(folder, name));
  }
  const input = join(folder, 'input.json');
  writeFileSync(input, JSON.stringify(SAMPLE));
  const render = ['render', '--template', 'linux', '--input', input];
  const built = execFileSync(process.execPath, [join(folder, 'dist/main.js'), ...render]);
  assert.deepEqual(built, renderInstaller(loadCatalogue(), 'linux', SAMPLE).bytes);
});
