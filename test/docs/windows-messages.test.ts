import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readPage } from '../support/page.ts';
import { powershellFile, windowsParts } from '../support/template-powershell.ts';
import {
  readWindowsMessages,
  renderWindowsMessagesPage,
  WINDOWS_MESSAGES_PAGE,
  WINDOWS_SPEAKERS,
} from '../support/windows-messages.ts';

const files = [
  ...(await windowsParts()),
  await powershellFile('windows-dispatcher/dispatcher.ps1'),
];

test('docs/windows-messages.md is what the script says now', async () => {
  assert.equal(
    readFileSync(WINDOWS_MESSAGES_PAGE, 'utf8'),
    await renderWindowsMessagesPage(),
    'Run npm run docs, read the difference, and commit it.',
  );
});

// Counted in another way than they are read: none is lost where the grammar misunderstands.
test('the reader finds every line that says something wrong', () => {
  const call = new RegExp(
    `(?<=^|[\\s;({])(?:${WINDOWS_SPEAKERS.join('|')}) (?:["'$(]|[a-z-]+ ["'$(])`,
    'gm',
  );
  for (const { name, text, commands } of files) {
    const code = text.replaceAll(/^\s*#.*$/gm, '');
    const read = commands.filter((command) => WINDOWS_SPEAKERS.includes(command.name));
    assert.equal(read.length, code.match(call)?.length ?? 0, name);
  }
});

test('what PowerShell makes of strings, constants and sums is what the page shows', async () => {
  const { ending, doctor, ssh } = await readWindowsMessages();
  const nextOf = (text: string, among = ending) => among.find(({ what }) => what === text)?.next;
  assert.deepEqual(nextOf('This is a 32-bit PowerShell.'), [
    'Start "Windows PowerShell" without "(x86)" in its name, and run this again.',
  ]);
  assert.match(nextOf('-OpenSshZip: there is no ssh.exe in that file.')?.[0] ?? '', /^Get OpenSSH/);
  assert.ok(doctor.some(({ next }) => next[0]?.endsWith('and neither overloaded nor starting.')));
  assert.ok(nextOf('closed by remote host', ssh)?.[0]?.startsWith('The tunnel server has ended'));
});

test('links to the other pages lead there', () => {
  readPage('windows.md').section('Exit codes');
  readPage('installer-messages.md').section('Why a way to the tunnel server cannot be gone');
});
