import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { accountInputs } from '../support/dist-scripts/accounts.ts';
import { culvert, culvertJson } from './support/culvert.ts';

const { plain } = accountInputs();
const folder = await mkdtemp(join(tmpdir(), 'culvert-render-'));
const input = join(folder, 'tunnel.json');
await writeFile(input, JSON.stringify(plain));
after(() => rm(folder, { recursive: true, force: true }));

test('an installer goes to standard output, the same each time, with no server and no store', async () => {
  const first = await culvert(['render', '--template', 'linux', '--input', input]);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stderr, '');
  assert.match(first.stdout, /^#!\/bin\/bash\n|^#!\/usr\/bin\/env bash\n/);
  const again = await culvert(
    ['render', '--template', 'linux', '--input', '-'],
    {},
    await readFile(input, 'utf8'),
  );
  assert.equal(again.stdout, first.stdout);
});

test('--output writes the file and says its digest', async () => {
  const output = join(folder, 'install.sh');
  const words = ['render', '--template', 'linux', '--input', input, '--output', output];
  const said = await culvertJson<{ output: string; sha256: string; template: string }>(words);
  const bytes = await readFile(output);
  assert.equal(said.sha256, createHash('sha256').update(bytes).digest('hex'));
  assert.equal(said.output, output);
  assert.match(said.template, /^linux \d+\.\d+\.\d+$/);
});

for (const [field, given] of Object.entries({
  'servers.0.host': { ...plain, servers: [{ ...plain?.servers[0], host: 'a\nb' }] },
  'database.host': { ...plain, database: { type: 'tcp', host: '169.254.169.254', port: 80 } },
  'database.port': { ...plain, database: { type: 'tcp', host: 'db', port: 0 } },
  'tunnel.name': { ...plain, tunnel: { ...plain?.tunnel, name: 'a\u202eb' } },
  'vendor.slug': { ...plain, vendor: { ...plain?.vendor, slug: '-x' } },
  nonsense: { ...plain, nonsense: 1 },
  public_url: { ...plain, public_url: undefined },
})) {
  test(`a bad ${field} is refused by its name`, async () => {
    const words = ['render', '--template', 'linux', '--input', '-'];
    const { code, stdout, stderr } = await culvert(words, {}, JSON.stringify(given));
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`^culvert: ${field}: `));
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
  });
}

test('a file that is missing, not JSON, or cannot be written is named', async () => {
  const render = ['render', '--template', 'linux', '--input'];
  const missing = await culvert([...render, join(folder, 'nothing.json')]);
  assert.match(missing.stderr, /^culvert: --input: .*nothing\.json/);
  const broken = await culvert([...render, '-'], {}, '{');
  assert.match(broken.stderr, /^culvert: --input: .* is not JSON/);
  const nowhere = await culvert([...render, input, '--output', join(folder, 'no/where.sh')]);
  assert.match(nowhere.stderr, /^culvert: --output: .*where\.sh/);
  assert.deepEqual([missing.code, broken.code, nowhere.code], [2, 2, 2]);
});

test('an unknown template is refused, and the known ones are named', async () => {
  const { code, stderr } = await culvert(['render', '--template', 'plan9', '--input', input]);
  assert.equal(code, 2);
  assert.match(stderr, /linux/);
});
