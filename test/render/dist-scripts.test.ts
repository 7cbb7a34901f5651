import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DIST_SCRIPTS, renderDistScripts } from '../support/dist-scripts.ts';

const rendered = renderDistScripts();

for (const [file, text] of rendered) {
  test(`dist-scripts/${file} is what the templates give now`, () => {
    const kept = readFileSync(join(DIST_SCRIPTS, file), 'utf8');
    assert.equal(kept, text, 'Run npm run dist-scripts, read the difference, and commit it.');
  });
}

test('dist-scripts holds nothing else', () => {
  const kept = readdirSync(DIST_SCRIPTS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(DIST_SCRIPTS.length + 1));
  assert.deepEqual(kept.sort(), [...rendered.keys()].sort());
});
