import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { outputOf } from '../support/bed/command.ts';
import { HOST_SOURCES } from './support/compile-host.ts';
import { findCsc } from './support/net-framework.ts';

const folder = mkdtempSync(join(tmpdir(), 'culvert-windows-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const REFERENCES = [
  ...['System.Private.CoreLib', 'System.Runtime', 'System.Console', 'System.Collections'],
  ...['System.Diagnostics.Process', 'System.ComponentModel.Primitives', 'System.Linq'],
];

/** Each on its own, and all of them at once. */
const HOSTILE = [
  'plain',
  '',
  ' ',
  'two words',
  '"',
  '""',
  'a"b',
  '"quoted"',
  'C:\\Program Files\\OpenSSH\\ssh.exe',
  'C:\\ends with\\',
  '\\',
  '\\\\',
  '\\"',
  '\\\\"',
  '\\\\\\" \\\\',
  'a\\\\b c\\\\"d\\',
  "it's",
  '%PATH% ^& | < > ! $(id) `id`',
  'tab\there',
  'line\nbreak',
  'ProxyCommand="C:/Program Files/x/TunnelHost.exe" --connect C:/ProgramData/x/acme/orders',
  '\u00e9\u6570\u{1f418}',
];

test('arguments reach a child as they are, by the rules of Windows', async (t) => {
  const csc = await findCsc();
  if (!csc) {
    t.diagnostic('not run here: quoting of arguments by the rules of Windows (dotnet)');
    return;
  }
  // .NET takes such a line apart by the same rules on every system.
  const program = join(folder, 'echo-arguments.dll');
  const version = basename(csc.runtime);
  const framework = { name: 'Microsoft.NETCore.App', version };
  writeFileSync(
    join(folder, 'echo-arguments.runtimeconfig.json'),
    JSON.stringify({ runtimeOptions: { framework } }),
  );
  await outputOf([
    ...csc.argv,
    ...REFERENCES.map((name) => `-r:${join(csc.runtime, `${name}.dll`)}`),
    `-out:${program}`,
    ...HOST_SOURCES.filter((file) => basename(file) === 'CommandLine.cs'),
    join(import.meta.dirname, 'support/echo-arguments.cs'),
  ]);
  // An empty line would be no argument, and not an empty one.
  const calls = [...HOSTILE.filter((text) => text !== '').map((text) => [text]), HOSTILE];
  const pack = (words: string[]) => words.map((word) => btoa(toBytes(word))).join(' ');
  const input = calls.map((words) => `${pack(words)}\n`).join('');
  const arrived = (await outputOf(['dotnet', program], { input })).trimEnd().split('\n');
  assert.deepEqual(arrived, calls.map(pack));
});

function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}
