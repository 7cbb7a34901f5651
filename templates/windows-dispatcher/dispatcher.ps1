# .SYNOPSIS
# Lists the tunnels of this host.
[CmdletBinding()]
param()

& {
  Get-ChildItem -LiteralPath $PSScriptRoot -Filter tunnel.ps1 -Recurse |
    ForEach-Object { '{0}_{1}' -f $_.Directory.Parent.Name, $_.Directory.Name }
}