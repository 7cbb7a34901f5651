import { installerUrl, slotUrl } from '../render/index.ts';
import type { ServerSettings } from './settings.ts';

/** Where a slot's files stand, and the commands that a person pastes. */
export interface SlotAddresses {
  page: string;
  script: string;
  bundle: string;
  /** Asks for the token on the terminal. */
  command: string;
  windows: WindowsLines;
}

/** The lines for PowerShell as administrator, in the order of their use. */
export interface WindowsLines {
  download: string;
  /** Prints True when the file is the one that the vendor's digest is of. */
  compare: string;
  run: string;
  /** In place of `run` where no script file may be run. */
  runAsText: string;
}

/** Builds every address from the public URL alone, never from a request. */
export function slotAddresses(
  { publicUrl }: ServerSettings,
  tunnelId: string,
  slot: number,
): SlotAddresses {
  const page = `${publicUrl}/t/${tunnelId}`;
  const script = installerUrl(publicUrl, 'linux', tunnelId, slot);
  const bundle = `${slotUrl(publicUrl, tunnelId, slot)}/bundle.tar.gz`;
  const windows = windowsLines(installerUrl(publicUrl, 'windows', tunnelId, slot));
  return { page, script, bundle, command: `curl -fsSL ${script} | bash`, windows };
}

/** The command for automation; holds the token, so it is shown once and kept nowhere. */
export function tokenCommand({ script }: SlotAddresses, token: string): string {
  return `curl -fsSL ${script} | CULVERT_TOKEN=${token} bash`;
}

// Windows PowerShell 5.1 may start with TLS 1.0 alone, and asks back without -UseBasicParsing.
function windowsLines(script: string): WindowsLines {
  return {
    download: `[Net.ServicePointManager]::SecurityProtocol = 'Tls12'; iwr -UseBasicParsing ${script} -OutFile install.ps1`,
    compare: `(Get-FileHash install.ps1).Hash -eq (-split (iwr -UseBasicParsing ${script}.sha256).Content)[0]`,
    run: 'powershell -ExecutionPolicy Bypass -File .\\install.ps1',
    runAsText: 'iex (Get-Content -Raw .\\install.ps1)',
  };
}
