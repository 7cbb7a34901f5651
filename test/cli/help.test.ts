import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allCommands } from './support/commands.ts';
import { culvert } from './support/culvert.ts';

const ISSUE =
  'serve tunnel-server quickstart render bundle verify signing-key region account tunnel slot token key api-token migrate audit diff reviewers statement';

test('there are the commands that the design names', () => {
  const names = allCommands().map(({ path }) => path);
  assert.deepEqual(names.filter((name) => !name.includes(' ')).sort(), ISSUE.split(' ').sort());
});

test('every command has help, and those that do something show examples', {
  concurrency: 3,
}, async (t) => {
  const tests = allCommands().map(({ path, isGroup }) =>
    t.test(path, async () => {
      const { code, stdout, stderr } = await culvert([...path.split(' '), '--help']);
      assert.equal(code, 0, stderr);
      assert.equal(stderr, '');
      assert.ok(stdout.startsWith(`Usage: culvert ${path} `));
      if (!isGroup) assert.match(stdout, new RegExp(`\nExamples:\n.*culvert ${path}`));
      assert.ok(!/[ \t]+$/m.test(stdout), 'no line ends in a space');
    }),
  );
  await Promise.all(tests);
});

test('the version is the package’s', async () => {
  const { stdout } = await culvert(['--version']);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

for (const words of [
  ['nothing'],
  ['region', 'nothing'],
  ['serve', '--nothing'],
  ['tunnel', 'create'],
  [],
]) {
  test(`wrong usage ends with 2: culvert ${words.join(' ')}`, async () => {
    const { code, stdout, stderr } = await culvert(words);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.notEqual(stderr, '');
  });
}
