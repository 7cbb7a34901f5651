import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MESSAGES_PAGE, readMessages, renderMessagesPage } from '../support/installer-messages.ts';
import { installerParts, shellFile } from '../support/template-shell.ts';

const files = [
  ...installerParts(),
  shellFile('dispatcher/dispatcher.sh'),
  shellFile('connect/connect.sh'),
];

test('docs/installer-messages.md is what the script says now', () => {
  assert.equal(
    readFileSync(MESSAGES_PAGE, 'utf8'),
    renderMessagesPage(),
    'Run npm run docs, read the difference, and commit it.',
  );
});

const SPEAKERS = [
  ...['fail', 'wrong', 'finding', 'unsupported', 'warn', 'breaks', 'give_up', 'refuse'],
  '"$found"',
];

// Counted in another way than they are read: none is lost where the reader misunderstands the shell.
for (const file of files) {
  test(`${file.name}: the reader finds every line that says something wrong`, () => {
    const code = file.text.replaceAll(/^\s*#.*$/gm, '');
    const pattern = SPEAKERS.map((speaker) => speaker.replace('$', '\\$')).join('|');
    const call = new RegExp(`(?<=^|[\\s;({])(?:${pattern}) (?:["'$\\\\]|[a-z-]+ ["'$])`, 'gm');
    const written = code.match(call) ?? [];
    const read = file.commands.filter(({ words }) => SPEAKERS.includes(words[0]?.source ?? ''));
    assert.equal(read.length, written.length);
  });
}

test('what bash makes of quotations, parameters and choices is what the page shows', () => {
  const { ending, ssh } = readMessages();
  const nextOf = (text: string) => ending.find(({ what }) => what === text)?.next;
  assert.deepEqual(nextOf("a unit <unit> exists and is not Culvert's"), [
    'Rename or remove that unit first.',
  ]);
  assert.deepEqual(nextOf('No package source of this host has <package>.'), [
    'Do without it: run this again with --plain-ssh.',
    'Mend the package sources, or install it yourself, and run this again.',
  ]);
  assert.ok(ssh.some(({ what }) => what === 'connect_to … failed`, `open failed'));
});
