
# ---- What is asked for ------------------------------------------------------------------------

# The one thing to do: an installation, unless a switch names something else.
function Read-Mode {
  if ($Rest) { wrong "There is no parameter or command '$(ConvertTo-Printable $Rest[0])'." }
  $chosen = @($Modes.Keys | Where-Object { $Given[$_] })
  if ($chosen.Count -gt 1) { wrong "Choose one of -$($chosen -join ' and -')." }
  if ($Given.DryRun -and $chosen) { wrong "-DryRun does not go with -$chosen." }
  foreach ($name in 'TokenFile', 'CaFile', 'OpenSshZip', 'HostExe', 'Reviewers',
    'SupportFile') {
    # .NET has a working folder of its own.
    if ($Given[$name]) { $Given[$name] = Get-FullPath $Given[$name] }
  }
  $Run.Mode = 'install'
  if ($chosen) { $Run.Mode = $Modes["$chosen"] }
  Test-Option DeferDatabase 'install', 'check'
  Test-Option Json 'status', 'doctor'
  Test-Option SupportFile 'doctor'
  Test-Option OpenSshZip 'install'
  Test-Option HostExe 'install', 'check'
  Test-Option Reviewers 'install', 'check'
  if ($Given.Approvals -and -not $Given.Reviewers) { wrong 'Give -Approvals with -Reviewers.' }
  if ($Given.Approvals -and $Given.Approvals -notmatch '^[1-9][0-9]{0,2}\z') {
    wrong '-Approvals takes a whole number, 1 or more.'
  }
  Test-Pair OpenSshZip OpenSshZipSha256
  Test-Pair HostExe HostExeSha256
}

# The switches that choose what to do.
$Modes = [ordered]@{
  Check = 'check'; Status = 'status'; Doctor = 'doctor'; Logs = 'logs'
  RotateKey = 'rotate-key'; Upgrade = 'upgrade'; Uninstall = 'uninstall'
}

function Get-FullPath([string]$File) {
  $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($File)
}

function wrong([string]$What) {
  fail $What 'See: Get-Help .\install.ps1 -Full' -Code $Exit.Usage
}

# Test-Option NAME MODES: an option without effect was meant for something else.
function Test-Option([string]$Name, [string[]]$With) {
  if (-not $Given[$Name] -or $With -contains $Run.Mode) { return }
  wrong "-$Name does not go with $($Run.Mode), only with: $($With -join ', ')."
}

# What is not the vendor's own comes with the digest that somebody has checked.
function Test-Pair([string]$File, [string]$Digest) {
  if ([bool]$Given[$File] -ne [bool]$Given[$Digest]) {
    wrong "Give -$File and -$Digest together."
  }
  if (-not $Given[$File]) { return }
  if ($Given[$Digest] -notmatch '^[0-9A-Fa-f]{64}$') { wrong "-$Digest takes 64 hex digits." }
  if (-not (Test-Path -LiteralPath $Given[$File] -PathType Leaf)) {
    wrong "-${File}: there is no file $(ConvertTo-Printable $Given[$File])."
  }
  if ((Get-Digest -File $Given[$File]) -ne $Given[$Digest]) {
    wrong "-${File}: that file has another SHA-256 than -$Digest says."
  }
}
