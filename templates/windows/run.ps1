
# ---- What this run was given, and what it finds out -------------------------------------------

# In constrained language mode nothing below could run, not even what says so.
if ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') {
  Write-Warning ('PowerShell runs in constrained language mode here. Have this script signed ' +
    'or allowed by whoever set that policy, and run it again.')
  if ($MyInvocation.MyCommand.ScriptBlock.File) { exit 3 }
  $global:LASTEXITCODE = 3
  return
}

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
# Progress bars slow every download and copy down, and a log has no use for them.
$ProgressPreference = 'SilentlyContinue'
# Windows Server 2016 does not offer TLS 1.2 by itself.
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12

$Given = @{
  Check = [bool]$Check; Status = [bool]$Status; Doctor = [bool]$Doctor; Logs = [bool]$Logs
  RotateKey = [bool]$RotateKey; Upgrade = [bool]$Upgrade; Uninstall = [bool]$Uninstall
  DryRun = [bool]$DryRun -or [bool]$WhatIfPreference; DeferDatabase = [bool]$DeferDatabase
  TokenFile = $TokenFile; HttpProxy = $HttpProxy; CaFile = $CaFile
  OpenSshZip = $OpenSshZip; OpenSshZipSha256 = $OpenSshZipSha256
  HostExe = $HostExe; HostExeSha256 = $HostExeSha256
  Reviewers = $Reviewers; Approvals = $Approvals
  SupportFile = $SupportFile; Json = [bool]$Json
}
# -WhatIf is answered by the plan; no command below is to answer it by itself.
$WhatIfPreference = $false

$Run = @{
  # How it runs.
  Self = $null; Mode = ''; Quiet = [bool]$Quiet; Lock = $null; Scratch = ''
  Phase = 0; Phases = 0; PhaseBegan = $null
  # What it was told, or keeps from an earlier run.
  Token = ''; TokenRefused = $false
  GivenHttpProxy = ''; HttpProxy = $null; Authorities = ''; AuthorityCheck = $null
  # This host.
  OpenSsh = ''; Capability = ''; HostProgram = ''; KeyType = 'ed25519'
  Pin = $null
  Findings = New-Object Collections.Generic.List[string]
  # The vendor's side.
  Fingerprint = ''; SessionBefore = ''; Answer = @{}; AnswerProblem = ''
  # What doctor finds.
  Hops = New-Object Collections.Generic.List[object]; WayEnds = ''; OurSession = $false
  ViewProblem = $null; Broken = ''; Verdict = ''; Next = ''
}

# The paths of this host: see host.ps1.
$Paths = @{}
