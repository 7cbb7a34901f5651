import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { allCommands } from './support/commands.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
// The longest names first: one command may be another's beginning.
const commands = allCommands()
  .filter(({ isGroup }) => !isGroup)
  .toSorted((one, other) => other.path.length - one.path.length);

/** Lines of a page that a reader would paste and that run culvert. */
function examplesOf(page: string): string[] {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block ?? '');
  const lines = blocks.join('').replaceAll('\\\n', ' ').split('\n');
  return lines
    .map((line) => /(?:^|\s)culvert (?<words>[a-z].*)$/.exec(line)?.groups?.['words'] ?? '')
    .map((words) => words.replace(/\s+[#>].*$/, '').trim())
    .filter(Boolean);
}

for (const file of globSync(['README.md', 'docs/*.md'], { cwd: REPOSITORY })) {
  for (const example of examplesOf(readFileSync(join(REPOSITORY, file), 'utf8'))) {
    test(`${file}: culvert ${example}`, () => {
      const command = commands.find(({ path }) => `${example} `.startsWith(`${path} `));
      assert.ok(command, 'there is such a command');
      const words = example.slice(command.path.length).match(/'[^']*'|\S+/g) ?? [];
      const operands = words.filter((word, index) => {
        if (word.startsWith('--')) return false;
        const before = command.options.find((flags) => flags.split(' ')[0] === words[index - 1]);
        return !before?.includes('<');
      });
      const flags = words.filter((word) => word.startsWith('--'));
      for (const flag of flags) {
        assert.ok(
          command.options.some((form) => form.split(' ')[0] === flag),
          `it takes ${flag}`,
        );
      }
      assert.equal(operands.length, command.usage.split('<').length - 1, command.usage);
    });
  }
}
