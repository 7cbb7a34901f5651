import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EXIT } from '../../src/cli/exit-code.ts';
import { SETTINGS, type Setting } from '../../src/settings.ts';
import { allCommands } from './support/commands.ts';

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
/** Documented once, for all commands that call a control plane. */
const COMMON = ['--url <url>', '--api-token-file <file>'];
const commands = allCommands().filter(({ isGroup }) => !isGroup);

/** The text under each command's heading. */
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0]?.replaceAll('`', ''), section.split(/^## /m)[0]]),
);

test('every command has its heading, and no heading is of a command that is gone', () => {
  const headings = commands.map(({ usage }) => `culvert ${usage}`);
  assert.deepEqual([...sections.keys()].sort(), headings.sort());
});

for (const { usage, options } of commands) {
  test(`culvert ${usage}: its section has exactly its options`, () => {
    const section = sections.get(`culvert ${usage}`) ?? '';
    const written = [...section.matchAll(/^- `(--[^`]+)`/gm)].map(([, flags]) => flags);
    const own = options.filter((flags) => !COMMON.includes(flags));
    assert.deepEqual(written.sort(), own.sort());
  });
}

test('the options of all commands that call a control plane are documented once', () => {
  for (const flags of COMMON) assert.ok(page.includes(`\`${flags}\``), flags);
});

test('every variable and every exit code is on the page', () => {
  for (const { variable } of Object.values<Setting<unknown>>(SETTINGS)) {
    assert.ok(page.includes(`\`${variable}\``), variable);
  }
  for (const code of Object.values(EXIT)) assert.match(page, new RegExp(`^\\| ${code} \\|`, 'm'));
});
