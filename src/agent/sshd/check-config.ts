import { mkdir } from 'node:fs/promises';
import { Problem } from '../../domain/problem.ts';
import { runProgram } from '../system/run-program.ts';
import { writeAtomically } from '../system/write-atomically.ts';
import type { SshdOptions } from './options.ts';

/** Writes the configuration and has sshd check it. Throws a problem with what sshd said. */
export async function checkSshdConfig({ host, folder, config }: SshdOptions): Promise<void> {
  await writeAtomically(folder.sshdConfig, config);
  const check = () => runProgram(host.sshd.path, ['-t', '-f', folder.sshdConfig]);
  let result = await check();
  // Root's sshd wants an empty folder below /run, which every restart of the machine takes away.
  const missing = /^Missing privilege separation directory: (\/\S+)/m.exec(result.stderr)?.[1];
  if (missing && host.mode === 'root') {
    await mkdir(missing, { mode: 0o755 });
    result = await check();
  }
  if (result.ok) return;
  throw new Problem('unavailable', `sshd refuses its configuration: ${result.stderr.trim()}`, {
    next: `See ${folder.sshdConfig} and the version of OpenSSH.`,
  });
}
