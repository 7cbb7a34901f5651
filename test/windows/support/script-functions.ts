import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePortable } from './portable.ts';
import type { WindowsHost } from './windows-host.ts';

const STORY = '  # With iex there is no file';

/**
 * Runs many cases in one PowerShell that has all functions of an installer, on a host that is not
 * installed: `examine` is a block of PowerShell that gets one case as `$case`, and gives an object.
 */
export async function runCases<Result>(
  host: WindowsHost,
  script: Buffer,
  examine: string,
  cases: readonly object[],
): Promise<Result[]> {
  const [functions, story] = (await makePortable(script)).toString().split(STORY);
  if (story === undefined) throw new Error('the story of the script is not where it was');
  const folder = mkdtempSync(join(tmpdir(), 'culvert-cases-'));
  try {
    const [file, list] = [join(folder, 'cases.ps1'), join(folder, 'cases.json')];
    writeFileSync(list, JSON.stringify(cases));
    writeFileSync(file, `${functions}${RUN.replace('EXAMINE', examine)}\n}`);
    const { code, stdout, stderr } = await host.runFile(file, [], {
      env: { CULVERT_TEST_CASES: list },
    });
    const [, answers] = stdout.split(ANSWERS);
    if (code !== 0 || answers === undefined) throw new Error(`exit ${code}: ${stdout}${stderr}`);
    return JSON.parse(answers);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ANSWERS = '---- answers';
const RUN = `
  Find-Path
  $Run.Scratch = Get-Scratch
  $null = New-Item -ItemType Directory -Force $Paths.Tunnel
  Find-OpenSsh
  $answers = foreach ($case in ConvertFrom-Json ([IO.File]::ReadAllText($env:CULVERT_TEST_CASES))) {
    EXAMINE
  }
  Remove-Quietly $Run.Scratch
  '${ANSWERS}'
  ConvertTo-Json @($answers)
`;
