
# ---- The story --------------------------------------------------------------------------------

function Start-Story {
  Read-TokenVariable
  Read-HttpProxyVariable
  Read-Mode
  Test-Shell
  Find-Path
  $Run.Scratch = Get-Scratch
  Find-HttpProxy
  Find-Authority
  switch ($Run.Mode) {
    'status' { return Show-Status }
    'doctor' { return Show-Examination }
    'logs' { Show-WholeLog }
    { $_ -in 'install', 'check' } { Open-Tunnel }
    'rotate-key' { Invoke-Alone { Update-Key } }
    'upgrade' { return Update-Tunnel }
    'uninstall' { Invoke-Alone { Uninstall-Tunnel } }
  }
  0
}

# One run at a time.
function Invoke-Alone([scriptblock]$Work) {
  Lock-Host
  try { & $Work } finally { Unlock-Host }
}

function Open-Tunnel {
  say "Culvert: tunnel '$TunnelName' of $AccountName to $VendorName"
  Test-Windows
  Show-UnverifiedRun
  if ($Run.Mode -eq 'check' -or $Given.DryRun) { $Run.Token = '' } else { Find-Token }
  $Run.Phases = 2
  if ($Run.Mode -eq 'install') { $Run.Phases = 7 }
  Test-Everything
  if ($Run.Mode -eq 'check') {
    Show-Ticket
    Stop-OnFinding
    tell ''
    tell 'All that an installation needs is there. Nothing was changed.'
    return
  }
  Stop-OnFinding
  Show-Plan
  if ($Given.DryRun) {
    tell ''
    tell 'This was a dry run. Nothing was changed.'
    return
  }
  Invoke-Alone { Edit-Host }
}

# From the first change to the proof.
function Edit-Host {
  Start-Record
  Install-OpenSsh
  if (Test-Rotating) {
    if (-not (Complete-Rotation)) { warn 'The new key did not work; the old one stays.' }
  }
  Install-Key
  Send-Key
  Install-Service
  Wait-Proof
  Complete-Phase
  say ''
  if ($Given.DeferDatabase) {
    say "Done. $VendorName reaches this host; what its database owes stands above."
  } else {
    say "Done. $VendorName can query the database through this host."
  }
  say "  runs      the service $(Get-ServiceName)"
  say "  files     $($Paths.Tunnel), $($Paths.VendorPrograms)"
  say "  check     $(Get-OwnCommand status)"
  say "  undo      $(Get-OwnCommand uninstall)"
}

# Whatever ends it, the scratch folder goes, and the reason stands there in two lines.
function Invoke-Story {
  try {
    @(Start-Story)[-1]
  } catch {
    $failure = $_.Exception
    if ($failure.Data.Contains('Code')) {
      $Host.UI.WriteErrorLine("`nerror: $($failure.Message)")
      if ($failure.Data['Next']) { $Host.UI.WriteErrorLine("       $($failure.Data['Next'])") }
      return $failure.Data['Code']
    }
    $Host.UI.WriteErrorLine("`nerror: $(ConvertTo-Printable $failure.Message)")
    $Host.UI.WriteErrorLine("       $(ConvertTo-Printable $_.InvocationInfo.PositionMessage)")
    1
  } finally {
    if ($Run.Scratch) { Remove-Quietly $Run.Scratch }
  }
}

# With iex there is no file, and "exit" would close the caller's window.
$Run.Self = $MyInvocation.MyCommand.ScriptBlock
$code = Invoke-Story
if ($Run.Self.File) { exit $code }
$global:LASTEXITCODE = $code
