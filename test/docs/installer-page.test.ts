import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, test } from 'node:test';
import { loadCatalogue, renderInstaller } from '../../src/render/index.ts';
import { quoted, readPage, sorted } from '../support/page.ts';
import { SAMPLE } from '../support/sample-input.ts';
import type { Command, Word } from '../support/shell-source.ts';
import {
  exitCodes,
  installerParts,
  pathNames,
  shellFile,
  withoutWrappers,
} from '../support/template-shell.ts';

/** docs/installer.md against the script: each table has what the script has, and nothing else. */
const { section, rows, firstCells } = readPage('installer.md');
const parts = installerParts();
const commands = parts.flatMap((part) => part.commands);
const paths = pathNames();

/** What the script itself says with --help. */
let help: string;

before(() => {
  const { bytes } = renderInstaller(loadCatalogue(), 'linux', SAMPLE);
  const { stdout } = spawnSync('bash', ['-s', '--', '--help'], { input: bytes, encoding: 'utf8' });
  help = stdout;
});

test('commands are those of the script, and the later ones those of h_autossh', () => {
  const ofHelp = [...help.matchAll(/^ {2}([a-z][a-z-]+) {2,}\S/gm)].map(([, name = '']) => name);
  const documented = firstCells('Commands');
  assert.deepEqual(documented, ofHelp);

  const dispatcher = shellFile('dispatcher/dispatcher.sh').text;
  const installed = /^ +([a-z-]+(?: \| [a-z-]+)+)\) shift ;;$/m.exec(dispatcher)?.[1]?.split(' | ');
  assert.deepEqual(installed, documented.slice(documented.indexOf('status')));
});

test('options are those of the script', () => {
  const ofHelp = help.match(/(?<=^ {2}|^ {2}-., |\[)--?[a-z-]+/gm) ?? [];
  const documented = firstCells('Options').map((option) => option.split(' ', 1)[0] ?? '');
  const silent = ['-h', '--help'];
  assert.deepEqual(sorted(documented), sorted([...ofHelp, ...silent]));

  const known = parts.find(({ name }) => name === 'linux/arguments.sh')?.text ?? '';
  const read = /^read_arguments\(\) \{$.*?^\}$/ms.exec(known)?.[0] ?? '';
  const patterns = [...read.matchAll(/^ {6}(-[^)]*)\)/gm)].flatMap(([, list = '']) =>
    list.split(' | ').map((option) => option.replace('=*', '')),
  );
  assert.deepEqual(sorted(documented), sorted(patterns));
});

test('variables are those that the script reads', () => {
  const read = parts.flatMap(({ text }) => text.match(/(?<=\$\{)CULVERT_[A-Z_]+/g) ?? []);
  const documented = firstCells('Variables').filter(
    (name) => /^\w+$/.test(name) && name !== 'none',
  );
  assert.deepEqual(sorted(documented), sorted([...read, 'https_proxy', 'no_proxy']));
  for (const name of documented) assert.ok(help.includes(name), `--help does not name ${name}`);
});

test('exit codes are those of the script', () => {
  const documented = rows('Exit codes').map(([code]) => Number(code));
  assert.deepEqual(documented, [0, ...exitCodes().values()]);
  const ofHelp = /^Exit codes: .*$\n.*$/m.exec(help)?.[0].match(/\d(?= )/g) ?? [];
  assert.deepEqual(documented, ofHelp.map(Number));
});

test('parts are those of the script, in their order', () => {
  const names = parts.map(({ name }) => name.replace('linux/', ''));
  assert.deepEqual(firstCells('How to read the script'), names);
});

test('phases are those of the script', () => {
  const titles = commands
    .filter(({ words: [name, title] }) => name?.source === 'phase' && title !== undefined)
    .map(({ words: [, title] }) =>
      (title?.pieces ?? []).map((piece) => ('text' in piece ? piece.text : '…')).join(''),
    );
  const documented = rows('Phases').flatMap(([, title = '']) => quoted(title));
  assert.deepEqual(sorted(documented), sorted(titles));
});

/** A path as the page writes it; undefined where only the caller's words say which. */
function pathOf(command: Command, word: Word | undefined): string | undefined {
  const source = (word?.source ?? '').replaceAll('"', '');
  if (/^\$\d$/.test(source)) return undefined;
  const path = source.replace(/\$\{?(\w+)(%\/\*)?\}?/g, (_, name: string, parent?: string) => {
    const value = paths.get(name) ?? localPath(command, name);
    return parent === undefined ? value : value.slice(0, value.lastIndexOf('/'));
  });
  assert.match(path, /^\//, `${command.function}: which path is ${source}?`);
  return path;
}

/** A path that a function keeps in a variable of its own. */
function localPath({ function: within }: Command, name: string): string {
  const assignments = commands
    .filter((command) => command.function === within)
    .flatMap(({ words }) => words)
    .filter(({ source }) => source.startsWith(`${name}=$`));
  const value = assignments[0]?.source.slice(name.length + 1) ?? '';
  return value.replace(/\$([A-Z_]+)/, (_, outer) => paths.get(outer) ?? '');
}

test('files are those that the script records, writes or has a name for', () => {
  const named = [...paths.values()].filter((path) => path.startsWith('/'));
  const recorded = commands
    .filter(
      ({ words: [first, kind] }) =>
        first?.source === 'record' && /^(file|folder|shared)$/.test(kind?.source ?? ''),
    )
    .map((command) => pathOf(command, command.words[2]));
  const written = commands
    .filter(({ words: [first] }) => /^write_(own|shared)$/.test(first?.source ?? ''))
    .map((command) => pathOf(command, command.words[1]));
  const ofScript = [...named, ...recorded, ...written].filter((path) => path !== undefined);
  assert.ok(ofScript.length > 30, 'too few to be all');
  assert.deepEqual(sorted(firstCells('Files')), sorted(ofScript));
});

test('owners and modes of files are those that the script gives', () => {
  const documented = new Map(rows('Files').map(([path = '', rights]) => [quoted(path)[0], rights]));
  for (const command of commands) {
    const [name, path, mode, group] = command.words;
    if (!/^write_(own|shared)$/.test(name?.source ?? '')) continue;
    const owner =
      name?.source === 'write_own' && group?.source !== 'root' ? 'root:h_autossh' : 'root';
    assert.equal(documented.get(pathOf(command, path)), `${owner} ${mode?.source}`);
  }
});

/** What bash does itself. */
const BUILTINS = new Set(
  `. : break case cd command compgen continue declare echo exit export for kill local mapfile shopt
   printf read readonly return set shift trap true type umask unset wait`.split(/\s+/),
);

test('programs that the script starts are on the page, and no others', () => {
  const functions = new Set(parts.flatMap(({ text }) => text.match(/^\w+(?=\(\))/gm) ?? []));
  const started = commands
    .map(({ words }) => withoutWrappers(words)[0] ?? '')
    .concat('timeout', 'setsid')
    .filter((name) => /^[a-z]/.test(name) && !functions.has(name) && !BUILTINS.has(name));
  // Which of these it is, only the host says.
  const ofHost = ['apt-get', 'dnf', 'yum'];
  const shown = quoted(section('Programs that it starts'))
    .filter((text) => /^[a-z]/.test(text))
    .map((text) => text.split(' ', 1)[0] ?? '');
  assert.deepEqual(sorted(shown), sorted([...started, ...ofHost]));
});

test('what the script asks of systemctl is on the page', () => {
  const asked = commands
    .map(({ words }) => withoutWrappers(words))
    .filter(([name]) => name === 'systemctl')
    .map(([, ...words]) => `systemctl ${words.find((word) => !word.startsWith('-')) ?? words[0]}`);
  const shown = quoted(section('Programs that it starts')).filter((text) =>
    text.startsWith('systemctl '),
  );
  assert.deepEqual(sorted(shown), sorted(asked));
});

test('what the script asks of the control plane is on the page', () => {
  const asked = commands
    .filter(({ words: [name] }) => name?.source === 'call')
    .map(({ words: [, path] }) => /^"?(\w+)/.exec(path?.source ?? '')?.[1] ?? '');
  const shown = firstCells('Whom it talks to').flatMap(
    (path) => path.match(/(?<=\/v1\/)\w+/) ?? [],
  );
  assert.deepEqual(sorted(shown), sorted(asked));
});

test('links to a heading of the page lead there', () => {
  const { text } = readPage('installer-messages.md');
  assert.match(text, /\(installer\.md#exit-codes\)/);
  section('Exit codes');
});
