import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';
import { syntaxErrors } from '../support/powershell-grammar.ts';
import { type CutOutcome, installerPieces, tryCuts, wholePiece } from './cuts.ts';
import { windowsScripts } from './scripts.ts';

const scripts = windowsScripts();
const folder = await mkdtemp(join(tmpdir(), 'culvert-windows-'));
after(() => rm(folder, { recursive: true }));
const powershell = await findPowerShell();

/** Scripts that only a Windows host can run; .github/workflows/windows.yml does. */
const ON_WINDOWS = readdirSync(tool('real')).map((name) => `real/${name}`);

for (const [name, script] of scripts) {
  test(`${name}: ASCII, in lines as Windows ends them, none too wide, up to a last brace`, () => {
    assert.match(script, /^(?:[\t\x20-\x7e]|\r\n)+\}$/);
    for (const line of body(script)) assert.ok(line.length <= 100, line);
  });

  test(`${name}: a grammar of PowerShell reads it`, async () => {
    assert.deepEqual(await syntaxErrors(script), []);
  });
}

for (const name of ON_WINDOWS) {
  test(`${name}: a grammar of PowerShell reads it, and no line is too wide`, async () => {
    const script = readFileSync(tool(name), 'utf8');
    assert.deepEqual(await syntaxErrors(script), []);
    for (const line of script.split('\n')) assert.ok(line.length <= 100, line);
  });
}

test('that grammar says where it cannot read on', async () => {
  for (const wrong of ['& {\n  $a = (1\n}\n', "$a = 'it's'\n", 'if ($a) {\n', '$a = \n']) {
    assert.match(
      (await syntaxErrors(`$b = 1\n${wrong}`)).join(),
      /^line [23], column \d+: ./,
      wrong,
    );
  }
});

test("PowerShell's own parser reads every script", async (t) => {
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const files = await writeScripts('parsed', [...scripts.values()]);
  files.push(...ON_WINDOWS.map(tool));
  const { stdout, stderr } = await powershell.runFile(tool('parse.ps1'), files);
  assert.equal(stdout + stderr, '');
  const [wrong = ''] = await writeScripts('wrong', ['& {\n']);
  const told = await powershell.runFile(tool('parse.ps1'), [wrong]);
  assert.match(told.stdout, /:1: Missing closing '}'/);
});

test('PSScriptAnalyzer finds nothing, and nothing that Windows PowerShell 5.1 cannot read', async (t) => {
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  // One installer stands for all: what is the same for everyone is most of it.
  const telling = ['install.ps1 (longest-names)', 'error script', 'dispatcher'];
  const analyzed = [...scripts].filter(([name]) => telling.includes(name));
  assert.equal(analyzed.length, telling.length);
  await writeScripts(
    'analyzed',
    analyzed.map(([, script]) => script),
  );
  const found = await powershell.runFile(tool('analyze.ps1'), [join(folder, 'analyzed')]);
  if (found.code === 3) return t.diagnostic('not run here: the PowerShell module PSScriptAnalyzer');
  assert.equal(found.stdout + found.stderr, '');
  const onWindows = await powershell.runFile(tool('analyze.ps1'), [tool('real')]);
  assert.equal(onWindows.stdout + onWindows.stderr, '');
  await writeScripts('doubtful', ['$a = 1\n$a ?? 2\n', 'gci\n']);
  const told = await powershell.runFile(tool('analyze.ps1'), [join(folder, 'doubtful')]);
  assert.match(told.stdout, /^0\.ps1:2: PSUseCompatibleSyntax: /m);
  assert.match(told.stdout, /^1\.ps1:1: PSAvoidUsingCmdletAliases: /m);
});

test('cut anywhere, a script does nothing', async (t) => {
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const installer = scripts.get('install.ps1 (longest-names)');
  const others = [...scripts].filter(([name]) => !name.startsWith('install.ps1'));
  assert.ok(installer);
  const outcomes = await tryCuts(powershell, folder, [
    ...installerPieces(installer),
    ...others.map(([name, script]) => wholePiece(name, script)),
  ]);
  for (const { name, runs } of outcomes) assert.deepEqual(runs, [], name);
  const total = outcomes.reduce((sum, { cuts }) => sum + cuts, 0);
  assert.ok(total > 5000, `${total} cuts`);
});

test('a script that a cut would let run is found', async (t) => {
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const outcomes = await tryCuts(powershell, folder, [
    wholePiece('two blocks', '& { a }\n& { b }'),
    wholePiece('an argument', '& { a } -b'),
    wholePiece('a default', '[CmdletBinding()]\nparam($a = (b))\n& { c }'),
    wholePiece('a constant', '[CmdletBinding()]\nparam($a = 1)\n& { c }'),
  ]);
  const ran = (outcome: CutOutcome) => outcome.runs.length > 0;
  assert.deepEqual(outcomes.map(ran), [true, true, true, false]);
});

/** The lines below the settings, whose width is that of the values. */
function body(script: string): string[] {
  const lines = script.split('\r\n');
  return lines.slice(
    lines.findIndex((line) => line.startsWith('  # ---- The same for everyone')) + 1,
  );
}

/** Writes scripts into a folder of their own as 0.ps1, 1.ps1 and so on; gives their paths. */
async function writeScripts(name: string, texts: readonly string[]): Promise<string[]> {
  const place = join(folder, name);
  await mkdir(place);
  return Promise.all(
    texts.map(async (text, index) => {
      const file = join(place, `${index}.ps1`);
      await writeFile(file, text);
      return file;
    }),
  );
}

function tool(name: string): string {
  return join(import.meta.dirname, name);
}
