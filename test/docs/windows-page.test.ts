import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkInstallerInput, loadCatalogue, renderPlan } from '../../src/render/index.ts';
import { slotAddresses } from '../../src/server/addresses.ts';
import { SETTINGS } from '../server/support/control-plane.ts';
import { quoted, readPage, sorted } from '../support/page.ts';
import { syntaxErrors } from '../support/powershell-grammar.ts';
import { textOf } from '../support/powershell-source.ts';
import { SAMPLE } from '../support/sample-input.ts';
import {
  pathOf,
  windowsExitCodes,
  windowsPartNames,
  windowsParts,
  windowsPaths,
} from '../support/template-powershell.ts';

/** docs/windows.md against the script: what the page lists is what the script has, and nothing else. */
const page = readPage('windows.md');
const { section, rows, firstCells } = page;
const read = (name: string) =>
  readFileSync(new URL(`../../templates/windows/${name}`, import.meta.url), 'utf8');
const head = read('install.ps1.hbs');
const parts = await windowsParts();
const commands = parts.flatMap((part) => part.commands);
const source = parts.map(({ text }) => text).join('\n');
const paths = windowsPaths();
const blocks = page.blocks('powershell');
const byHand = blocks.find((block) => block.includes('New-Service')) ?? '';

function plain(word: Parameters<typeof textOf>[0] | undefined): string {
  return word ? textOf(word, () => '…') : '';
}

test('the lines to paste are those of the tunnel’s page', () => {
  const { windows } = slotAddresses({ ...SETTINGS, publicUrl: 'https://…' }, '<id>', 1);
  const lines = blocks.flatMap((block) => block.split('\n'));
  for (const line of Object.values(windows)) assert.ok(lines.includes(line), line);
});

test('all that is to be typed can be read by PowerShell', async () => {
  assert.ok(blocks.length > 4);
  for (const block of blocks) {
    assert.deepEqual(await syntaxErrors(block.replaceAll('…', 'x')), [], block);
  }
});

test('parameters are those of the script, which explains each', () => {
  const declared = [...(/^param\(\n(.*?)^\)/ms.exec(head)?.[1] ?? '').matchAll(/\$(\w+),?$/gm)].map(
    ([, name]) => name,
  );
  const explained = [...head.matchAll(/^# \.PARAMETER (\w+)$/gm)].map(([, name]) => name);
  assert.ok(declared.length > 10);
  assert.deepEqual(explained, declared);
  assert.deepEqual(
    firstCells('Parameters'),
    declared.map((name) => `-${name}`),
  );
});

test('parameters go with what the script lets them go with', () => {
  const table = /^\$Modes = \[ordered\]@\{\n(.*?)^\}/ms.exec(read('arguments.ps1'))?.[1] ?? '';
  const switches = new Map(
    [...table.matchAll(/(\w+) = '([\w-]+)'/g)].map(([, name, mode]) => [mode, `\`-${name}\``]),
  );
  const documented = new Map(rows('Parameters').map(([name, also]) => [name, also]));
  const limits = commands.filter(({ name }) => name === 'Test-Option');
  assert.ok(limits.length > 3);
  for (const { words } of limits) {
    const modes = [...(words[1]?.text.matchAll(/'([\w-]+)'/g) ?? [])].map(
      ([, mode = '']) => switches.get(mode) ?? mode,
    );
    assert.equal(documented.get(`\`-${plain(words[0])}\``), modes.join(', '), words[0]?.text);
  }
});

test('variables are those that the script reads', () => {
  const asked = source.match(/(?<=GetEnvironmentVariable\(')\w+/g) ?? [];
  const documented = rows('Environment variables').flatMap(([name = '']) => quoted(name));
  assert.deepEqual(sorted(documented), sorted(asked));
  for (const name of documented) assert.ok(head.includes(name), `the help does not name ${name}`);
});

test('exit codes are those of the script', () => {
  const documented = rows('Exit codes').map(([code]) => Number(code));
  assert.deepEqual(documented, [0, 1, ...windowsExitCodes().values()]);
  const ofHelp = /^# Exit codes: (.*\n.*)$/m.exec(head)?.[1]?.match(/\d(?= )/g) ?? [];
  assert.deepEqual(
    documented.filter((code) => code !== 1),
    ofHelp.map(Number),
  );
});

test('parts are those of the script, in their order', () => {
  const names = windowsPartNames().map((name) => name.replace(/^host\/.*/, 'host/*.cs'));
  assert.deepEqual(firstCells('How to read the script'), [...new Set(names)]);
});

test('phases are those of the script', () => {
  const titles = commands
    .filter(({ name, words }) => name === 'phase' && words.length > 0)
    .map(({ words }) => plain(words[0]));
  const documented = rows('Phases').flatMap(([, title = '']) => quoted(title));
  assert.deepEqual(sorted(documented), sorted(titles));
});

/** The folder of the service host, and the variables by which functions call a path. */
const names = new Map([
  ...paths,
  ['folder', `${paths.get('Paths.VendorPrograms')}\\host.<digest>`],
]);

test('files and folders are those that the script records, writes or has a name for', () => {
  const told = commands
    .filter(
      ({ name, words }) =>
        /^Write-(Own|Shared)$/.test(name) ||
        (name === 'record' &&
          /^(file|vendor-file|shared|program-folder)$/.test(words[0]?.text ?? '')),
    )
    // These two are told the path by whoever calls them.
    .filter((command) => !/^Write-(Own|Shared)$/.test(command.function))
    .map((command) => {
      const word = command.words[command.name === 'record' ? 1 : 0]?.text ?? '';
      const isZip = command.function === 'Expand-OpenSsh';
      return isZip
        ? `${paths.get('Paths.VendorPrograms')}\\openssh.<digest>`
        : pathOf(word.replaceAll(/^\(|\)$/g, ''), names);
    });
  const program = `${names.get('folder')}\\TunnelHost.exe`;
  assert.ok(told.length > 12, `${told.length} are too few to be all`);
  assert.deepEqual(
    sorted(firstCells('Files and folders')),
    sorted([...paths.values(), ...told, program]),
  );
});

/** What is there for a moment only, or made by another command than an installation, or Windows' own. */
const NOT_OF_AN_INSTALLATION = /\\(?:key\.old|next|OpenSSH)$/;

test('every file and folder of the plan is in that table, and no others', () => {
  const plan = renderPlan(loadCatalogue(), 'windows', checkInstallerInput(SAMPLE))
    .replaceAll('\\acme', '\\<vendor>')
    .replaceAll('\\orders', '\\<tunnel>')
    .replaceAll(/<(?:first 16[^>]*|\.\.\.)>/g, '<digest>');
  const planned = [...plan.matchAll(/%Program\w+%[^\s,]*/g)].map(([place]) => place);
  // "host.log and host.log.1"
  planned.push(`${paths.get('Paths.Log')}.1`);
  const documented = firstCells('Files and folders').filter(
    (path) => !NOT_OF_AN_INSTALLATION.test(path),
  );
  assert.deepEqual(sorted(planned), sorted(documented));
});

test('rights are those of the script', () => {
  const folders = /^\$FolderRights = '(.*)'$/m.exec(source)?.[1] ?? '';
  assert.ok(byHand.includes(`'${folders}'`));
  assert.match(source, /^\$FileRights = 'O:BAD:P\(A;;FA;;;BA\)\(A;;FA;;;SY\)'$/m);
  const sids = { BA: 'S-1-5-32-544', SY: 'S-1-5-18' };
  for (const sid of Object.values(sids)) {
    assert.ok(section('Files and folders').includes(sid), sid);
    assert.ok(byHand.includes(`'*${sid}:F'`), sid);
  }
});

test('the service is set up as the page says, and by hand in the same way', () => {
  const settings = commands.filter(({ name, words }) => name === 'control' && words.length > 0);
  const service = quoted(section('Service'));
  for (const { words } of settings.filter((one) => one.function === 'Set-ServiceLimit')) {
    const [verb, , ...values] = words.map(plain);
    const documented = values.map((value) => (value.includes('…') ? '…' : value)).join(' ');
    assert.ok(
      service.includes(`sc.exe ${verb} h_autossh_<vendor> ${documented}`),
      `${verb} ${documented}`,
    );
    const line = values.map((value) => (value.includes('…') ? '"' : value)).join(' ');
    assert.ok(byHand.includes(`\nsc.exe ${verb} $name ${line}`), `${verb} ${line}`);
  }
  const verbs = settings.map(({ words }) => plain(words[0]));
  const listed = /`sc\.exe` \(([^)]*)\)/.exec(section('Programs that it starts'))?.[1] ?? '';
  assert.deepEqual(sorted(quoted(listed)), sorted(verbs));
});

test('events are those of the service host', () => {
  const written = [
    ...read('host/HostEvents.cs').matchAll(/Write\((\d), EventLogEntryType\.(\w+)/g),
  ].map(([, number, level]) => [number, level]);
  assert.equal(written.length, 5);
  assert.deepEqual(
    rows('Registry and event log').map(([number, level]) => [number, level]),
    written,
  );
});

test('what it asks of Windows is on the page, and nothing else', () => {
  const asked = parts
    .filter(({ name }) => name === 'windows/system.ps1')
    .flatMap((part) => part.commands.map(({ name }) => name))
    .filter((name) => !/^(New-Object|Join-Path|Invoke-\w+)$/.test(name));
  const programs = [...source.matchAll(/['\\]([\w-]+\.exe)'/g)].map(([, name = '']) => name);
  const shown = quoted(section('Programs that it starts')).filter((text) =>
    /^[A-Z][a-z]+-\w+$|\.exe$/.test(text),
  );
  assert.deepEqual(sorted(shown), sorted([...asked, ...programs]));
});

test('what the script asks of the control plane is on the page', () => {
  const called = commands
    .filter(({ name }) => name === 'Send-Call')
    .map(({ words }) => /^\w+/.exec(plain(words[0]))?.[0] ?? '');
  const fetched = commands
    .filter(({ name, function: caller }) => name === 'Get-Web' && caller !== 'Send-Call')
    .flatMap(({ words }) => plain(words[0]).match(/(?<=\/v1\/)\w+/) ?? []);
  const asked = [...called, ...fetched];
  const shown = firstCells('Whom it talks to').flatMap(
    (path) => path.match(/(?<=\/v1\/)\w+/) ?? [],
  );
  assert.deepEqual(sorted(shown), sorted(asked));
});

test('the steps by hand use settings that the script has', () => {
  const settings = [...head.matchAll(/^ {2}\$(\w+) = /gm)].map(([, name]) => name);
  const used = byHand.match(/(?<=\$\{?)[A-Z][A-Za-z]+\b/g) ?? [];
  const notSettings = ['HostSources', 'PWD'];
  assert.ok(used.length > 20);
  for (const name of used) assert.ok([...settings, ...notSettings].includes(name), name);
});

test('the later commands are those of h_autossh.ps1', () => {
  const dispatcher = readFileSync(
    new URL('../../templates/windows-dispatcher/dispatcher.ps1', import.meta.url),
    'utf8',
  );
  const table = /\$commands = \[ordered\]@\{\n(.*?)\}/s.exec(dispatcher)?.[1] ?? '';
  const known = [...table.matchAll(/([\w-]+)'? = '/g)].map(([, name]) => name);
  const shown = [...page.text.matchAll(/-File \$tunnels ([\w-]+)/g)].map(([, name]) => name);
  assert.deepEqual(shown, known);
});

test('other pages lead to headings that are there', () => {
  for (const name of ['../README.md', 'security.md', 'windows.md']) {
    const anchors = readPage(name).text.matchAll(/\((?:docs\/)?(?:windows\.md)?#([\w-]+)\)/g);
    for (const [link, anchor = ''] of anchors) {
      if (name !== 'windows.md' && !link.includes('windows.md')) continue;
      const headings = [...page.text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
      assert.ok(headings.includes(anchor), link);
    }
  }
});
