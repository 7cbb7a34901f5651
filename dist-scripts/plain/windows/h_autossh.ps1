# Looks after the tunnels of this host. Each tunnel, of whichever vendor, has a program of its
# own; this one finds it by the name of its folder, hands over, and does nothing else.
# Made by Culvert.
[CmdletBinding()]
param(
  [string]$Command,
  [string]$Tunnel,
  [switch]$Json,
  [Parameter(ValueFromRemainingArguments = $true)][object[]]$Rest
)
& {
  Set-StrictMode -Version 2
  $ErrorActionPreference = 'Stop'
  $self = Split-Path -Leaf $PSCommandPath
  $commands = [ordered]@{
    status = 'Status'; doctor = 'Doctor'; logs = 'Logs'; 'rotate-key' = 'RotateKey'
    upgrade = 'Upgrade'; uninstall = 'Uninstall'
  }

  function Show-Help {
    $names = ($programs | ForEach-Object { Get-Name $_ }) -join ', '
    $lines = "Usage: $self COMMAND [TUNNEL] [-Json]",
      '',
      '  status      whether the service runs, the tunnel is up, the database answers',
      '  doctor      walks every hop, says which one is broken and what to do',
      '  logs        what the tunnel has logged',
      '  rotate-key  makes a new key pair; removes the old one once the new works',
      '  upgrade     fetches the installer of this tunnel anew, and runs it',
      '  uninstall   removes the tunnel from this host, and its key at the vendor',
      '',
      'TUNNEL may be left out where there is only one; status then shows all.',
      '',
      "Tunnels of this host: $names"
    $lines | ForEach-Object { $Host.UI.WriteLine($_) }
  }

  # A tunnel's name is <vendor>_<tunnel>, as its folders say.
  function Get-Name([string]$Program) {
    $folder = Split-Path -Parent $Program
    "$(Split-Path -Leaf (Split-Path -Parent $folder))_$(Split-Path -Leaf $folder)"
  }

  function Stop-Here([string]$What, [string]$Next) {
    $Host.UI.WriteErrorLine("error: $What")
    $Host.UI.WriteErrorLine("       $Next")
    exit 2
  }

  $programs = @(Get-Item (Join-Path $PSScriptRoot '*\*\tunnel.ps1') -ErrorAction Ignore |
      ForEach-Object { $_.FullName })
  if ($Command -in '', 'help') {
    Show-Help
    exit 0
  }
  if ($Rest -or $Command -notin $commands.Keys) {
    Stop-Here 'There is no such command or option.' "See: $self help"
  }
  $chosen = @($programs | Where-Object {
      -not $Tunnel -or $Tunnel -in (Get-Name $_), ((Get-Name $_) -split '_', 2)[1]
    })
  if ($chosen.Count -eq 0) {
    Stop-Here 'There is no such tunnel on this host.' "See: $self help"
  }
  if ($Command -ne 'status' -and $chosen.Count -gt 1) {
    $names = ($chosen | ForEach-Object { Get-Name $_ }) -join ', '
    Stop-Here "Which tunnel? There are: $names." "Say: $self $Command TUNNEL"
  }
  $options = @{ $commands[$Command] = $true }
  if ($Json) { $options['Json'] = $true }
  $worst = 0
  foreach ($program in $chosen) {
    & $program @options
    $worst = [Math]::Max($worst, $LASTEXITCODE)
  }
  exit $worst
}