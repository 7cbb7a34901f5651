import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPowerShell } from '../../support/powershell.ts';

const MAKER = join(import.meta.dirname, 'make-portable.ps1');
const FAKES = join(import.meta.dirname, 'fakes.ps1');

const made = new Map<string, Promise<Buffer>>();

/**
 * A copy of an installer for Windows in which the bodies of the functions that call Windows are
 * replaced by fakes. Throws where the script calls Windows anywhere else: see make-portable.ps1.
 */
export function makePortable(script: Buffer): Promise<Buffer> {
  const digest = createHash('sha256').update(script).digest('hex');
  let copy = made.get(digest);
  if (!copy) {
    copy = makeCopy(script);
    made.set(digest, copy);
  }
  return copy;
}

async function makeCopy(script: Buffer): Promise<Buffer> {
  const powerShell = await findPowerShell();
  if (!powerShell) throw new Error('there is no PowerShell here');
  const folder = await mkdtemp(join(tmpdir(), 'culvert-portable-'));
  try {
    const [original, copy] = [join(folder, 'install.ps1'), join(folder, 'portable.ps1')];
    await writeFile(original, script);
    const { code, stdout, stderr } = await powerShell.runFile(MAKER, [original, FAKES, copy]);
    if (code !== 0) throw new Error(`not made portable:\n${stdout}${stderr}`);
    return await readFile(copy);
  } finally {
    await rm(folder, { recursive: true });
  }
}
