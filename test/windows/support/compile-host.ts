import { globSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from '../../support/bed/command.ts';

/** The sources of the service host, as they are embedded in the installer. */
export const HOST_SOURCES = globSync(
  join(import.meta.dirname, '../../../templates/windows/host/*.cs'),
).sort();

/** Mono's compiler, held to the C# that the one of the .NET Framework knows. */
export const MCS = ['mcs', '-nologo', '-langversion:5', '-warnaserror'];

/**
 * Mono tells a program nothing of SIGTERM, but --console also ends with its standard input. That is
 * held by this shell, so the host ends whichever way the shell does. Mono closes each possible
 * descriptor whenever it starts a program, so there had better be few.
 */
const UNDER_MONO = `#!/bin/bash
ulimit -n 1024
program=\${0%/*}/assembly/TunnelHost.exe
[[ \${1-} == --console ]] || exec mono "$program" "$@"
exec {input}> >(exec mono "$program" "$@")
host=$!
trap 'exec {input}>&-' TERM INT HUP
wait "$host"
code=$?
# A signal ends the first wait, not the host.
[[ ! -e /proc/$host ]] || { wait "$host"; code=$?; }
exit "$code"
`;

/**
 * Compiles the service host into a folder of the caller's; gives the path of TunnelHost.exe, which
 * can be executed as it is. Throws what the compiler says.
 */
export async function compileHost(folder: string): Promise<string> {
  const assembly = join(folder, 'assembly', 'TunnelHost.exe');
  await mkdir(join(folder, 'assembly'), { recursive: true });
  await outputOf([...MCS, '-r:System.ServiceProcess.dll', `-out:${assembly}`, ...HOST_SOURCES]);
  const program = join(folder, 'TunnelHost.exe');
  await writeFile(program, UNDER_MONO);
  await chmod(program, 0o755);
  return program;
}
