# .SYNOPSIS
# Opens one tunnel: from this host, which can reach your database, out to your vendor's tunnel
# server. Nothing connects in from outside. Made by Culvert.
#
# .DESCRIPTION
# How to review it: the settings below hold every value that is yours, and each file as it will be
# written. All that follows them is the same for every customer of every vendor, and this prints
# its digest, which the settings state as $BodySha256 (the first two lines in PowerShell, the third
# elsewhere):
#
#   $body = (gc install.ps1 -Raw) -replace "`r" -replace '(?s)^.*?\n  # ---- The same.*?\n'
#   (Get-FileHash -InputStream ([IO.MemoryStream][Text.Encoding]::ASCII.GetBytes($body))).Hash
#   sed '1,/^  # ---- The same for everyone/d' install.ps1 | tr -d '\r' | sha256sum
#
# What follows is one block: cut off anywhere on its way here, it does nothing.
#
# .PARAMETER DryRun
# Changes nothing; lists every change that an installation makes here.

[CmdletBinding()]
param(
  [Alias('WhatIf')] [switch] $DryRun,
  [Parameter(ValueFromRemainingArguments = $true)] [string[]] $Rest
)

& {
  # ---- Settings: every value of this tunnel -----------------------------------------------------

  $TemplateVersion = '1.0.0'
  $BodySha256 = '46051102bacc68ec874dabad1f19b9428b7d9956ecf858d461d7cdffea91a5aa'
  $Render = 'c0c8ab524a3dda636e16b02abebf1c134befaee0fed261d6b11f9e0d4a4fe266'

  $PublicUrl = 'https://culvert.example'
  $CaCertificates = ''
  $InstallerUrl = 'https://culvert.example/t/tun_00000000000000000000000000/install.ps1'
  $VendorSlug = 'acme'
  $VendorName = 'Acme'
  $AccountName = 'Globex'
  $Service = 'h_autossh'

  $TunnelId = 'tun_00000000000000000000000000'
  $TunnelName = 'Orders'
  $TunnelSlug = 'orders'
  $Instance = 'acme_orders'
  $Slot = '1'

  $TunnelHosts = @(
    't1.culvert.example'
    '192.0.2.10'
    '2001:db8::10'
    't2.culvert.example'
  )
  $TunnelPorts = @(
    '50022'
    '443'
  )
  $Login = 'tunnel'
  $TunnelPort = '20000'
  $EgressAddresses = @(
    '192.0.2.1'
  )

  $DatabaseType = 'postgresql'
  $DatabaseHost = 'db.internal'
  $DatabasePort = '5432'

  # The files, each as it will be written.

  $SshConfig = (@(
  '# How this proxy reaches its tunnel server: see ssh_config(5). Made by Culvert.'
  'Host tunnel'
  '  HostName t1.culvert.example'
  '  Port 50022'
  '  User tunnel'
  ''
  '  # Who we are: the key that the service names when it starts ssh, and no other way in.'
  '  IdentitiesOnly yes'
  '  PreferredAuthentications publickey'
  '  BatchMode yes'
  ''
  '  # Who the server must be: one of the pinned host keys, and nothing learned later or elsewhere.'
  '  HostKeyAlias tunnel'
  '  StrictHostKeyChecking yes'
  '  UpdateHostKeys no'
  '  VerifyHostKeyDNS no'
  ''
  '  # What the tunnel carries: the server''s port on the left leads to the database on the right.'
  '  RemoteForward 127.0.0.1:20000 db.internal:5432'
  '  ExitOnForwardFailure yes'
  ''
  '  # Nothing else.'
  '  ForwardAgent no'
  '  ForwardX11 no'
  '  PermitLocalCommand no'
  '  Tunnel no'
  '  ControlMaster no'
  '  ControlPath none'
  '  RequestTTY no'
  '  EscapeChar none'
  ''
  '  # A dead connection is noticed within a minute, a dead attempt within 20 seconds.'
  '  ServerAliveInterval 15'
  '  ServerAliveCountMax 3'
  '  ConnectTimeout 20'
  '  TCPKeepAlive yes'
  '  AddressFamily any'
  ''
  '  # By what ssh says, the service tells a session that holds from one that never began.'
  '  LogLevel VERBOSE'
  ''
  ) -join "`n")

  $KnownHosts = (@(
  '# The only host keys this tunnel trusts: the active and the spare one of each server.'
  'tunnel ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB'
  'tunnel ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC'
  'tunnel ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD'
  'tunnel ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE'
  ''
  ) -join "`n")

  $Dispatcher = (@(
  '# .SYNOPSIS'
  '# Lists the tunnels of this host.'
  '[CmdletBinding()]'
  'param()'
  ''
  '& {'
  '  Get-ChildItem -LiteralPath $PSScriptRoot -Filter tunnel.ps1 -Recurse |'
  '    ForEach-Object { ''{0}_{1}'' -f $_.Directory.Parent.Name, $_.Directory.Name }'
  '}'
  ) -join "`r`n")

  # ---- The same for everyone from here on -------------------------------------------------------

  # ---- How this script speaks -------------------------------------------------------------------

  # tell TEXT: what was asked for, or must not be missed.
  function tell([string]$Text) { $Host.UI.WriteLine($Text) }

  # ---- The service host: compiled here, from this source ----------------------------------------

  $HostSources = [ordered]@{}

  $HostSources['Host.cs'] = @'
// The service host, which keeps ssh running for each tunnel of one vendor.
namespace Culvert {
  static class Host {
    static int Main() { return 0; }
  }
}
'@

  # ---- The story --------------------------------------------------------------------------------

  function main {
    if ($Rest) {
      $Host.UI.WriteErrorLine("error: there is no parameter $($Rest[0])")
      return 2
    }
    tell "Culvert: tunnel '$TunnelName' of $AccountName to $VendorName"
    tell "  tunnel    ${Service}: $Instance ($VendorSlug, $TunnelSlug), $TunnelId, slot $Slot"
    tell "  server    $Login at $TunnelHosts, $TunnelPorts, from $EgressAddresses; port $TunnelPort"
    tell "  database  $DatabaseType at $DatabaseHost, $DatabasePort"
    tell "  script    $TemplateVersion, $Render, $BodySha256, from $InstallerUrl, $PublicUrl"
    tell "  files     $(($CaCertificates, $SshConfig, $KnownHosts, $Dispatcher).Length)"
    tell "  source    $($HostSources.Keys)"
    if (-not $DryRun) { tell 'Nothing was changed.' }
    return 0
  }

  $code = main
  if ($MyInvocation.MyCommand.ScriptBlock.File) { exit $code }
  $global:LASTEXITCODE = $code
}