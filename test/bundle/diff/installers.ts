import { loadCatalogue, renderInstaller } from '../../../src/render/index.ts';
import { accountInputs } from '../../support/dist-scripts/accounts.ts';

const catalogue = loadCatalogue();

/** The installer for Linux of every sample, by its name. */
export const LINUX: Record<string, string> = Object.fromEntries(
  Object.entries(accountInputs()).map(([name, input]) => [
    name,
    renderInstaller(catalogue, 'linux', input).bytes.toString(),
  ]),
);

/** An installer for Windows in form: each way in which it writes a value, and CRLF. */
export const WINDOWS = `# .SYNOPSIS
# Opens one tunnel.
param([switch] $DryRun)

& {
  # ---- Settings: every value of this tunnel -----------------------------------------------------

  $TemplateVersion = '1.0.0'
  $BodySha256 = '${'0'.repeat(64)}'
  $Render = '${'1'.repeat(64)}'

  $VendorName = (-join ('S', [char]0x00f6, 'hne''s'))
  $TunnelHosts = @(
    't1.culvert.example'
    't2.culvert.example'
  )
  $EgressAddresses = @(
  )
  $DatabaseHost = 'db.internal'

  # The files, each as it will be written.

  $SshConfig = (@(
  'Host tunnel'
  '  RemoteForward 127.0.0.1:20000 db.internal:5432'
  ''
  ) -join "\`n")

  # ---- The same for everyone from here on -------------------------------------------------------

  function Main {
    Say 'Hello.'
  }
  Main
} @PSBoundParameters
`.replaceAll('\n', '\r\n');
