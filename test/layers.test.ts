import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { test } from 'node:test';

const SOURCE = join(import.meta.dirname, '../src');

/** What each folder of src may import of ours: the table of docs/architecture.md. */
const MAY_IMPORT: Record<string, string[]> = {
  domain: [],
  render: ['domain'],
  bundle: ['domain'],
  store: ['domain'],
  server: ['domain', 'render', 'bundle', 'store'],
  agent: ['domain', 'render'],
};

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

/** Files of ours that a file imports, relative to src. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map(
    ([, path]) => path,
  );
  return specifiers.map((path) => relative(SOURCE, join(SOURCE, dirname(file), path ?? '')));
}

for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
  test(`src/${folder} imports ${allowed.join(', ') || 'nothing of ours'} besides itself`, () => {
    for (const file of files.filter((name) => name.startsWith(folder + sep))) {
      const strangers = importsOf(file)
        .map((path) => path.split(sep)[0] ?? '')
        .filter((name) => name !== folder && !allowed.includes(name));
      assert.deepEqual(strangers, [], file);
    }
  });
}

test('a module is entered by its index, from outside', () => {
  for (const file of files) {
    const own = file.split(sep)[0];
    const inner = importsOf(file).filter((path) => {
      const [folder, ...rest] = path.split(sep);
      return (
        folder !== own &&
        ['render', 'bundle', 'store', 'server', 'agent'].includes(folder ?? '') &&
        rest.join('/') !== 'index.ts'
      );
    });
    assert.deepEqual(inner, [], file);
  }
});

test('only the process boundary reads the environment or ends the process', () => {
  for (const file of files.filter((name) => !['main.ts', 'settings.ts'].includes(name))) {
    const text = readFileSync(join(SOURCE, file), 'utf8');
    assert.doesNotMatch(text, /process\.(exit\(|env\b)/, file);
  }
});
