import { Problem } from '../domain/problem.ts';
import { slotUrl } from '../render/index.ts';
import type { Script } from './installers/script.ts';
import type { Served } from './installers/served.ts';
import type { ServerSettings } from './settings.ts';

/** The address of a file of a tunnel by its digest. */
export function keptUrl(
  { publicUrl }: ServerSettings,
  tunnelId: string,
  sha256: string,
  file: string,
): string {
  return `${slotUrl(publicUrl, tunnelId, 1)}/a/${sha256}/${file}`;
}

/** The commands that run exactly the installers that a slot serves, by platform; left out where there is none. */
export function pinnedCommands(
  settings: ServerSettings,
  tunnelId: string,
  served: Served | undefined,
): { linux?: string; windows?: string } {
  const { linux, windows } = served?.scripts ?? {};
  const url = (sha256: string, file: string) => keptUrl(settings, tunnelId, sha256, file);
  return {
    ...(isThere(linux) && { linux: pinnedCommand(url(linux.sha256, 'install.sh'), linux.sha256) }),
    ...(isThere(windows) && {
      windows: pinnedWindowsCommand(url(windows.sha256, 'install.ps1'), windows.sha256),
    }),
  };
}

function isThere(script: Script | Problem | undefined): script is Script {
  return script !== undefined && !(script instanceof Problem);
}

/**
 * The line that runs one installer and no other, on Linux: in a folder of its own it downloads the
 * file, compares it with the digest that stands in the line, and runs that very file.
 */
function pinnedCommand(url: string, sha256: string): string {
  return `(d=$(mktemp -d) && trap 'rm -rf "$d"' EXIT && cd "$d" && curl -fsSLO ${url} && echo '${sha256}  install.sh' | sha256sum -c --quiet - && bash install.sh)`;
}

/**
 * The same for PowerShell as administrator. The folder is in Program Files, where no program without
 * an administrator's rights can put another file in its place.
 */
function pinnedWindowsCommand(url: string, sha256: string): string {
  const file = '$d\\install.ps1';
  return [
    "[Net.ServicePointManager]::SecurityProtocol = 'Tls12'",
    '$d = (New-Item -ItemType Directory (Join-Path $env:ProgramFiles ([guid]::NewGuid()))).FullName',
    `iwr -UseBasicParsing ${url} -OutFile ${file}`,
    `if ((Get-FileHash ${file}).Hash -eq '${sha256}') { powershell -ExecutionPolicy Bypass -File ${file} } else { Write-Error 'Nothing was run: these are other bytes.' }`,
    'rm -r $d',
  ].join('; ');
}
