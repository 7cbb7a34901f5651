# .SYNOPSIS
# Opens one tunnel: from this host, which can reach your database, out to your vendor's tunnel
# server. Nothing connects in from outside. Made by Culvert.
#
# .DESCRIPTION
# Run it in Windows PowerShell as an administrator:
#
#   powershell -ExecutionPolicy Bypass -File .\install.ps1
#
# Without a switch it installs, repairs or upgrades the tunnel. It checks everything first, says
# what it will do, does it, and ends with 0 only after the vendor's side has seen this very tunnel
# and the database has answered through it.
#
# Exit codes: 0 the vendor can query the database; 2 usage; 3 host not supported; 4 what is needed
# is missing or cannot be reached; 5 OpenSSH, a folder or a key; 6 enrolment; 7 tunnel; 8 database.
#
# In the environment: CULVERT_TOKEN, the enrolment token; CULVERT_HTTP_PROXY, an HTTP proxy with
# user and password, http://user:password@host:port ("none" forgets a kept one).
#
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
# .PARAMETER Check
# Change nothing. Test what an installation needs, and print a ticket for the network and database
# teams. Needs no token.
#
# .PARAMETER DryRun
# Change nothing; list every change that an installation makes here. -WhatIf does the same.
#
# .PARAMETER Status
# Whether the service runs, the tunnel is up, the database answers.
#
# .PARAMETER Doctor
# Walk every hop to the database; say which one is broken and what to do. Changes nothing, and never
# logs in with the key of the tunnel.
#
# .PARAMETER Logs
# The end of what the service has logged of this tunnel.
#
# .PARAMETER RotateKey
# Make a new key pair; remove the old key once the new one works.
#
# .PARAMETER Upgrade
# Fetch this installer anew, and run it. Where reviewers are pinned, only what they have signed.
#
# .PARAMETER Uninstall
# Remove what an installation made, and the key at the vendor; leave other tunnels alone.
#
# .PARAMETER DeferDatabase
# Go on although the database does not answer yet, and say what is owed.
#
# .PARAMETER TokenFile
# Read the enrolment token from this file. Without it and without CULVERT_TOKEN it is asked for.
#
# .PARAMETER HttpProxy
# The HTTP proxy by which this host reaches the vendor, for the tunnel too: http://host:port. It is
# kept for later runs; "none" forgets it.
#
# .PARAMETER CaFile
# A file of certificate authorities to trust for the control plane, in PEM; kept, too.
#
# .PARAMETER OpenSshZip
# OpenSSH-Win64.zip of the project Win32-OpenSSH, for hosts to which Windows adds no OpenSSH.
#
# .PARAMETER OpenSshZipSha256
# The digest of that file, as you had it checked.
#
# .PARAMETER HostExe
# The service host as your vendor has signed it, for hosts that may not compile it.
#
# .PARAMETER HostExeSha256
# The digest of that file, as you had it checked.
#
# .PARAMETER Reviewers
# Pin the persons who have to approve what -Upgrade runs: a file of lines of allowed_signers, each
# person namespaces="culvert-approval-v1" type key. It holds for all tunnels of this vendor here,
# and is kept for later runs. Needs OpenSSH 8.1 or later.
#
# .PARAMETER Approvals
# With -Reviewers: how many of these persons have to approve; 1 without it.
#
# .PARAMETER SupportFile
# With -Doctor: also write a new file that you may send to your vendor: versions, states and times,
# and nothing else.
#
# .PARAMETER Json
# With -Status and -Doctor: one JSON object, for programs.
#
# .PARAMETER Quiet
# Say only what is wrong.
#
# .PARAMETER Rest
# Nothing; what stands there is refused.
#
# .EXAMPLE
# powershell -ExecutionPolicy Bypass -File .\install.ps1 -Check
#
# .EXAMPLE
# powershell -ExecutionPolicy Bypass -File .\install.ps1 -TokenFile C:\Secrets\token.txt

[CmdletBinding(SupportsShouldProcess = $true)]
param(
  [switch] $Check,
  [switch] $DryRun,
  [switch] $Status,
  [switch] $Doctor,
  [switch] $Logs,
  [switch] $RotateKey,
  [switch] $Upgrade,
  [switch] $Uninstall,
  [switch] $DeferDatabase,
  [string] $TokenFile,
  [string] $HttpProxy,
  [string] $CaFile,
  [string] $OpenSshZip,
  [string] $OpenSshZipSha256,
  [string] $HostExe,
  [string] $HostExeSha256,
  [string] $Reviewers,
  [string] $Approvals,
  [string] $SupportFile,
  [switch] $Json,
  [switch] $Quiet,
  [Parameter(ValueFromRemainingArguments = $true)] [string[]] $Rest
)

& {
  # ---- Settings: every value of this tunnel -----------------------------------------------------

  $TemplateVersion = '2.0.2'
  $BodySha256 = '05e87d7a6b1116f5a0f2bf9e940638f75f7484ec92ffb901d32dd866ab9c6576'
  $Render = 'e61133ecc48efb1c195c653e310b56fbd5de665384145d4717741940e01e1a84'

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
  '# Looks after the tunnels of this host. Each tunnel, of whichever vendor, has a program of its'
  '# own; this one finds it by the name of its folder, hands over, and does nothing else.'
  '# Made by Culvert.'
  '[CmdletBinding()]'
  'param('
  '  [string]$Command,'
  '  [string]$Tunnel,'
  '  [switch]$Json,'
  '  [Parameter(ValueFromRemainingArguments = $true)][object[]]$Rest'
  ')'
  '& {'
  '  Set-StrictMode -Version 2'
  '  $ErrorActionPreference = ''Stop'''
  '  $self = Split-Path -Leaf $PSCommandPath'
  '  $commands = [ordered]@{'
  '    status = ''Status''; doctor = ''Doctor''; logs = ''Logs''; ''rotate-key'' = ''RotateKey'''
  '    upgrade = ''Upgrade''; uninstall = ''Uninstall'''
  '  }'
  ''
  '  function Show-Help {'
  '    $names = ($programs | ForEach-Object { Get-Name $_ }) -join '', '''
  '    $lines = "Usage: $self COMMAND [TUNNEL] [-Json]",'
  '      '''','
  '      ''  status      whether the service runs, the tunnel is up, the database answers'','
  '      ''  doctor      walks every hop, says which one is broken and what to do'','
  '      ''  logs        what the tunnel has logged'','
  '      ''  rotate-key  makes a new key pair; removes the old one once the new works'','
  '      ''  upgrade     fetches the installer of this tunnel anew, and runs it'','
  '      ''  uninstall   removes the tunnel from this host, and its key at the vendor'','
  '      '''','
  '      ''TUNNEL may be left out where there is only one; status then shows all.'','
  '      '''','
  '      "Tunnels of this host: $names"'
  '    $lines | ForEach-Object { $Host.UI.WriteLine($_) }'
  '  }'
  ''
  '  # A tunnel''s name is <vendor>_<tunnel>, as its folders say.'
  '  function Get-Name([string]$Program) {'
  '    $folder = Split-Path -Parent $Program'
  '    "$(Split-Path -Leaf (Split-Path -Parent $folder))_$(Split-Path -Leaf $folder)"'
  '  }'
  ''
  '  function Stop-Here([string]$What, [string]$Next) {'
  '    $Host.UI.WriteErrorLine("error: $What")'
  '    $Host.UI.WriteErrorLine("       $Next")'
  '    exit 2'
  '  }'
  ''
  '  $programs = @(Get-Item (Join-Path $PSScriptRoot ''*\*\tunnel.ps1'') -ErrorAction Ignore |'
  '      ForEach-Object { $_.FullName })'
  '  if ($Command -in '''', ''help'') {'
  '    Show-Help'
  '    exit 0'
  '  }'
  '  if ($Rest -or $Command -notin $commands.Keys) {'
  '    Stop-Here ''There is no such command or option.'' "See: $self help"'
  '  }'
  '  $chosen = @($programs | Where-Object {'
  '      -not $Tunnel -or $Tunnel -in (Get-Name $_), ((Get-Name $_) -split ''_'', 2)[1]'
  '    })'
  '  if ($chosen.Count -eq 0) {'
  '    Stop-Here ''There is no such tunnel on this host.'' "See: $self help"'
  '  }'
  '  if ($Command -ne ''status'' -and $chosen.Count -gt 1) {'
  '    $names = ($chosen | ForEach-Object { Get-Name $_ }) -join '', '''
  '    Stop-Here "Which tunnel? There are: $names." "Say: $self $Command TUNNEL"'
  '  }'
  '  $options = @{ $commands[$Command] = $true }'
  '  if ($Json) { $options[''Json''] = $true }'
  '  $worst = 0'
  '  foreach ($program in $chosen) {'
  '    & $program @options'
  '    $worst = [Math]::Max($worst, $LASTEXITCODE)'
  '  }'
  '  exit $worst'
  '}'
  ) -join "`r`n")

  # Every change that an installation makes; -DryRun prints it.
  $Plan = (@(
  '    OpenSSH    the client, if it is missing: from Windows, or from -OpenSshZip into'
  '               %ProgramFiles%\h_autossh\acme\openssh.<first 16 digits of its SHA-256>'
  '    folders    %ProgramData%\h_autossh'
  '               %ProgramData%\h_autossh\acme'
  '               %ProgramData%\h_autossh\acme\orders'
  '                 for administrators and the system alone'
  '               %ProgramFiles%\h_autossh'
  '               %ProgramFiles%\h_autossh\acme'
  '               %ProgramFiles%\h_autossh\acme\orders'
  '               %ProgramFiles%\h_autossh\acme\host.<first 16 digits of its SHA-256>'
  '    files      %ProgramData%\h_autossh\acme\orders\ssh_config'
  '               %ProgramData%\h_autossh\acme\orders\known_hosts'
  '               %ProgramData%\h_autossh\acme\orders\endpoints'
  '               %ProgramData%\h_autossh\acme\orders\key,'
  '                 a new private key that never leaves this host'
  '               %ProgramData%\h_autossh\acme\orders\key.pub'
  '               %ProgramData%\h_autossh\acme\orders\installed, what was made here'
  '               %ProgramData%\h_autossh\acme\orders\wanted, what is to run'
  '               %ProgramData%\h_autossh\acme\orders\state, what runs'
  '               %ProgramData%\h_autossh\acme\host.log and host.log.1, at most 1 MB each'
  '               %ProgramFiles%\h_autossh\acme\host.<...>\TunnelHost.exe,'
  '                 compiled here from the sources in the script'
  '               %ProgramFiles%\h_autossh\acme\orders\tunnel.ps1, this script'
  '               %ProgramFiles%\h_autossh\h_autossh.ps1, which finds it'
  '    files      only with an HTTP proxy, with its user and password:'
  '               %ProgramData%\h_autossh\acme\orders\http-proxy'
  '               only where authorities to trust are given:'
  '               %ProgramData%\h_autossh\acme\orders\ca.pem'
  '               only with -Reviewers, or once upgraded where they are pinned:'
  '               %ProgramData%\h_autossh\acme\reviewers.pin'
  '               %ProgramData%\h_autossh\acme\orders\serial'
  '    service    h_autossh_acme, as LocalSystem with one privilege,'
  '                 SeChangeNotifyPrivilege; started now and at every boot,'
  '                 and again by Windows when it fails'
  '    registry   the event source h_autossh_acme of the Application log'
  '    network    nothing comes in; what goes out is all of this:'
  '               by SSH to the first of these that answers, while the tunnel is up:'
  '                 t1.culvert.example:50022'
  '                 192.0.2.10:50022'
  '                 [2001:db8::10]:50022'
  '                 t2.culvert.example:50022'
  '                 t1.culvert.example:443'
  '                 192.0.2.10:443'
  '                 [2001:db8::10]:443'
  '                 t2.culvert.example:443'
  '               to the database, when the vendor asks it something:'
  '                 db.internal:5432'
  '               to the vendor, the public key and this installer''s digest:'
  '                 https://culvert.example'
  '               to Windows Update, if OpenSSH is missing; to DNS, for these names'
  '    programs   csc.exe of .NET Framework, to compile the service host'
  '               ssh-keygen, to make the key and to prove to the vendor that it is here'
  '               sc.exe description, privs, failure and failureflag of the service'
  ''
  ) -join "`n")

  # ---- The same for everyone from here on -------------------------------------------------------

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

  # ---- How this script speaks -------------------------------------------------------------------

  # say TEXT: what a person may want to follow; -Quiet leaves it out.
  function say([string]$Text) { if (-not $Run.Quiet) { $Host.UI.WriteLine($Text) } }

  # tell TEXT: what was asked for, or must not be missed.
  function tell([string]$Text) { $Host.UI.WriteLine($Text) }

  function warn([string]$Text) { $Host.UI.WriteErrorLine("warning: $Text") }

  # fail WHAT NEXT -Code CODE: says what happened and what to do about it, and ends.
  function fail([string]$What, [string]$Next, [int]$Code) {
    $failure = New-Object InvalidOperationException $What
    $failure.Data['Next'] = $Next
    $failure.Data['Code'] = $Code
    throw $failure
  }

  # Exit codes, the same for every way to run this.
  $Exit = @{
    Usage = 2; Unsupported = 3; Preflight = 4; Packages = 5; Enrolment = 6; Tunnel = 7; Database = 8
  }

  # phase TITLE: the next of the run's steps begins; how long the last one took, if noticeable.
  function phase([string]$Title) {
    Complete-Phase
    $Run.Phase += 1
    $Run.PhaseBegan = Get-Date
    say ''
    say "[$($Run.Phase)/$($Run.Phases)] $Title"
  }

  function Complete-Phase {
    if ($null -eq $Run.PhaseBegan) { return }
    $seconds = [int]((Get-Date) - $Run.PhaseBegan).TotalSeconds
    if ($seconds -gt 0) { say "     took $seconds s" }
  }

  # Text from elsewhere as one line that cannot play with the terminal.
  function ConvertTo-Printable([string]$Text) {
    ($Text -replace '[\r\n]+', ' ') -replace '[^ -~]', '?'
  }

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

  # ---- Windows itself: every call that only Windows has -----------------------------------------

  # Each does one thing and decides nothing, so that the rest can be tried anywhere.

  function Invoke-SysFolder([string]$Name) { [Environment]::GetFolderPath($Name) }

  function Invoke-SysVersion {
    Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
  }

  function Invoke-SysIsAdministrator {
    $user = [Security.Principal.WindowsIdentity]::GetCurrent()
    $role = [Security.Principal.WindowsBuiltInRole]::Administrator
    (New-Object Security.Principal.WindowsPrincipal $user).IsInRole($role)
  }

  # Makes a folder that nobody else could enter in between: with its rights, in one call.
  function Invoke-SysMakeFolder([string]$Path, [string]$Rights) {
    $security = New-Object Security.AccessControl.DirectorySecurity
    $security.SetSecurityDescriptorSddlForm($Rights)
    $null = [IO.Directory]::CreateDirectory($Path, $security)
  }

  # The same where PowerShell runs on .NET instead of .NET Framework.
  function Invoke-SysMakeFolderCore([string]$Path, [string]$Rights) {
    $security = New-Object Security.AccessControl.DirectorySecurity
    $security.SetSecurityDescriptorSddlForm($Rights)
    $null = [IO.FileSystemAclExtensions]::CreateDirectory($security, $Path)
  }

  function Invoke-SysWriteAccess([string]$File, [string]$Rights) {
    $security = New-Object Security.AccessControl.FileSecurity
    $security.SetSecurityDescriptorSddlForm($Rights)
    Set-Acl -LiteralPath $File -AclObject $security
  }

  function Invoke-SysReadAccess([string]$Path) { (Get-Acl -LiteralPath $Path).Sddl }

  function Invoke-SysFindCapability { Get-WindowsCapability -Online -Name 'OpenSSH.Client*' }

  function Invoke-SysAddCapability([string]$Name) {
    $null = Add-WindowsCapability -Online -Name $Name
  }

  function Invoke-SysFindService([string]$Name) {
    Get-CimInstance -ClassName Win32_Service -Filter "Name='$Name'"
  }

  function Invoke-SysMakeService([string]$Name, [string]$Command, [string]$Title) {
    $null = New-Service -Name $Name -BinaryPathName $Command -DisplayName $Title `
      -StartupType Automatic
  }

  function Invoke-SysStartService([string]$Name) { Start-Service -Name $Name }

  function Invoke-SysStopService([string]$Name) { Stop-Service -Name $Name -Force }

  # Invoke-SysControl WORD...: what only sc.exe can set.
  function Invoke-SysControl([string[]]$Words) {
    Invoke-Program (Join-Path (Invoke-SysFolder System) 'sc.exe') $Words
  }

  function Invoke-SysFindEventSource([string]$Name) { [Diagnostics.EventLog]::SourceExists($Name) }

  function Invoke-SysMakeEventSource([string]$Name) {
    [Diagnostics.EventLog]::CreateEventSource($Name, 'Application')
  }

  function Invoke-SysRemoveEventSource([string]$Name) {
    [Diagnostics.EventLog]::DeleteEventSource($Name)
  }

  function Invoke-SysLoad([string]$Program) {
    [Reflection.Assembly]::Load([IO.File]::ReadAllBytes($Program))
  }

  # ---- Other programs and files -----------------------------------------------------------------

  # Invoke-Program FILE ARGUMENTS [BYTES]: runs it to its end; these bytes are all that it can read.
  # Gives Code and what it wrote: Output and Errors.
  function Invoke-Program([string]$File, [string[]]$Arguments, [byte[]]$Bytes, [int]$Seconds = 60) {
    Complete-Program (Open-Program $File $Arguments $Bytes) $Seconds
  }

  # Open-Program: starts it; several can then run at once. With -Greeting only the first line that
  # it writes is wanted, and it may go on reading until then.
  function Open-Program([string]$File, [string[]]$Arguments, [byte[]]$Bytes, [switch]$Greeting) {
    $start = New-Object Diagnostics.ProcessStartInfo $File
    $start.Arguments = ($Arguments | ForEach-Object { ConvertTo-Argument $_ }) -join ' '
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    if ($Bytes) { Use-PlainInput }
    $process = [Diagnostics.Process]::Start($start)
    $program = @{
      Process = $process; Errors = $process.StandardError.ReadToEndAsync(); Greets = [bool]$Greeting
    }
    if ($Greeting) {
      $program.Output = $process.StandardOutput.ReadLineAsync()
    } else {
      Write-Input $process.StandardInput $Bytes
      $program.Output = $process.StandardOutput.ReadToEndAsync()
    }
    $program
  }

  # Where the console is in UTF-8, .NET Framework would put a byte order mark in front.
  function Use-PlainInput {
    if ([Console]::InputEncoding.GetPreamble().Length -eq 0) { return }
    [Console]::InputEncoding = New-Object Text.UTF8Encoding $false
  }

  # One that ends before it has read all has its reason, which its exit code tells.
  function Write-Input([IO.StreamWriter]$To, [byte[]]$Bytes) {
    try {
      if ($Bytes) { $To.BaseStream.Write($Bytes, 0, $Bytes.Length) }
      $To.Close()
    } catch [IO.IOException] {
      return
    }
  }

  function Complete-Program($Program, [int]$Seconds) {
    $process = $Program.Process
    if ($Program.Greets) {
      $null = $Program.Output.Wait($Seconds * 1000)
      $process.StandardInput.Close()
    }
    if (-not $process.WaitForExit($Seconds * 1000)) { $process.Kill() }
    # A program that it started may hold the pipes open: what that one writes is not waited for.
    $null = [Threading.Tasks.Task]::WaitAll(@($Program.Output, $Program.Errors), 2000)
    $result = @{ Code = -1; Output = ''; Errors = '' }
    if ($process.WaitForExit(2000)) { $result.Code = $process.ExitCode }
    foreach ($name in 'Output', 'Errors') {
      if ($Program[$name].IsCompleted) { $result[$name] = "$($Program[$name].Result)" }
    }
    $result
  }

  # As Windows programs split their command line: CommandLineToArgvW.
  function ConvertTo-Argument([string]$Text) {
    if ($Text -match '^[^\s"]+$') { return $Text }
    '"' + (($Text -replace '(\\*)"', '$1$1\"') -replace '(\\+)$', '$1$1') + '"'
  }

  # A path as ssh takes it, which reads a backslash as something else.
  function ConvertTo-Slash([string]$Path) { $Path -replace '\\', '/' }

  # Get-Digest -File PATH or -Text TEXT: its SHA-256, 64 hex digits.
  function Get-Digest([string]$File, [string]$Text) {
    $bytes = [Text.Encoding]::UTF8.GetBytes($Text)
    if ($File) { $bytes = [IO.File]::ReadAllBytes($File) }
    ConvertTo-Hex (Get-Sha256 $bytes)
  }

  # The one implementation that a host in FIPS mode allows on .NET Framework.
  function Get-Sha256([byte[]]$Bytes) {
    $algorithm = New-Object Security.Cryptography.SHA256CryptoServiceProvider
    , $algorithm.ComputeHash($Bytes)
  }

  function ConvertTo-Hex([byte[]]$Bytes) {
    [BitConverter]::ToString($Bytes).Replace('-', '').ToLower()
  }

  # The whole of a small file; nothing where there is none.
  function Read-Text([string]$File) {
    if (Test-Path -LiteralPath $File -PathType Leaf) { return [IO.File]::ReadAllText($File) }
    ''
  }

  # Write-Whole FILE TEXT: a power cut leaves the old text or the new one.
  function Write-Whole([string]$File, [string]$Text) {
    $aside = "$File.new"
    $bytes = [Text.Encoding]::UTF8.GetBytes($Text)
    $stream = [IO.File]::Create($aside)
    try {
      $stream.Write($bytes, 0, $bytes.Length)
      $stream.Flush($true)
    } finally {
      $stream.Close()
    }
    Move-Over $aside $File
  }

  # Move-Over FROM TO: .NET Framework moves no file onto another one by itself. Windows refuses for
  # as long as somebody reads that one, which the service host does for a moment now and then.
  function Move-Over([string]$From, [string]$To) {
    foreach ($attempt in 1..10) {
      try {
        if (Test-Path -LiteralPath $To) {
          [IO.File]::Replace($From, $To, [NullString]::Value)
        } else {
          [IO.File]::Move($From, $To)
        }
        return
      } catch {
        if ($attempt -eq 10) { throw }
        Start-Sleep -Milliseconds 100
      }
    }
  }

  function Remove-Quietly([string]$Path) {
    if (Test-Path -LiteralPath $Path) { Remove-Item -LiteralPath $Path -Recurse -Force }
  }

  # ---- This host --------------------------------------------------------------------------------

  # Where this cannot run at all it says so before anything else; iex would ignore "#Requires".
  function Test-Shell {
    if ($PSVersionTable.PSVersion -lt [Version]'5.1') {
      unsupported "Windows PowerShell $($PSVersionTable.PSVersion) is too old" `
        'Install Windows Management Framework 5.1, or use a newer host.'
    }
    if ([IntPtr]::Size -ne 8) {
      unsupported 'this is a 32-bit PowerShell' `
        'Start "Windows PowerShell" without "(x86)" in its name, and run this again.'
    }
    if (-not (Invoke-SysIsAdministrator)) {
      unsupported 'this needs the rights of an administrator' `
        'Start PowerShell with "Run as administrator", and run this again.'
    }
  }

  function unsupported([string]$What, [string]$Next) {
    fail ($What.Substring(0, 1).ToUpper() + $What.Substring(1) + '.') $Next -Code $Exit.Unsupported
  }

  # Server 2016 is build 14393, Windows 10 version 1809 and Server 2019 are 17763.
  function Test-Windows {
    $version = Invoke-SysVersion
    $build = [int]$version.CurrentBuildNumber
    $oldest = 17763
    if ($version.InstallationType -ne 'Client') { $oldest = 14393 }
    say "This host: $([Environment]::MachineName), $($version.ProductName), build $build"
    if ($build -lt $oldest) {
      unsupported "this Windows is too old (build $build)" `
        'Use Windows 10 version 1809, Windows Server 2016, or a later one.'
    }
    if ((Invoke-SysFolder CommonApplicationData) -notmatch '^[!-~]+$') {
      unsupported 'the folder for program data has a blank or a special character in its name' `
        'ssh cannot read its files there. Use another host.'
    }
    # Where only approved algorithms are allowed, Ed25519 is not one of them.
    $Run.KeyType = 'ed25519'
    if ([Security.Cryptography.CryptoConfig]::AllowOnlyFipsAlgorithms) {
      say 'FIPS mode is on: the key will be ECDSA P-256.'
      $Run.KeyType = 'ecdsa'
    }
  }

  # The paths of this tunnel and of its vendor.
  function Find-Path {
    $programs = Join-Path (Invoke-SysFolder ProgramFiles) $Service
    $data = Join-Path (Invoke-SysFolder CommonApplicationData) $Service
    $vendorData = Join-Path $data $VendorSlug
    $tunnel = Join-Path $vendorData $TunnelSlug
    $vendorPrograms = Join-Path $programs $VendorSlug
    $Paths.Programs = $programs
    $Paths.Data = $data
    $Paths.VendorPrograms = $vendorPrograms
    $Paths.VendorData = $vendorData
    $Paths.CommandFolder = Join-Path $vendorPrograms $TunnelSlug
    $Paths.Command = Join-Path (Join-Path $vendorPrograms $TunnelSlug) 'tunnel.ps1'
    $Paths.Dispatcher = Join-Path $programs "$Service.ps1"
    $Paths.Log = Join-Path $vendorData 'host.log'
    $Paths.Pin = Join-Path $vendorData 'reviewers.pin'
    $Paths.Tunnel = $tunnel
    $Paths.Record = Join-Path $tunnel 'installed'
    $Paths.Key = Join-Path $tunnel 'key'
    $Paths.OldKey = Join-Path $tunnel 'key.old'
    $Paths.NextKey = Join-Path $tunnel 'next'
    $Paths.Wanted = Join-Path $tunnel 'wanted'
    $Paths.State = Join-Path $tunnel 'state'
    $Paths.Serial = Join-Path $tunnel 'serial'
    $Paths.HttpProxy = Join-Path $tunnel 'http-proxy'
    $Paths.Authorities = Join-Path $tunnel 'ca.pem'
    $Paths.OpenSsh = Join-Path (Invoke-SysFolder System) 'OpenSSH'
  }

  # One service a vendor: it runs all tunnels of that vendor.
  function Get-ServiceName { "${Service}_$VendorSlug" }

  function Test-Installed { Test-Path -LiteralPath $Paths.Wanted }

  # A private folder for the time of this run, the only place written to before the plan is shown.
  # Administrators alone can enter it: what is compiled in there is run with their rights.
  function Get-Scratch {
    $base = Join-Path (Invoke-SysFolder Windows) 'Temp'
    foreach ($left in @(Get-Item (Join-Path $base 'culvert-*') -ErrorAction Ignore)) {
      # A run that was killed may have left a copy of the key.
      $owner = ($left.Name -split '-')[1]
      if (Get-Process -Id $owner -ErrorAction Ignore) { continue }
      if (Test-OwnFolder $left.FullName) { Remove-Quietly $left.FullName }
    }
    $scratch = Join-Path $base "culvert-$PID-$([Guid]::NewGuid())"
    Add-Folder $scratch
    $scratch
  }

  # Folders and files are for administrators and the system, whatever the folder above says.
  $FolderRights = 'O:BAD:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)'
  $FileRights = 'O:BAD:P(A;;FA;;;BA)(A;;FA;;;SY)'

  function Add-Folder([string]$Path) {
    if ($PSVersionTable.PSEdition -eq 'Core') {
      Invoke-SysMakeFolderCore $Path $FolderRights
    } else {
      Invoke-SysMakeFolder $Path $FolderRights
    }
  }

  # Test-Access PATH RIGHTS: whether they are what was set, read back: owner and list, nothing more.
  function Test-Access([string]$Path, [string]$Rights) {
    $read = (Invoke-SysReadAccess $Path) -replace 'G:.*?(?=D:)', '' -replace 'D:PAI', 'D:P'
    $wanted = @($Rights -split '(?=\()' | Sort-Object)
    -not (Compare-Object $wanted @($read -split '(?=\()' | Sort-Object))
  }

  # Any user may make folders in the folder for program data: one that is not ours is refused.
  function Test-OwnFolder([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path)) { return $true }
    -not (Test-Link $Path) -and (Test-Access $Path $FolderRights)
  }

  function Test-Link([string]$Path) {
    [bool]([IO.File]::GetAttributes($Path) -band [IO.FileAttributes]::ReparsePoint)
  }

  # ---- The enrolment token ----------------------------------------------------------------------

  # From here on the token is in one variable that no other program inherits. It goes to the control
  # plane in a request, and nowhere else.
  function Read-TokenVariable {
    $Run.Token = "$([Environment]::GetEnvironmentVariable('CULVERT_TOKEN'))"
    [Environment]::SetEnvironmentVariable('CULVERT_TOKEN', [NullString]::Value)
  }

  # From the environment, else the file, else the keyboard.
  function Find-Token {
    if (-not $Run.Token -and $Given.TokenFile) {
      if (-not (Test-Path -LiteralPath $Given.TokenFile -PathType Leaf)) {
        fail "The token file $(ConvertTo-Printable $Given.TokenFile) cannot be read." `
          'Check -TokenFile.' -Code $Exit.Usage
      }
      $Run.Token = "$(Get-Content -LiteralPath $Given.TokenFile -TotalCount 1)"
    }
    if (-not $Run.Token -and -not (Test-MayBeEnrolled)) { Read-TokenFromKeyboard }
    $Run.Token = $Run.Token.Trim()
    if ($Run.Token -and $Run.Token -notmatch '^cvt_[0-9a-z]{16}_[0-9a-z]{32}$') {
      fail 'What was given as enrolment token is not one.' `
        "A token looks like cvt_..., 53 characters; copy it again from $VendorName." `
        -Code $Exit.Enrolment
    }
  }

  function Read-TokenFromKeyboard {
    if (-not [Environment]::UserInteractive -or [Console]::IsInputRedirected) {
      fail 'An enrolment token is needed, and there is nobody to ask for it.' `
        'Set CULVERT_TOKEN in the environment, or give -TokenFile FILE.' -Code $Exit.Usage
    }
    $hidden = Read-Host -Prompt "Enrolment token from $VendorName (not shown)" -AsSecureString
    $Run.Token = (New-Object Net.NetworkCredential '', $hidden).Password
    if (-not $Run.Token) {
      fail 'No token was entered.' "Ask $VendorName for one." -Code $Exit.Usage
    }
  }

  # Where an earlier run, also one that was cut short, has come as far as a key, only the vendor
  # knows whether it is enrolled: then no token is asked for here, and none is tested.
  function Test-MayBeEnrolled { Test-Path -LiteralPath $Paths.Key }

  # Asks the control plane about the token, without a key, so nothing is spent. If all is well with
  # the token, the answer complains of the key.
  function Test-Token {
    $question = "slot=$Slot`npublic_key=`nrender=$Render`nplatform=windows`nend=1`n"
    Send-Call enrol $question -WithToken
  }

  # ---- The HTTP proxy, where this host may not connect out by itself ----------------------------

  # It may come with a password, so from here on it is in a variable that no other program inherits.
  function Read-HttpProxyVariable {
    $Run.GivenHttpProxy = "$([Environment]::GetEnvironmentVariable('CULVERT_HTTP_PROXY'))"
    [Environment]::SetEnvironmentVariable('CULVERT_HTTP_PROXY', [NullString]::Value)
    if (-not $Given.HttpProxy) { return }
    if ($Given.HttpProxy -like '*@*') {
      wrong '-HttpProxy: others can see a password there; give it in CULVERT_HTTP_PROXY.'
    }
    $Run.GivenHttpProxy = $Given.HttpProxy
  }

  # The one that was given, else the one that an earlier run kept: Host, Port, User, Password.
  function Find-HttpProxy {
    $Run.HttpProxy = $null
    if ($Run.GivenHttpProxy -eq 'none') { return }
    if ($Run.GivenHttpProxy) {
      $Run.HttpProxy = Read-GivenHttpProxy
      return
    }
    $lines = (Read-Text $Paths.HttpProxy) -split "`n"
    if ($lines.Count -lt 4) { return }
    $Run.HttpProxy = @{ Host = $lines[0]; Port = $lines[1]; User = $lines[2]; Password = $lines[3] }
  }

  function Read-GivenHttpProxy {
    $form = '^http://(?:(?<user>[^:@/]+)(?::(?<password>.*))?@)?' +
    '(?<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])' +
    ':(?<port>[1-9][0-9]{0,4})/?$'
    if ($Run.GivenHttpProxy -match $form -and [int]$Matches.port -le 65535) {
      $found = @{ Host = $Matches.host.Trim('[', ']'); Port = $Matches.port }
      $found.User = [Uri]::UnescapeDataString("$($Matches['user'])")
      $found.Password = [Uri]::UnescapeDataString("$($Matches['password'])")
      # A control character could begin a line of the file or of a header.
      $isPlain = $found.User + $found.Password -notmatch '[\x00-\x1f\x7f]'
      if ($isPlain -and $found.User -notlike '*:*') {
        return $found
      }
    }
    fail 'The HTTP proxy does not read http://[user:password@]host:port.' `
      'In user and password write each of % @ : / as %25 %40 %3A %2F.' -Code $Exit.Usage
  }

  function Get-HttpProxyText {
    $proxy = $Run.HttpProxy
    $proxy.Host, $proxy.Port, $proxy.User, $proxy.Password, '' -join "`n"
  }

  # How requests to the control plane go out: by that HTTP proxy, else as Windows is set up.
  function Get-WebProxy {
    if (-not $Run.HttpProxy) {
      $system = [Net.WebRequest]::GetSystemWebProxy()
      $system.Credentials = [Net.CredentialCache]::DefaultCredentials
      return $system
    }
    $server = $Run.HttpProxy.Host
    if ($server -like '*:*') { $server = "[$server]" }
    $proxy = New-Object Net.WebProxy "http://${server}:$($Run.HttpProxy.Port)"
    $user = $Run.HttpProxy.User
    if ($user) {
      $proxy.Credentials = New-Object Net.NetworkCredential $user, $Run.HttpProxy.Password
    }
    $proxy
  }

  # ---- Talking to the control plane -------------------------------------------------------------

  # Send-Call PATH [LINES] [-WithToken]: asks the control plane, sends it lines, shows it the token.
  # Returns whether there is an answer; its lines are then in the run's Answer. It counts only when
  # its last line is end=1: one that was cut, or that a captive portal made up, does not have it.
  function Send-Call([string]$Path, [string]$Body, [switch]$WithToken) {
    $Run.Answer = @{}
    $token = ''
    if ($WithToken) { $token = $Run.Token }
    $got = Get-Web "$PublicUrl/t/$TunnelId/v1/$Path" -Body $Body -Token $token
    if ($got.Problem) {
      $Run.AnswerProblem = $got.Problem
      return $false
    }
    $lines = $got.Text -replace "`r", '' -split "`n" | Where-Object { $_ }
    if ($lines -and @($lines)[-1] -eq 'end=1') {
      foreach ($line in $lines) {
        $name, $value = $line -split '=', 2
        if ($name -cmatch '^[a-z_]+$') { $Run.Answer[$name] = ConvertTo-Printable $value }
      }
      return $true
    }
    $Run.AnswerProblem = "it answered with the HTTP status $($got.Status), and not as Culvert does"
    if ($got.Status -eq 407) {
      $Run.AnswerProblem = $RefusedByProxy
    } elseif ($got.Status -lt 300) {
      $Run.AnswerProblem = 'what answered there is not Culvert, or its answer was cut on the way'
    }
    $false
  }

  $RefusedByProxy = 'the HTTP proxy on the way there refused the user or the password'

  # Why there is no answer at all: what .NET says, but for the one that has a remedy of its own.
  function Get-Problem([string]$Message) {
    if ($Message -match '\b407\b') { return $RefusedByProxy }
    $Message.TrimEnd('.')
  }

  # Get-Web URL [BODY [TOKEN]]: Status, Bytes, Text of what is there, or the Problem of getting it.
  # HttpWebRequest, as only this one takes the authorities of one request on .NET Framework 4.6.
  function Get-Web([string]$Url, [string]$Body, [string]$Token, [int]$Limit = 65536) {
    $request = [Net.WebRequest]::CreateHttp($Url)
    $request.AllowAutoRedirect = $false
    $request.Timeout = 30000
    $request.ReadWriteTimeout = 30000
    $request.KeepAlive = $false
    $request.UserAgent = "Culvert installer $TemplateVersion"
    $request.Proxy = Get-WebProxy
    if ($Token) { $request.Headers['Authorization'] = "Bearer $Token" }
    if ($Run.Authorities) {
      $request.ServerCertificateValidationCallback = Get-AuthorityCheck
    }
    try {
      if ($Body) { Write-Request $request $Body }
      Read-Response ($request.GetResponse()) $Limit
    } catch {
      $failure = Get-WebFailure $_.Exception
      if ($failure.PSObject.Properties['Response'] -and $failure.Response) {
        return Read-Response $failure.Response $Limit
      }
      @{ Problem = Get-Problem (ConvertTo-Printable (Get-Deepest $failure).Message) }
    }
  }

  function Write-Request($Request, [string]$Body) {
    $bytes = [Text.Encoding]::ASCII.GetBytes($Body)
    $Request.Method = 'POST'
    $Request.ContentType = 'text/plain'
    $Request.ContentLength = $bytes.Length
    # .NET Framework would first ask whether it may, which some proxies refuse.
    $Request.ServicePoint.Expect100Continue = $false
    $stream = $Request.GetRequestStream()
    $stream.Write($bytes, 0, $bytes.Length)
    $stream.Close()
  }

  function Read-Response($Response, [int]$Limit) {
    try {
      $stream = $Response.GetResponseStream()
      $text = New-Object IO.MemoryStream
      $buffer = New-Object byte[] 8192
      while ($text.Length -lt $Limit) {
        $count = $stream.Read($buffer, 0, $buffer.Length)
        if ($count -eq 0) { break }
        $text.Write($buffer, 0, $count)
      }
      @{
        Status = [int]$Response.StatusCode
        Refusal = "$($Response.Headers['Culvert-Error'])"
        Bytes = $text.ToArray()
        Text = [Text.Encoding]::UTF8.GetString($text.ToArray())
        Problem = ''
      }
    } finally {
      $Response.Close()
    }
  }

  # PowerShell wraps what .NET throws.
  function Get-WebFailure([Exception]$Exception) {
    while ($Exception.InnerException -and $Exception -isnot [Net.WebException]) {
      $Exception = $Exception.InnerException
    }
    $Exception
  }

  function Get-Deepest([Exception]$Exception) {
    while ($Exception.InnerException) { $Exception = $Exception.InnerException }
    $Exception
  }

  # The answer's value of that name, as text that is safe to print; empty when it has none.
  function Get-Answer([string]$Name) { "$($Run.Answer[$Name])" }

  # The same for a number; 0 for anything else.
  function Get-Number([string]$Name) {
    if ((Get-Answer $Name) -match '^[1-9][0-9]{0,11}$') { return [long](Get-Answer $Name) }
    [long]0
  }

  # This slot's state as the vendor sees it, and our key's, when its fingerprint is known.
  function Get-VendorView {
    $key = ''
    if ($Run.Fingerprint) { $key = "&key=$($Run.Fingerprint)" }
    Send-Call "status?slot=$Slot$key"
  }

  # The authorities to trust: those that were given, else those of the settings, else those that an
  # earlier run kept, else those of Windows.
  function Find-Authority {
    $Run.Authorities = $CaCertificates
    if (-not $Run.Authorities) { $Run.Authorities = Read-Text $Paths.Authorities }
    if (-not $Given.CaFile) { return }
    $Run.Authorities = Read-Text $Given.CaFile
    if ($Run.Authorities -notmatch '-----BEGIN CERTIFICATE-----') {
      fail "-CaFile: no certificate can be read from $(ConvertTo-Printable $Given.CaFile)." `
        'Name a file of certificates in PEM.' -Code $Exit.Usage
    }
  }

  # It is called on another thread, where no script can run: so it is a part of the service host.
  function Get-AuthorityCheck {
    if (-not $Run.AuthorityCheck) {
      $kind = (Invoke-SysLoad (Get-HostProgram)).GetType('Culvert.PinnedAuthorities')
      $Run.AuthorityCheck = $kind.GetMethod('CheckBy').Invoke($null, @([string]$Run.Authorities))
    }
    $Run.AuthorityCheck
  }

  # ---- Preflight: everything that is needed, before the first change ----------------------------

  # finding WHAT NEXT: notes what is wrong and goes on, so that all of it is listed at once.
  function finding([string]$What, [string]$Next) {
    $Run.Findings.Add("$What`n       $Next")
    say "  no   $What"
  }

  function ok([string]$What) { say "  ok   $What" }

  # note WHAT: not as it could be, but good enough to go on.
  function note([string]$What) { say "  note $What" }

  function Test-Everything {
    phase 'Checking what is needed'
    if ($Run.HttpProxy) {
      note "by way of the HTTP proxy $($Run.HttpProxy.Host) port $($Run.HttpProxy.Port)"
    }
    Test-Disk
    Test-OpenSsh
    Test-Reviewer
    Test-HostProgram
    Test-ControlPlane
    Test-TunnelServer
    Test-Database
    Test-Stranger
  }

  # Ends the run when anything was found.
  function Stop-OnFinding {
    if ($Run.Findings.Count -eq 0) { return }
    $code = $Exit.Preflight
    if ($Run.TokenRefused -and $Run.Findings.Count -eq 1) { $code = $Exit.Enrolment }
    $all = ($Run.Findings | ForEach-Object { "`n  $_" }) -join ''
    fail "nothing was changed; $($Run.Findings.Count) found:$all" '' -Code $code
  }

  function Test-Disk {
    foreach ($folder in 'ProgramFiles', 'CommonApplicationData') {
      $root = [IO.Path]::GetPathRoot((Invoke-SysFolder $folder))
      if ((New-Object IO.DriveInfo $root).AvailableFreeSpace -lt 50 * 1024 * 1024) {
        finding "less than 50 MB are free on $root" 'Make room there.'
      }
    }
  }

  function Test-ControlPlane {
    if (-not (Get-VendorView)) {
      finding "control plane ${PublicUrl}: $($Run.AnswerProblem)" `
        'Allow this host to reach it, or give -HttpProxy or -CaFile.'
      return
    }
    if (Get-Answer error) {
      finding "control plane: $(Get-Answer detail)" (Get-Answer next)
      return
    }
    ok "control plane $PublicUrl"
    $here = [DateTime]::UtcNow - [DateTime]'1970-01-01'
    $skew = [Math]::Abs([long]$here.TotalSeconds - (Get-Number now))
    if ($skew -ge 300) {
      finding "this host's clock is off by $skew seconds" 'Set it: w32tm /resync'
    }
    if ($Run.Token -and -not (Test-MayBeEnrolled)) { Test-GivenToken }
  }

  # A refused token ends the run with a code of its own, unless something else is wrong, too.
  function Test-GivenToken {
    if (-not (Test-Token)) {
      finding "control plane: $($Run.AnswerProblem)" 'Run this again.'
    } elseif ((Get-Answer field) -eq 'public_key') {
      ok 'enrolment token'
    } else {
      finding "the enrolment token was refused: $(Get-Answer detail)" (Get-Answer next)
      $Run.TokenRefused = $true
    }
  }

  # A service or folder of that name that this installer did not make is somebody's: hands off.
  function Test-Stranger {
    $name = Get-ServiceName
    $found = Invoke-SysFindService $name
    if ($found -and $found.PathName -notlike "*TunnelHost.exe*--service $name *") {
      finding "a service $name exists and is not Culvert's" 'Rename or remove that service first.'
    }
    foreach ($folder in $Paths.Data, $Paths.VendorData, $Paths.Tunnel) {
      if (-not (Test-OwnFolder $folder)) {
        finding "$folder exists, and others may write to it" `
          'See whose it is; remove it, and run this again.'
      }
    }
    $text = Read-Text $Paths.Dispatcher
    if ($text -and $text -notlike '*Made by Culvert*') {
      finding "$($Paths.Dispatcher) exists and is not Culvert's" 'Rename or remove that file first.'
    }
    $owner = Get-Recorded tunnel | Select-Object -First 1
    $heldTunnel, $heldSlot = "$owner" -split '/'
    if ($heldTunnel -eq $TunnelId -and $heldSlot -ne $Slot) {
      finding "this host holds slot $heldSlot of this tunnel already" `
        'A second proxy is another host. To have this slot here, uninstall the other one first.'
    } elseif ($owner -and $owner -ne "$TunnelId/$Slot") {
      finding "another tunnel called $Instance is installed on this host: $owner" `
        'Uninstall that one first, or use another host.'
    }
  }

  # What the network and database teams need to know to help.
  function Show-Ticket {
    phase 'Ticket for the network and database teams'
    say "Please allow these connections, all outgoing from $([Environment]::MachineName):"
    if ($Run.HttpProxy) {
      say "  0. TCP to the HTTP proxy $($Run.HttpProxy.Host) port $($Run.HttpProxy.Port)."
      say '     It must allow CONNECT to what 1 lists.'
    }
    say "  1. The SSH tunnel to $VendorName. One of these is enough, more of them are safer:"
    foreach ($endpoint in Get-Endpoint) { say "     TCP to $($endpoint -replace ' ', ' port ')" }
    say '     It must pass as it is: a firewall that inspects or rewrites SSH breaks it.'
    say "  2. HTTP to ${PublicUrl}: installation and status."
    say "  3. TCP to $DatabaseHost port ${DatabasePort}: the $DatabaseType database."
    if ($DatabaseType -ne 'tcp') { say "     $(Get-WayIn '')" }
    say 'Nothing has to be allowed inwards. To the database, every query comes from this host.'
    if ($EgressAddresses) {
      say "For your records: $VendorName's own servers have $($EgressAddresses -join ' ')."
    }
  }

  # ---- The OpenSSH client -----------------------------------------------------------------------

  # One that an operator gave goes before that of Windows. Never by PATH, which others may change.
  function Find-OpenSsh {
    $own = @(Get-Item (Join-Path $Paths.VendorPrograms 'openssh.*') -ErrorAction Ignore |
        Where-Object { $_.Name -notlike '*.new' })
    foreach ($folder in @($own | ForEach-Object { $_.FullName }) + $Paths.OpenSsh) {
      $missing = 'ssh.exe', 'ssh-keygen.exe' |
        Where-Object { -not (Test-Path -LiteralPath (Join-Path $folder $_)) }
      if ($missing) { continue }
      $Run.OpenSsh = $folder
      return
    }
  }

  function Get-Ssh { Join-Path $Run.OpenSsh 'ssh.exe' }

  function Get-SshKeygen { Join-Path $Run.OpenSsh 'ssh-keygen.exe' }

  function Get-SshVersion {
    $said = Invoke-Program (Get-Ssh) '-V'
    (ConvertTo-Printable ($said.Errors + $said.Output)).Trim()
  }

  # How ssh will come here, when it is not here yet.
  function Test-OpenSsh {
    Find-OpenSsh
    if ($Given.OpenSshZip) {
      ok "OpenSSH client, from $(Split-Path -Leaf $Given.OpenSshZip)"
      return
    }
    if ($Run.OpenSsh) {
      ok "OpenSSH client: $(Get-SshVersion)"
      return
    }
    $Run.Capability = "$(Invoke-SysFindCapability | Select-Object -First 1 -ExpandProperty Name)"
    if ($Run.Capability) {
      ok "OpenSSH client: Windows has it to add ($($Run.Capability))"
      return
    }
    finding 'the OpenSSH client is missing, and this Windows has none to add' $ZipAdvice
  }

  $ZipAdvice = 'Get OpenSSH-Win64.zip of the project Win32-OpenSSH, have its SHA-256 checked, ' +
  'and run this with -OpenSshZip FILE -OpenSshZipSha256 DIGEST.'

  function Install-OpenSsh {
    phase 'OpenSSH client'
    if ($Given.OpenSshZip) {
      Expand-OpenSsh
    } elseif (-not $Run.OpenSsh) {
      Add-OpenSsh
    }
    Find-OpenSsh
    if (-not $Run.OpenSsh) {
      fail 'The OpenSSH client is still missing.' $ZipAdvice -Code $Exit.Packages
    }
    say "$(Get-SshVersion), in $($Run.OpenSsh)."
  }

  # Windows Update has it. Where that is in an organisation's hands, these two errors say so.
  function Add-OpenSsh {
    record capability $Run.Capability
    say "Adding $($Run.Capability); this can take minutes."
    try {
      Invoke-SysAddCapability $Run.Capability
    } catch {
      $number = '0x{0:x8}' -f $_.Exception.HResult
      $said = ConvertTo-Printable $_.Exception.Message
      $why = "Windows could not add it: $said ($number)."
      if ("$said $number" -match '0x800f0954|0x8024500c') {
        $why = "Windows asked your organisation's update server, which does not have it ($number)."
      }
      fail $why $ZipAdvice -Code $Exit.Packages
    }
  }

  # The folder of the OpenSSH that this run will use, where it is at hand before any change.
  function Get-ComingOpenSsh {
    if ($Given.OpenSshZip) { return Expand-Zip }
    $Run.OpenSsh
  }

  # The zip that an operator gave, whose digest was checked, unpacked into the scratch folder.
  function Expand-Zip {
    $unpacked = Join-Path $Run.Scratch 'openssh'
    if (-not (Test-Path -LiteralPath $unpacked)) {
      Expand-Archive -LiteralPath $Given.OpenSshZip -DestinationPath $unpacked
    }
    $ssh = Get-ChildItem -LiteralPath $unpacked -Recurse -Filter 'ssh.exe' | Select-Object -First 1
    if (-not $ssh) {
      fail '-OpenSshZip: there is no ssh.exe in that file.' $ZipAdvice -Code $Exit.Packages
    }
    Split-Path -Parent $ssh.FullName
  }

  # It goes into a folder of this vendor's.
  function Expand-OpenSsh {
    $digest = $Given.OpenSshZipSha256.Substring(0, 16).ToLower()
    $folder = Join-Path $Paths.VendorPrograms "openssh.$digest"
    record program-folder $folder
    if (Test-Path -LiteralPath $folder) { return }
    $unpacked = Expand-Zip
    $null = New-Item -ItemType Directory -Force -Path $Paths.VendorPrograms
    Remove-Quietly "$folder.new"
    Copy-Item -LiteralPath $unpacked -Destination "$folder.new" -Recurse
    [IO.Directory]::Move("$folder.new", $folder)
  }

  # ---- The service host: the program that keeps ssh running -------------------------------------

  # It is compiled here, from the sources at the end of this script, before the first change: where
  # that is not allowed, no token is spent. An operator can give one that the vendor has signed.
  $HostSources = [ordered]@{}

  # Names the program: the digest of its sources, or of the program that an operator gave.
  function Get-HostDigest {
    if ($Given.HostExe) { return $Given.HostExeSha256.ToLower() }
    Get-Digest -Text (($HostSources.Values -join "`n") -replace "`r", '')
  }

  # An upgrade goes into a folder of its own: a program that runs cannot be replaced.
  function Get-HostFolder {
    Join-Path $Paths.VendorPrograms "host.$((Get-HostDigest).Substring(0, 16))"
  }

  # The program: the installed one where it is as it was installed, else one made in the scratch
  # folder.
  function Get-HostProgram {
    if (-not $Run.HostProgram -and $Run.Mode -notin 'install', 'check') {
      $Run.HostProgram = "$(Find-InstalledProgram)"
    }
    if ($Run.HostProgram) { return $Run.HostProgram }
    $installed = Join-Path (Get-HostFolder) 'TunnelHost.exe'
    $made = Join-Path $Run.Scratch 'TunnelHost.exe'
    if ((Get-Recorded program) -contains "$(Get-FileDigest $installed) $installed") {
      $made = $installed
    } elseif ($Given.HostExe) {
      Copy-Item -LiteralPath $Given.HostExe -Destination $made
    } else {
      Build-HostProgram $made
    }
    $Run.HostProgram = $made
    $made
  }

  # The one that this tunnel's service runs, whoever made it.
  function Find-InstalledProgram {
    Get-Recorded program | ForEach-Object {
      $digest, $file = $_ -split ' ', 2
      if ((Get-FileDigest $file) -eq $digest) { $file }
    } | Select-Object -Last 1
  }

  function Get-FileDigest([string]$File) {
    if (Test-Path -LiteralPath $File -PathType Leaf) { Get-Digest -File $File }
  }

  # csc.exe comes with .NET Framework and so with Windows. Add-Type of Windows PowerShell calls it,
  # too; that of PowerShell 7 cannot make programs.
  function Build-HostProgram([string]$To) {
    $compiler = Join-Path (Invoke-SysFolder Windows) 'Microsoft.NET\Framework64\v4.0.30319\csc.exe'
    if (-not (Test-Path -LiteralPath $compiler)) {
      fail "The compiler of .NET Framework is missing: $compiler." $HostAdvice -Code $Exit.Preflight
    }
    $files = foreach ($name in $HostSources.Keys) {
      $file = Join-Path $Run.Scratch $name
      [IO.File]::WriteAllText($file, $HostSources[$name])
      $file
    }
    $made = Invoke-Program $compiler (@('-nologo', '-target:exe', '-optimize+', "-out:$To",
        '-reference:System.ServiceProcess.dll') + $files)
    if ($made.Code -eq 0) { return }
    fail "The service host could not be compiled: $(ConvertTo-Printable $made.Output)" $HostAdvice `
      -Code $Exit.Preflight
  }

  $HostAdvice = 'If a policy forbids it, ask your vendor for the signed program and give it with ' +
  '-HostExe FILE -HostExeSha256 DIGEST.'

  # Whether it can be made and run here; without ssh it has nothing to run yet.
  function Test-HostProgram {
    try {
      $program = Get-HostProgram
      $words = @('--probe', '--data', $Run.Scratch, '--ssh', (Join-Path $Run.Scratch 'ssh.exe'))
      if ($Run.OpenSsh) { $words[-1] = Get-Ssh }
      $said = Invoke-Program $program $words
    } catch {
      $Run.HostProgram = $null
      $next = "$($_.Exception.Data['Next'])"
      if (-not $next) { $next = $HostAdvice }
      finding "service host: $(ConvertTo-Printable (Get-Deepest $_.Exception).Message)" $next
      return
    }
    if ($said.Code -eq 0 -or -not $Run.OpenSsh) {
      ok 'service host, compiled and tried'
    } else {
      finding "service host: $(ConvertTo-Printable ($said.Errors + $said.Output))" $HostAdvice
    }
  }

  # Puts the program into its folder, where nobody but administrators can write. One that runs for
  # another tunnel of this vendor cannot be replaced, and need not be: the folder names its sources.
  function Install-HostProgram {
    $folder = Get-HostFolder
    $program = Join-Path $folder 'TunnelHost.exe'
    if ($Run.HostProgram -eq $program) { return }
    record program-folder $folder
    if (Test-Damaged $program) { Remove-DamagedProgram $program }
    if (-not (Test-Path -LiteralPath $program)) {
      $null = New-Item -ItemType Directory -Force -Path $folder
      Copy-Item -LiteralPath $Run.HostProgram -Destination "$program.new" -Force
      Move-Over "$program.new" $program
      say "Wrote $program."
    }
    record program "$(Get-Digest -File $program) $program"
    $Run.HostProgram = $program
  }

  # Whether it is another than the one that was installed for this tunnel.
  function Test-Damaged([string]$Program) {
    $recorded = @(Get-Recorded program | Where-Object { $_ -like "* $Program" })
    $recorded -and $recorded -notcontains "$(Get-FileDigest $Program) $Program"
  }

  function Remove-DamagedProgram([string]$Program) {
    warn "$Program is not the one that was installed; it is replaced."
    $found = Get-VendorService
    if ($found -and $found.State -ne 'Stopped') { Invoke-SysStopService (Get-ServiceName) }
    Remove-Quietly $Program
  }

  # ---- Preflight: the tunnel server -------------------------------------------------------------

  # Each way to the tunnel server, "HOST PORT", the best first: the alternate ports are for
  # firewalls that let nothing else through.
  function Get-Endpoint {
    foreach ($port in $TunnelPorts) { foreach ($name in $TunnelHosts) { "$name $port" } }
  }

  # Tries every endpoint at the same time. One that works is enough; a host key that is not pinned
  # is never passed over, for somebody may be in between.
  function Test-TunnelServer {
    if (-not $Run.HostProgram) { return }
    $way = Join-Path $Run.Scratch 'way'
    Add-Folder $way
    Write-Way $way
    $attempts = @(Get-Endpoint | ForEach-Object {
        @{ Name = "tunnel server $($_ -replace ' ', ' port ')"; Program = Open-Endpoint $way $_ }
      })
    $reasons = @()
    $works = $false
    foreach ($attempt in $attempts) {
      $reason = Get-Reason (Complete-Program $attempt.Program 15)
      switch ($reason) {
        'pinned' { ok "$($attempt.Name), its pinned host key" }
        'unproved' { ok "$($attempt.Name) (its host key is checked once ssh is here)" }
        'stranger' {
          finding "$($attempt.Name) shows a host key that is not pinned" `
            "Somebody may be in between. Ask $VendorName before you go on."
        }
        default { $reasons += $reason }
      }
      if ($reason -in 'pinned', 'unproved', 'stranger') { $works = $true }
    }
    if ($works) {
      foreach ($reason in $reasons) { note $reason }
    } else {
      finding (($reasons | Select-Object -Unique) -join '; ') `
        'Allow one of these ways, with no inspection of SSH on it, or give -HttpProxy.'
    }
  }

  # What the service host needs to find its way: endpoints, HTTP proxy, and whom to trust.
  function Write-Way([string]$Folder) {
    [IO.File]::WriteAllText((Join-Path $Folder 'endpoints'), (Get-EndpointText))
    [IO.File]::WriteAllText((Join-Path $Folder 'known_hosts'), $KnownHosts)
    if ($Run.HttpProxy) {
      [IO.File]::WriteAllText((Join-Path $Folder 'http-proxy'), (Get-HttpProxyText))
    }
  }

  function Get-EndpointText { ((Get-Endpoint) -join "`n") + "`n" }

  # What ssh has to say, by the way that the service will go. No key of ours is offered: a server
  # that refuses us has shown its own key and passed. Without ssh, what the server says first.
  function Open-Endpoint([string]$Way, [string]$Endpoint) {
    $to = $Endpoint -split ' '
    if (-not $Run.OpenSsh) {
      return Open-Program $Run.HostProgram (@('--connect', $Way) + $to) -Greeting
    }
    $options = Get-PinningOption (Join-Path $Way 'known_hosts')
    $command = "`"$(ConvertTo-Slash $Run.HostProgram)`" --connect $(ConvertTo-Slash $Way) $Endpoint"
    Open-Program (Get-Ssh) (@('-F', 'none', '-T', '-o', "ProxyCommand=$command") + $options +
      @('-o', 'ConnectTimeout=12', '-o', 'PreferredAuthentications=none', "$Login@tunnel"))
  }

  # What makes ssh trust the pinned host keys and no others.
  function Get-PinningOption([string]$KnownHostsFile) {
    $file = ConvertTo-Slash $KnownHostsFile
    foreach ($option in 'BatchMode=yes', 'HostKeyAlias=tunnel', 'StrictHostKeyChecking=yes',
      "UserKnownHostsFile=$file", "GlobalKnownHostsFile=$file") { '-o', $option }
  }

  # "pinned", "unproved" (no ssh here to look closer), "stranger", or why not.
  function Get-Reason($Said) {
    $errors = $Said.Errors -replace "`r", ''
    if ($errors -match 'Host key verification failed|REMOTE HOST IDENTIFICATION') {
      return 'stranger'
    }
    if ($errors -match "$Login@tunnel: Permission denied") { return 'pinned' }
    if ($Said.Output -clike 'SSH-*') { return 'unproved' }
    if ($errors -match '(?m)^connect: (.*)$') { return ConvertTo-Printable $Matches[1] }
    $last = @($errors.TrimEnd() -split "`n")[-1]
    if (-not $last) { $last = 'no answer' }
    "tunnel server: $(ConvertTo-Printable $last)"
  }

  # ---- Preflight: the database ------------------------------------------------------------------

  # With -DeferDatabase a database that is not there yet is no reason to stop.
  function Test-Database {
    $place = "$DatabaseType database $DatabaseHost port $DatabasePort"
    $addresses = Resolve-Name $DatabaseHost
    if (-not $addresses) {
      owed "${place}: its name does not resolve on this host" `
        "Let this host's DNS know $DatabaseHost, or ask $VendorName to correct the name."
      return
    }
    if ($addresses | Where-Object { Test-LinkLocal $_ }) {
      finding "${place}: the name leads to a link-local address" "Ask $VendorName to correct it."
      return
    }
    $heard = "$(Test-Knock $addresses)"
    switch -Wildcard ($heard) {
      'answers' { ok $place }
      'refuses *' {
        $reason = $heard -replace '^refuses '
        owed "$place answers, but $(Get-Refusal $reason)" (Get-WayIn $reason)
      }
      'open' {
        owed "${place}: something accepts connections but does not speak its protocol" `
          'Check host and port, and that the database is up.'
      }
      default {
        owed "$place cannot be reached from this host" `
          "Allow TCP from this host to $DatabaseHost port $DatabasePort, and start the database."
      }
    }
  }

  # owed WHAT NEXT: something to mend first, or with -DeferDatabase later.
  function owed([string]$What, [string]$Next) {
    if ($Given.DeferDatabase) { note "$What (still owed). $Next" } else { finding $What $Next }
  }

  function Resolve-Name([string]$Name) {
    $asked = [Net.Dns]::GetHostAddressesAsync($Name)
    try {
      if ($asked.Wait(10000)) { $asked.Result }
    } catch [AggregateException] {
      # Nothing is what it resolves to.
      return
    }
  }

  # The metadata services of clouds are never a database.
  function Test-LinkLocal([Net.IPAddress]$Address) {
    if ("$Address" -in 'fd00:ec2::254', 'fd20:ce::254') { return $true }
    $bytes = $Address.GetAddressBytes()
    if ($bytes.Length -eq 4) { return $bytes[0] -eq 169 -and $bytes[1] -eq 254 }
    # An IPv4 address stands in the last four bytes of one that embeds it.
    $embeds = "$Address" -match '^(::|64:ff9b::)' -and $bytes[12] -eq 169 -and $bytes[13] -eq 254
    $embeds -or ($bytes[0] -eq 0xfe -and ($bytes[1] -band 0xc0) -eq 0x80)
  }

  # "answers", "refuses REASON", "open" (a connection, but not the protocol), or nothing.
  function Test-Knock([Net.IPAddress[]]$Addresses) {
    foreach ($address in $Addresses) {
      $client = New-Object Net.Sockets.TcpClient $address.AddressFamily
      try {
        if (-not $client.ConnectAsync($address, [int]$DatabasePort).Wait(8000)) { continue }
        $stream = $client.GetStream()
        $stream.ReadTimeout = 5000
        switch ($DatabaseType) {
          'postgresql' { return Test-PostgresqlKnock $stream }
          'mysql' { return Test-MysqlKnock $stream }
          'redis' { return Test-RedisKnock $stream }
          default { return 'answers' }
        }
      } catch [IO.IOException] {
        return 'open'
      } catch {
        # The next address may answer.
        continue
      } finally {
        $client.Close()
      }
    }
  }

  # PostgreSQL says S or N to the request for TLS (SSLRequest, 80877103).
  function Test-PostgresqlKnock([IO.Stream]$Stream) {
    $Stream.Write([byte[]](0, 0, 0, 8, 4, 210, 22, 47), 0, 8)
    if ($Stream.ReadByte() -in 78, 83) { 'answers' } else { 'open' }
  }

  # MySQL speaks first: behind length and number a version of the protocol, or 255 and an error.
  function Test-MysqlKnock([IO.Stream]$Stream) {
    $bytes = foreach ($index in 0..6) { $Stream.ReadByte() }
    if ($bytes[3] -ne 0 -or $bytes[4] -notin 10, 255) { return 'open' }
    if ($bytes[4] -eq 255) {
      switch ($bytes[5] + 256 * $bytes[6]) {
        1040 { return 'refuses too-many-connections' }
        1129 { return 'refuses host-blocked' }
        default { return 'refuses host-refused' }
      }
    }
    # Who does not log in is counted, and blocked in the end. So these are a login of a user that
    # there is not, and what to say if another proof of it is asked for; then the server ends it.
    $user = "culvert-probe`0" + [char]20 + '0' * 20 + "mysql_native_password`0"
    $proofs = " `0`0" + [char]3 + '0' * 32 + [char]1 + "`0`0" + [char]5 + [char]2
    $login = [byte[]](89, 0, 0, 1, 1, 130, 8, 0, 0, 0, 0, 1, 33) + (New-Object byte[] 23) +
      [Text.Encoding]::ASCII.GetBytes($user + $proofs)
    try {
      $Stream.Write($login, 0, $login.Length)
      while ($Stream.ReadByte() -ge 0) { }
    } catch [IO.IOException] {
      # It has greeted: how it ends does not matter.
      return 'answers'
    }
    'answers'
  }

  function Test-RedisKnock([IO.Stream]$Stream) {
    $ping = [Text.Encoding]::ASCII.GetBytes("PING`r`n")
    $Stream.Write($ping, 0, $ping.Length)
    $said = -join $(foreach ($index in 0..4) { [char][Math]::Max(0, $Stream.ReadByte()) })
    if ($said -ceq '-DENI') { return 'refuses host-refused' }
    if ($said -ceq '+PONG' -or $said -cmatch '^-[A-Z]') { 'answers' } else { 'open' }
  }

  # What a database has against this host, to stand behind "answers, but".
  function Get-Refusal([string]$Reason) {
    switch -Wildcard ("$DatabaseType $Reason") {
      '* host-blocked' { return 'blocks this host, after too many connections that broke off' }
      '* too-many-connections' { return 'has too many connections already' }
      'postgresql *' { return 'its pg_hba.conf lets no user culvert-probe in from here' }
      'mysql *' { return 'has no user that may come from this host' }
      'redis *' { return 'is in protected mode, which lets no other host in' }
      default { return 'turns this host away' }
    }
  }

  # What its administrator sees to, so that it lets this host in.
  function Get-WayIn([string]$Reason) {
    switch -Wildcard ("$DatabaseType $Reason") {
      '* host-blocked' {
        return 'Unblock it there: FLUSH HOSTS, or TRUNCATE TABLE performance_schema.host_cache.'
      }
      '* too-many-connections' { return 'Find out there who holds them, or raise its limit.' }
      'postgresql *' {
        return "Add a line for the user culvert-probe and this host's address to its pg_hba.conf."
      }
      'mysql *' {
        return "Create the user of $VendorName there for this host's address: 'user'@'address'."
      }
      'sqlserver *' {
        return "Let this host through its firewall to TCP/IP, and give $VendorName a login there."
      }
      'oracle *' {
        return 'Where its listener checks nodes (TCP.VALIDNODE_CHECKING), invite this host.'
      }
      'mongodb *' {
        return 'Have it listen to this host (net.bindIp), and let the user come from here.'
      }
      'redis *' {
        return 'Have it listen to this host (bind), and set a password there.'
      }
      'clickhouse *' {
        return 'Have it listen to this host (listen_host), and let the user come from here.'
      }
      default { return 'Have it let this host in.' }
    }
  }

  # ---- The plan: every change, before the first one ---------------------------------------------

  # What is the same on every host stands in the settings; what only this one can say comes first.
  function Show-Plan {
    phase "What this will do for tunnel '$TunnelName' of $AccountName"
    if (Test-Installed) { say '  It is installed: what is as it should be stays, the key too.' }
    say '  On this host:'
    plan OpenSSH (Get-OpenSshPlan)
    plan key $Run.KeyType
    plan host "$(Get-HostFolder)"
    if ($Run.HttpProxy) {
      plan 'way out' "by the HTTP proxy $($Run.HttpProxy.Host) port $($Run.HttpProxy.Port)"
    }
    if ($Given.CaFile) { plan trusted "for $PublicUrl, the authorities of $($Given.CaFile)" }
    if ($Run.Pin) {
      plan reviewers "$(Get-PinText $Run.Pin)"
    } elseif (Test-Pinned) {
      plan reviewers "$(Get-PinSentence)"
    }
    plan script "version $TemplateVersion, the SHA-256 of its body is $BodySha256"
    say '  In all:'
    say $Plan.TrimEnd("`n")
  }

  # plan TITLE TEXT: one entry of it.
  function plan([string]$Title, [string]$Text) { say ('    {0,-10} {1}' -f $Title, $Text) }

  function Get-OpenSshPlan {
    if ($Given.OpenSshZip) { return "from $($Given.OpenSshZip)" }
    if ($Run.OpenSsh) { return "it is here, in $($Run.OpenSsh)" }
    "$($Run.Capability), added from Windows"
  }

  # ---- The record: what was made here -----------------------------------------------------------

  # record KIND NAME: notes what is about to be made, before it is made, so that an uninstallation
  # removes exactly that, even after a crash in between.
  function record([string]$Kind, [string]$Name) { Add-Recorded $Paths.Record "$Kind $Name" }

  # Add-Recorded FILE LINE: the same in the record of any tunnel.
  function Add-Recorded([string]$File, [string]$Line) {
    $lines = @(Get-RecordedLine $File)
    if ($lines -contains $Line) { return }
    Write-Whole $File (($lines + $Line -join "`n") + "`n")
  }

  function Get-RecordedLine([string]$File) { (Read-Text $File) -split "`n" | Where-Object { $_ } }

  # The names that stand there under one kind.
  function Get-Recorded([string]$Kind) {
    Get-RecordedLine $Paths.Record | Where-Object { $_ -like "$Kind *" } |
      ForEach-Object { $_.Substring($Kind.Length + 1) }
  }

  # The first things made are the folders that hold the record.
  function Start-Record {
    foreach ($folder in $Paths.Data, $Paths.VendorData, $Paths.Tunnel) {
      if (Test-Path -LiteralPath $folder) { continue }
      Add-Folder $folder
      if (-not (Test-OwnFolder $folder)) {
        fail "$folder did not get the rights that it was made with." `
          'See whether a policy changes them, and run this again.' -Code $Exit.Packages
      }
    }
    record tunnel "$TunnelId/$Slot"
  }

  # Write-Own FILE TEXT: a file of this tunnel. One that is as it should be is left alone.
  function Write-Own([string]$File, [string]$Text) {
    record file $File
    if ((Test-Path -LiteralPath $File) -and (Read-Text $File) -ceq $Text) { return }
    Write-Whole $File $Text
    say "Wrote $File."
  }

  # Write-Shared FILE TEXT: a file that the tunnels of all vendors on this host share. It is written
  # once: none may change it under the others.
  function Write-Shared([string]$File, [string]$Text) {
    record shared $File
    if ((Read-Text $File) -like '*Made by Culvert*') { return }
    Write-Whole $File $Text
    say "Wrote $File."
  }

  # One run at a time changes this host. The lock goes with the process that holds it.
  function Lock-Host {
    $Run.Lock = New-Object Threading.Mutex $false, "Global\culvert-$Service"
    try {
      if ($Run.Lock.WaitOne(0)) { return }
      say 'Another run is changing the tunnels of this host; waiting for it, 5 minutes at the most.'
      if ($Run.Lock.WaitOne(300000)) { return }
    } catch [Threading.AbandonedMutexException] {
      # That run was killed; the lock is ours now.
      return
    }
    $Run.Lock = $null
    fail 'Another run has been changing the tunnels of this host for 5 minutes.' `
      'See what it waits for, and run this again.' -Code $Exit.Preflight
  }

  function Unlock-Host {
    if ($Run.Lock) { $Run.Lock.ReleaseMutex() }
  }

  # ---- Identity: the key pair -------------------------------------------------------------------

  # Keeps a key that works. A new one is made aside and only then moved in: a power cut leaves a
  # whole key or none.
  function Install-Key {
    phase 'Key'
    record file $Paths.Key
    record file "$($Paths.Key).pub"
    if (Copy-Key $Paths.Key (Join-Path $Run.Scratch 'key')) {
      say 'Keeping the key of this tunnel.'
    } else {
      Add-KeyPair
      Move-Over (Join-Path $Paths.NextKey 'key') $Paths.Key
      Remove-Quietly $Paths.NextKey
      if (-not (Copy-Key $Paths.Key (Join-Path $Run.Scratch 'key'))) {
        fail 'The new key cannot be used.' 'Run this again.' -Code $Exit.Packages
      }
      say "Made a new $($Run.KeyType) key; its private half stays in $($Paths.Key)."
    }
    Protect-Key $Paths.Key
    Write-PublicKey
  }

  # A new key pair in a folder of its own, which nobody else can enter.
  function Add-KeyPair {
    Remove-Quietly $Paths.NextKey
    Add-Folder $Paths.NextKey
    $file = Join-Path $Paths.NextKey 'key'
    $made = Invoke-Program (Get-SshKeygen) @('-q', '-t', $Run.KeyType, '-b', '256', '-N', '',
      '-C', $Instance, '-f', (ConvertTo-Slash $file))
    if ($made.Code -ne 0) {
      fail "ssh-keygen could not make a key: $(ConvertTo-Printable $made.Errors)" `
        "Check that $($Paths.Tunnel) can be written, and run this again." -Code $Exit.Packages
    }
    Protect-Key $file
  }

  # ssh-keygen makes the installing user the owner, and ssh, which runs as the system, refuses such
  # a key. So the rights are set after it, and read back.
  function Protect-Key([string]$File) {
    Invoke-SysWriteAccess $File $FileRights
    if (-not (Test-Access $File $FileRights)) {
      fail "$File did not get its rights: others could read it." `
        'See whether a policy changes them, and run this again.' -Code $Exit.Packages
    }
  }

  # Copy-Key FROM TO: whether it is a whole key; what is done with it is done with the copy, whose
  # public half is then in TO.pub.
  function Copy-Key([string]$From, [string]$To) {
    Remove-Quietly $To
    if (-not (Test-Path -LiteralPath $From -PathType Leaf)) { return $false }
    Copy-Item -LiteralPath $From -Destination $To
    Invoke-SysWriteAccess $To $FileRights
    $public = Invoke-Program (Get-SshKeygen) '-y', '-P', '', '-f', (ConvertTo-Slash $To)
    if ($public.Code -ne 0) { return $false }
    [IO.File]::WriteAllText("$To.pub", "$(Get-KeyLine $public.Output)`n")
    $true
  }

  # A public key without its comment.
  function Get-KeyLine([string]$Text) { (-split $Text)[0, 1] -join ' ' }

  # ssh offers the key that it finds in key.pub: it must be the private key's own half.
  function Write-PublicKey {
    $line = Get-KeyLine (Read-Text (Join-Path $Run.Scratch 'key.pub'))
    Write-Own "$($Paths.Key).pub" "$line $Instance`n"
    $Run.Fingerprint = Get-Fingerprint $line
  }

  # The SHA-256 of a public key in hex: what the control plane calls the key.
  function Get-Fingerprint([string]$Line) {
    ConvertTo-Hex (Get-Sha256 ([Convert]::FromBase64String((-split $Line)[1])))
  }

  # ---- Enrolment: the vendor learns the public key ----------------------------------------------

  # One that is enrolled already needs no token.
  function Send-Key {
    phase 'Enrolment'
    if (-not (Get-VendorView)) {
      fail "The control plane: $($Run.AnswerProblem)." 'Run this again.' -Code $Exit.Enrolment
    }
    switch (Get-Answer key) {
      { $_ -in 'active', 'pending', 'waiting' } {
        say 'This key is enrolled.'
        return
      }
      'removed' {
        fail "$VendorName has removed this host's key." `
          "Uninstall, then install with a new token from $VendorName." -Code $Exit.Enrolment
      }
    }
    if (-not $Run.Token) {
      fail "$VendorName does not know this host's key, and no token was given." `
        "Get a token from $VendorName and run this again with it." -Code $Exit.Enrolment
    }
    Send-Enrolment
    say "Enrolled: key SHA-256 $($Run.Fingerprint)."
  }

  function Send-Enrolment {
    $key = Join-Path $Run.Scratch 'key'
    $tokenId = ($Run.Token -split '_')[1]
    $proof = Get-Proof "culvert-enrol-v1 $TunnelId $Slot $tokenId" $key -Subject "$key.pub"
    $lines = "slot=$Slot", "public_key=$(Get-KeyLine (Read-Text "$key.pub"))", "proof=$proof",
      "render=$Render", 'platform=windows', 'end=1', ''
    if (-not (Send-Call enrol ($lines -join "`n") -WithToken)) {
      fail "The control plane: $($Run.AnswerProblem)." 'Run this again; nothing is lost.' `
        -Code $Exit.Enrolment
    }
    if (-not (Get-Answer error)) { return }
    $detail, $next = (Get-Answer detail), (Get-Answer next)
    # A first installation that gets no further leaves nothing behind.
    if (-not (Test-Installed)) { Remove-Recorded }
    fail "The enrolment was refused: $detail." $next -Code $Exit.Enrolment
  }

  # Get-Proof STATEMENT KEY -Subject FILE: that the holder of KEY makes the statement about the
  # public key in FILE. A certificate is the signature that every OpenSSH can make.
  function Get-Proof([string]$Statement, [string]$Key, [string]$Subject) {
    $copy = Join-Path $Run.Scratch 'subject.pub'
    Copy-Item -LiteralPath $Subject -Destination $copy -Force
    $made = Invoke-Program (Get-SshKeygen) @('-q', '-s', (ConvertTo-Slash $Key), '-I', $Statement,
      '-n', 'culvert-proof', '-O', 'clear', (ConvertTo-Slash $copy))
    if ($made.Code -ne 0) {
      fail "ssh-keygen could not prove that this host holds the key: $(
        ConvertTo-Printable $made.Errors)" 'Mend that, and run this again.' -Code $Exit.Enrolment
    }
    (Read-Text (Join-Path $Run.Scratch 'subject-cert.pub')).Trim()
  }

  # Disable-AtVendor FINGERPRINT KEY: the vendor forgets a key; KEY, of the same slot, asks for it.
  # Returns whether it did.
  function Disable-AtVendor([string]$Fingerprint, [string]$Key) {
    $statement = "culvert-key-v1 remove $TunnelId $Slot $Fingerprint"
    $proof = Get-Proof $statement $Key -Subject "$Key.pub"
    $lines = 'op=remove', "slot=$Slot", "target=$Fingerprint", "proof=$proof", 'end=1', ''
    if ((Send-Call keys ($lines -join "`n")) -and
      ((Get-Answer result) -eq 'removed' -or (Get-Answer error) -eq 'key-removed')) {
      return $true
    }
    warn "$VendorName could not be told: ask them to remove the key $Fingerprint."
    $false
  }

  # The tunnel server has to know the key before ssh first knocks, or it would be turned away. Where
  # the vendor has to accept it first, somebody there compares the fingerprint. That takes less time
  # than another run on this host waits for its turn.
  function Wait-Key {
    $acceptWithin = 300
    $state = ''
    $deadline = (Get-Date).AddSeconds(30)
    while ((Get-Date) -lt $deadline) {
      $before = $state
      if (Get-VendorView) { $state = Get-Answer key }
      if ($state -eq 'active') { return }
      if ($state -eq 'removed') {
        fail "$VendorName has removed this host's key." `
          "Uninstall, then install with a new token from $VendorName." -Code $Exit.Enrolment
      }
      if ($state -eq 'waiting' -and $before -ne 'waiting') {
        tell "$VendorName has to accept this host's key first. Read them its fingerprint:"
        tell "  $($Run.Fingerprint)"
        tell "Waiting for them, $([int]($acceptWithin / 60)) minutes at the most."
        $deadline = (Get-Date).AddSeconds($acceptWithin)
      } elseif ($state -ne 'waiting' -and $before -eq 'waiting') {
        $deadline = (Get-Date).AddSeconds(30)
      }
      Start-Sleep -Milliseconds 500
    }
    if ($state -eq 'waiting') {
      fail "$VendorName has yet to accept this host's key." `
        "Give them this fingerprint: $($Run.Fingerprint). Then run this again, without token." `
        -Code $Exit.Enrolment
    }
    fail 'The tunnel server has not taken the key after 30 seconds.' `
      "Tell $VendorName. The key is enrolled: run this again later, without a token." `
      -Code $Exit.Tunnel
  }

  # ---- The service ------------------------------------------------------------------------------

  function Install-Service {
    phase 'Service'
    Write-Own (Join-Path $Paths.Tunnel 'known_hosts') $KnownHosts
    Write-Own (Join-Path $Paths.Tunnel 'ssh_config') $SshConfig
    Write-Own (Join-Path $Paths.Tunnel 'endpoints') (Get-EndpointText)
    Save-WayOut
    Save-Pin
    Install-HostProgram
    Install-Command
    Wait-Key
    Start-Tunnel
  }

  # What this run was told of the way out is kept for later ones.
  function Save-WayOut {
    if ($Run.HttpProxy) {
      Write-Own $Paths.HttpProxy (Get-HttpProxyText)
    } else {
      Remove-Quietly $Paths.HttpProxy
    }
    if ($Given.CaFile) { Write-Own $Paths.Authorities $Run.Authorities }
  }

  # The command that stays is this script itself, byte for byte. What finds it by the tunnel's name
  # is the same for every vendor; whoever comes first has written it.
  function Install-Command {
    $null = New-Item -ItemType Directory -Force -Path $Paths.CommandFolder
    record program-folder $Paths.CommandFolder
    Write-Own $Paths.Command (Get-OwnText)
    Write-Shared $Paths.Dispatcher $Dispatcher
  }

  # From the file that was run, or from what iex was given.
  function Get-OwnText {
    $script = $Run.Self.Ast
    while ($script.Parent) { $script = $script.Parent }
    $script.Extent.Text
  }

  # Starts only what does not run as written. What is wanted is written last: by it the service host
  # tells that a tunnel has changed.
  function Start-Tunnel {
    $Run.SessionBefore = ''
    $wanted = Get-WantedDigest
    $found = Get-VendorService
    $runs = $found -and $found.State -eq 'Running' -and $found.PathName -eq (Get-HostCommand)
    if ($runs -and (Read-Text $Paths.Wanted) -eq $wanted) {
      say 'The service runs as it should; left alone.'
      return
    }
    Save-Session
    record file $Paths.State
    Write-Own $Paths.Wanted $wanted
    if (-not $runs) { Start-VendorService $found }
  }

  # All that a change of would have to restart ssh for.
  function Get-WantedDigest {
    $parts = $Run.Fingerprint, $KnownHosts, $SshConfig, (Get-EndpointText)
    if ($Run.HttpProxy) { $parts += Get-HttpProxyText }
    Get-Digest -Text ($parts -join "`n")
  }

  # The session that is up now is no proof of the one that begins after the restart.
  function Save-Session {
    foreach ($attempt in 1..5) {
      if (Get-VendorView) {
        $Run.SessionBefore = Get-Answer session_id
        return
      }
      Start-Sleep -Seconds 1
    }
    fail "The control plane: $($Run.AnswerProblem)." 'Run this again, without a token.' `
      -Code $Exit.Tunnel
  }

  function Get-VendorService { Invoke-SysFindService (Get-ServiceName) }

  function Get-HostCommand {
    "`"$(Join-Path (Get-HostFolder) 'TunnelHost.exe')`" --service $(Get-ServiceName) " +
    "--data `"$($Paths.VendorData)`" --ssh `"$(Get-Ssh)`""
  }

  # The service of this vendor: made, or moved on to this program, and started.
  function Start-VendorService($Found) {
    $name = Get-ServiceName
    record service $name
    record vendor-file $Paths.Log
    record vendor-file "$($Paths.Log).1"
    try {
      if (-not $Found) {
        Invoke-SysMakeService $name (Get-HostCommand) -Title "Tunnels to $VendorName (Culvert)"
      } elseif ($Found.PathName -ne (Get-HostCommand)) {
        control config $name 'binPath=' (Get-HostCommand)
      }
      Set-ServiceLimit $name
      record event-source $name
      if (-not (Invoke-SysFindEventSource $name)) { Invoke-SysMakeEventSource $name }
      if ($Found -and $Found.State -ne 'Stopped') { Invoke-SysStopService $name }
      Invoke-SysStartService $name
    } catch {
      Show-Log
      fail "The service $name does not start: $(ConvertTo-Printable $_.Exception.Message)" `
        'See the Windows event log, and run this again.' -Code $Exit.Tunnel
    }
    say "Started the service $name."
  }

  # One privilege is all that it keeps, and Windows starts it again when it fails.
  function Set-ServiceLimit([string]$Name) {
    control description $Name "Keeps the SSH tunnels to $VendorName open. Made by Culvert."
    control privs $Name 'SeChangeNotifyPrivilege'
    control failure $Name 'reset=' '86400' 'actions=' 'restart/5000/restart/5000/restart/60000'
    control failureflag $Name '1'
  }

  # control WORD...: has sc.exe do it.
  function control {
    $done = Invoke-SysControl $args
    if ($done.Code -ne 0) { throw "sc.exe $($args[0]): $($done.Output)$($done.Errors)" }
  }

  # ---- The proof: what the vendor's side says, and nothing less ---------------------------------

  # Returns once the vendor's side has this very session and the database answers through it.
  function Wait-Proof {
    phase 'Proof'
    Wait-Session
    say "The tunnel is up, as $VendorName sees it."
    if (Wait-Database) {
      say 'The database answers through it.'
    } elseif ($Given.DeferDatabase) {
      say "Still owed: the database $(Get-DatabaseState). Until then queries of $VendorName fail."
    } else {
      fail "The tunnel is up, but the database $(Get-DatabaseState)." `
        'Mend that on the database side, and run this again, without a token.' -Code $Exit.Database
    }
  }

  # Our own key's session, and not the one that was up before the restart.
  function Test-OurSession {
    (Get-VendorView) -and (Get-Answer session) -eq 'up' -and
    (Get-Answer session_id) -ne $Run.SessionBefore -and
    (Get-Answer session_key) -eq $Run.Fingerprint
  }

  function Wait-Session {
    $deadline = (Get-Date).AddSeconds(45)
    while (-not (Test-OurSession)) {
      if ((Get-Date) -ge $deadline) { Stop-WithoutSession }
      Start-Sleep -Milliseconds 500
    }
  }

  function Stop-WithoutSession {
    Show-Log
    $again = 'run this again later, without a token.'
    if ($Run.Answer.Count -eq 0) {
      fail "The control plane: $($Run.AnswerProblem)." "Mend that, and $again" -Code $Exit.Tunnel
    }
    switch (Get-Answer session) {
      'unknown' {
        fail "$VendorName's tunnel server has not reported for a while." `
          "Tell $VendorName, and $again" -Code $Exit.Tunnel
      }
      'taken' {
        fail 'Something else listens on the port of this tunnel.' "Tell $VendorName, and $again" `
          -Code $Exit.Tunnel
      }
    }
    fail "$VendorName's side sees no session of this host after 45 seconds." `
      "What the service logged stands above. Mend that, and $again" -Code $Exit.Tunnel
  }

  # Within this session: what was seen before says nothing of the way through it.
  function Test-DatabaseTried { (Get-Number database_at) -ge (Get-Number session_since) }

  function Test-DatabaseAnswer { (Get-Answer database) -eq 'answers' -and (Test-DatabaseTried) }

  # Whether it answers. Nobody waits longer than for the first try of one that may be missing.
  function Wait-Database {
    $deadline = (Get-Date).AddSeconds(25)
    while ((Get-Date) -lt $deadline) {
      if (Test-OurSession) {
        if (Test-DatabaseAnswer) { return $true }
        if ($Given.DeferDatabase -and (Test-DatabaseTried)) { return $false }
      }
      Start-Sleep -Milliseconds 500
    }
    $false
  }

  # What the vendor's last probe found, to stand behind "the database".
  function Get-DatabaseState {
    switch (Get-Answer database) {
      'answers' { 'answers' }
      'refuses' { "answers, but $(Get-Refusal (Get-Answer reason))" }
      'silent' { 'accepts connections, but says nothing' }
      'closed' { 'cannot be reached from this host' }
      default { 'has not been asked yet' }
    }
  }

  # ---- Status and log ---------------------------------------------------------------------------

  function Assert-Installed {
    if (Test-Path -LiteralPath $Paths.Record) { return }
    fail "The tunnel $Instance is not installed on this host." 'There is nothing to do.' `
      -Code $Exit.Usage
  }

  # The state of the tunnel, as this host and the vendor see it. Gives the exit code: 0 only if the
  # database answers.
  function Show-Status {
    Assert-Installed
    $state = Get-TunnelState
    if ($Given.Json) {
      tell (ConvertTo-Json $state -Compress)
      return $state.exit_code
    }
    tell "${Instance}: $($state.state)"
    tell "  tunnel      '$TunnelName' of $AccountName to $VendorName"
    tell "  service     $($state.service)"
    tell "  ssh         $($state.ssh)"
    tell "  session     $($state.session)$(Get-Moment session_since)"
    tell "  database    $($state.database)$(Get-Moment database_at)"
    tell "  key         $($state.key), SHA-256 $($state.fingerprint)"
    tell "  installer   $TemplateVersion"
    tell "  reviewers   $($state.reviewers)"
    if ($state.exit_code -gt 0) {
      if ($state.reason) { tell "  last error  $($state.reason)" }
      tell "  next        $(Get-OwnCommand doctor)"
    }
    $state.exit_code
  }

  function Get-TunnelState {
    $Run.Fingerprint = Get-InstalledFingerprint
    $ssh = Get-SshState
    $state = [ordered]@{
      tunnel = $Instance; ok = $false; state = ''; service = Get-ServiceState
      ssh = $ssh.state; reason = $ssh.reason; key = 'unknown'; fingerprint = $Run.Fingerprint
      session = 'unknown'; session_since = [long]0; database = 'unprobed'; database_at = [long]0
      installer = $TemplateVersion; reviewers = Get-PinSentence; exit_code = $Exit.Preflight
    }
    if (-not (Get-VendorView) -or (Get-Answer error)) {
      $state.state = "cannot tell: the control plane: $($Run.AnswerProblem)$(Get-Answer detail)"
      return $state
    }
    foreach ($name in 'key', 'session', 'database') { $state[$name] = Get-Answer $name }
    foreach ($name in 'session_since', 'database_at') { $state[$name] = Get-Number $name }
    $state.exit_code = $Exit.Tunnel
    $state.state = Get-StateSentence $state
    if ($state.state -like 'up*') { $state.exit_code = $Exit.Database }
    if ($state.database -eq 'answers' -and $state.state -like 'up*') {
      $state.exit_code = 0
      $state.ok = $true
    }
    $state
  }

  function Get-StateSentence($State) {
    if ($State.service -ne 'Running') { return "down: the service is $($State.service)" }
    if ($State.key -ne 'active') {
      return "down: the key of this host is $($State.key) at $VendorName"
    }
    if ($State.session -ne 'up') {
      return "down: the session is $($State.session), as $VendorName sees it"
    }
    if ((Get-Answer session_key) -ne $State.fingerprint) {
      return 'down here: another host holds this tunnel'
    }
    if ($State.database -ne 'answers') { return "up, but the database $(Get-DatabaseState)" }
    'up, and the database answers'
  }

  function Get-ServiceState {
    $found = Get-VendorService
    if ($found) { "$($found.State)" } else { 'not there' }
  }

  # What the service host says of this tunnel's ssh.
  function Get-SshState {
    $said = @{ state = 'unknown'; reason = '' }
    foreach ($line in (Read-Text $Paths.State) -split "`n") {
      $name, $value = $line -split '=', 2
      if ($name -in 'state', 'reason') { $said[$name] = ConvertTo-Printable $value }
    }
    $said
  }

  function Get-InstalledFingerprint {
    $line = Read-Text "$($Paths.Key).pub"
    if ($line) { Get-Fingerprint $line } else { '' }
  }

  # A time of the answer, as people write it.
  function Get-Moment([string]$Name) {
    $seconds = Get-Number $Name
    if ($seconds -gt 0) { ", $(Format-Moment $seconds)" }
  }

  function Format-Moment([long]$Seconds) {
    ([DateTime]'1970-01-01').AddSeconds($Seconds).ToString('yyyy-MM-dd HH:mm:ss') + ' UTC'
  }

  # How to call the command that stays, as it can be pasted.
  function Get-OwnCommand([string]$Command) {
    "powershell -ExecutionPolicy Bypass -File `"$($Paths.Dispatcher)`" $Command $Instance"
  }

  # The end of what the service host has logged of this tunnel.
  function Show-Log {
    if (-not (Test-Path -LiteralPath $Paths.Log)) { return }
    $lines = @(Get-Content -LiteralPath $Paths.Log | Where-Object { $_ -match "\s${TunnelSlug}:" })
    $lines | Select-Object -Last 20 | ForEach-Object { tell "  $(ConvertTo-Printable $_)" }
  }

  function Show-WholeLog {
    Assert-Installed
    Show-Log
    tell ''
    tell "All of it: $($Paths.Log), and the source $(Get-ServiceName) of the Application event log."
  }

  # ---- Hop by hop, from this host to the database as the vendor sees it -------------------------

  function passes([string]$Hop, [string]$Detail) { Add-Hop $Hop ok -Detail $Detail }

  # breaks HOP DETAIL NEXT: the first that does is the verdict.
  function breaks([string]$Hop, [string]$Detail, [string]$Next) {
    Add-Hop $Hop no -Detail $Detail
    if ($Run.Broken) { return }
    $Run.Broken = $Hop
    $Run.Verdict = $Detail
    $Run.Next = $Next
  }

  # skips HOP DETAIL: it cannot be tested, mostly because an earlier one is broken.
  function skips([string]$Hop, [string]$Detail) { Add-Hop $Hop untested -Detail $Detail }

  # stops HOP DETAIL NEXT: nothing behind it on the way can be tested.
  function stops([string]$Hop, [string]$Detail, [string]$Next) {
    $Run.WayEnds = 'an earlier hop is broken'
    breaks $Hop $Detail $Next
  }

  function Add-Hop([string]$Hop, [string]$Result, [string]$Detail) {
    $Run.Hops.Add([ordered]@{ hop = $Hop; result = $Result; detail = $Detail })
    if ($Given.Json) { return }
    tell ('  {0,-2}   {1,-15}  {2}' -f ($Result -replace 'untested', '--'), $Hop, $Detail)
  }

  # Each hop on the way needs the one before; the rest can be tested in any case.
  function Test-Hop {
    Test-ServiceHop
    Find-OurSession
    Test-DnsHop
    Test-ServerHop
    Test-ForwardHop
    Test-DatabaseHop
    Test-VendorHop
  }

  function Test-ServiceHop {
    $found = Get-VendorService
    $name = Get-ServiceName
    if (-not $found) {
      breaks service "there is no service $name" "Mend it: $(Get-OwnCommand upgrade)"
    } elseif ($found.State -ne 'Running') {
      breaks service "the service $name is $($found.State)" "Start it: Start-Service $name"
    } elseif ($found.StartMode -ne 'Auto') {
      breaks service "the service $name does not start at boot" `
        "Mend it: Set-Service $name -StartupType Automatic"
    } else {
      passes service "$name runs and starts at boot; ssh is $((Get-SshState).state)"
    }
  }

  # A session that the vendor sees, by one of our keys.
  function Find-OurSession {
    $ours = @($Run.Fingerprint)
    if (Test-Path -LiteralPath $Paths.OldKey) { $ours += (Get-Answer session_key) }
    $Run.OurSession = -not $Run.Broken -and -not $Run.ViewProblem -and
    (Get-Answer session) -eq 'up' -and $ours -contains (Get-Answer session_key)
  }

  # The names of all ways to the tunnel server; with an HTTP proxy that one resolves them.
  function Test-DnsHop {
    if ($Run.HttpProxy) {
      skips dns 'left to the HTTP proxy'
      return
    }
    $lost = @($TunnelHosts | Where-Object { -not (Resolve-Name $_) })
    if ($lost.Count -lt @($TunnelHosts).Count) {
      $address = Resolve-Name @($TunnelHosts)[0] | Select-Object -First 1
      passes dns "$(@($TunnelHosts)[0]) is $address"
      return
    }
    stops dns "the name $($lost -join ', ') does not resolve on this host" `
      "Check this host's DNS: Resolve-DnsName $($lost[0]) must give an address."
  }

  # One connection answers for four hops. It goes as far as one can without the private key: an
  # identity that holds the public half alone has the server say whether it would take the key, and
  # nobody can log in with it. Where our session is up no key is even named.
  function Test-ServerHop {
    if ($Run.WayEnds) {
      foreach ($hop in 'tcp', 'ssh', 'host-key', 'authentication') { skips $hop $Run.WayEnds }
      return
    }
    $said = Get-ServerAccount
    Test-TcpHop $said
    Test-SshHop $said
    Test-HostKeyHop $said
    Test-AuthenticationHop $said
  }

  function Get-ServerAccount {
    $way = Join-Path $Run.Scratch 'way'
    Add-Folder $way
    Write-Way $way
    $command = "`"$(ConvertTo-Slash (Get-HostProgram))`" --connect $(ConvertTo-Slash $way)"
    $options = @('-F', 'none', '-v', '-T', '-o', "ProxyCommand=$command", '-o', 'ConnectTimeout=20',
      '-o', 'IdentitiesOnly=yes') + (Get-PinningOption (Join-Path $way 'known_hosts'))
    if ($Run.OurSession) {
      $options += '-o', 'PreferredAuthentications=none'
    } else {
      $half = Join-Path $Run.Scratch 'public'
      [IO.File]::WriteAllText($half, (Read-Text "$($Paths.Key).pub"))
      Invoke-SysWriteAccess $half $FileRights
      $options += '-o', 'PreferredAuthentications=publickey', '-i', (ConvertTo-Slash $half)
    }
    $said = Complete-Program (Open-Program (Get-Ssh) ($options + "$Login@tunnel", 'exit')) 30
    $said.Errors -replace "`r", ''
  }

  function Test-TcpHop([string]$Said) {
    $reasons = @([regex]::Matches($Said, '(?m)^connect: (.*)$') |
        ForEach-Object { $_.Groups[1].Value })
    if ($Said -match 'remote software version' -or -not $reasons) {
      passes tcp 'a tunnel server accepts connections'
      return
    }
    $list = ConvertTo-Printable (($reasons | Select-Object -Unique) -join '; ')
    if ($list -match 'no SSH server answers') {
      passes tcp 'connections are accepted'
      stops ssh $list 'Have the firewall let SSH pass there as it is, and check the address.'
      return
    }
    stops tcp $list "Allow outgoing TCP from this host to it; if it is, ask $VendorName."
  }

  function Test-SshHop([string]$Said) {
    if ($Run.Hops[-1].hop -eq 'ssh') { return }
    if ($Run.WayEnds) {
      skips ssh $Run.WayEnds
    } elseif ($Said -match 'remote software version (.*)') {
      passes ssh "the server is $(ConvertTo-Printable $Matches[1])"
    } else {
      stops ssh "no SSH server answers: $(Get-LastWord $Said)" `
        'Have the firewall let SSH pass there as it is.'
    }
  }

  function Test-HostKeyHop([string]$Said) {
    $shown = 'none'
    if ($Said -match 'Server host key: (.*)') { $shown = ConvertTo-Printable $Matches[1] }
    if ($Run.WayEnds) {
      skips host-key $Run.WayEnds
    } elseif ($Said -match "Host '.*' is known and matches") {
      passes host-key "$shown, which is pinned"
    } elseif ($Said -match 'Host key verification failed') {
      stops host-key "the server shows $shown, which is not pinned" `
        "Somebody may be in between. Ask $VendorName for its host keys before anything else."
    } else {
      stops host-key "the server did not get as far as its host key: $(Get-LastWord $Said)" `
        "Tell $VendorName what stands here."
    }
  }

  function Test-AuthenticationHop([string]$Said) {
    if ($Run.WayEnds) {
      skips authentication $Run.WayEnds
    } elseif ($Run.OurSession) {
      passes authentication 'the session that is up was let in with the key of this host'
    } elseif ($Said -match 'Server accepts key') {
      passes authentication 'the server would take the key of this host'
    } elseif ($Said -match 'Permission denied') {
      Show-RefusedKey
    } else {
      stops authentication "the server ended it: $(Get-LastWord $Said)" `
        "Run this again in a minute; if it stays, tell $VendorName."
    }
  }

  function Show-RefusedKey {
    switch ("$(if (-not $Run.ViewProblem) { Get-Answer key })") {
      'removed' {
        stops authentication "$VendorName has removed the key of this host" `
          "Uninstall, then install with a new token from $VendorName."
      }
      'waiting' {
        stops authentication "$VendorName has yet to accept the key of this host" `
          "Give them this fingerprint: $($Run.Fingerprint)."
      }
      default {
        stops authentication 'the server does not take the key of this host' `
          "Ask $VendorName about the key $($Run.Fingerprint)."
      }
    }
  }

  # Why ssh gave up: its first line that is no account of what it does.
  function Get-LastWord([string]$Said) {
    $line = $Said -split "`n" | Where-Object { $_ -and $_ -notmatch '^(debug[1-3]: |OpenSSH_|@)' } |
      Select-Object -First 1
    if ($line) { ConvertTo-Printable $line } else { 'no answer' }
  }

  function Test-ForwardHop {
    $port = "port $TunnelPort of the tunnel server"
    $reason = (Get-SshState).reason
    if ($Run.OurSession) {
      passes forward "$port leads here$((Get-Moment session_since) -replace '^,', ' since')"
    } elseif ($Run.Broken) {
      skips forward 'an earlier hop is broken'
    } elseif ($Run.ViewProblem) {
      skips forward "only $VendorName knows whether $port leads here"
    } elseif ((Get-Answer session) -eq 'taken') {
      breaks forward "something else listens on $port" `
        "Tell ${VendorName}: its port has to be freed."
    } elseif ((Get-Answer session) -eq 'up') {
      breaks forward "a host with another key, $(Get-Answer session_key), holds $port" `
        "Stop the tunnel there, or ask $VendorName for a second slot."
    } elseif ($reason) {
      breaks forward $reason "See: $(Get-OwnCommand logs)"
    } else {
      breaks forward "nothing holds $port, as $VendorName sees it" `
        "Run this again in a minute. If it stays: $(Get-OwnCommand logs)"
    }
  }

  function Test-DatabaseHop {
    $found = Get-Finding { Test-Database }
    if ($found) {
      breaks database $found.What $found.Next
    } else {
      passes database "$DatabaseHost port $DatabasePort answers this host"
    }
  }

  # A check of the preflight, made silently: what it finds, and what to do.
  function Get-Finding([scriptblock]$Examine) {
    $before = $Run.Quiet
    $Run.Quiet = $true
    $Run.Findings.Clear()
    & $Examine
    $Run.Quiet = $before
    if ($Run.Findings.Count -eq 0) { return }
    $what, $next = $Run.Findings[0] -split "`n\s+", 2
    @{ What = $what; Next = $next }
  }

  function Test-VendorHop {
    if ($Run.ViewProblem) {
      breaks control-plane $Run.ViewProblem.What $Run.ViewProblem.Next
      skips vendor-database 'the vendor cannot be asked'
      return
    }
    passes control-plane $PublicUrl
    if (-not $Run.OurSession) {
      skips vendor-database 'it is asked through the tunnel'
      return
    }
    $words = "the database $(Get-DatabaseState)"
    switch (Get-Answer database) {
      'answers' { passes vendor-database "$words$(Get-Moment database_at)" }
      'refuses' { breaks vendor-database $words (Get-WayIn (Get-Answer reason)) }
      'silent' {
        breaks vendor-database $words ('See that it is a database of that type, and neither ' +
          'overloaded nor starting.')
      }
      default {
        breaks vendor-database $words `
          "Run this again in half a minute; if it stays, tell $VendorName."
      }
    }
  }

  # ---- Doctor: which hop is broken --------------------------------------------------------------

  # Nothing here logs in with the tunnel's key: that would end the session that is up. Gives the
  # exit code.
  function Show-Examination {
    Assert-Installed
    Find-OpenSsh
    if (-not $Run.OpenSsh) {
      fail 'The OpenSSH client is missing.' "Mend it: $(Get-OwnCommand upgrade)" `
        -Code $Exit.Preflight
    }
    $Run.Fingerprint = Get-InstalledFingerprint
    if (-not $Given.Json) { tell "$Instance, hop by hop:" }
    Find-ViewProblem
    Test-Hop
    $code = Get-ExaminationCode
    $verdict = "Every hop works: $VendorName can query the database."
    if ($Run.Broken) { $verdict = "Broken at the hop $($Run.Broken): $($Run.Verdict)." }
    if ($Run.Broken -and $Run.OurSession -and $code -eq $Exit.Tunnel) {
      $verdict = "The tunnel is up, but would not come up again. $verdict"
    }
    $examination = [ordered]@{
      tunnel = $Instance; ok = ($code -eq 0); exit_code = $code; broken = $Run.Broken
      verdict = $verdict; next = $Run.Next; hops = $Run.Hops; reviewers = Get-PinSentence
    }
    if ($Given.SupportFile) { Write-SupportFile $code }
    if ($Given.Json) {
      tell (ConvertTo-Json $examination -Compress -Depth 4)
      return $code
    }
    tell ''
    tell $verdict
    tell "Reviewers: $($examination.reviewers)."
    if ($Run.Next) { tell "Next: $($Run.Next)" }
    $code
  }

  function Get-ExaminationCode {
    switch -Wildcard ($Run.Broken) {
      '' { return 0 }
      'control-plane' { return $Exit.Preflight }
      '*database' { return $Exit.Database }
    }
    $Exit.Tunnel
  }

  # What the vendor's side sees, or why it cannot be known.
  function Find-ViewProblem {
    $Run.ViewProblem = Get-Finding { Test-ControlPlane }
    if ($Run.ViewProblem -or (Get-Answer session) -ne 'unknown') { return }
    $Run.ViewProblem = @{
      What = "$VendorName's tunnel server has not reported$(
        (Get-Moment agent_at) -replace '^,', ' since')"
      Next = "Tell $VendorName. The tunnel itself may well be up."
    }
  }

  # What a customer may send to the vendor: these fields and no others, no key, token, host name,
  # address or line of a log. Only a file that was not there is written.
  function Write-SupportFile([int]$Code) {
    $fields = [ordered]@{
      installer = $TemplateVersion; tunnel = $Instance
      windows = "$([Environment]::OSVersion.Version)"; powershell = "$($PSVersionTable.PSVersion)"
      ssh = Get-SshVersion; service = Get-ServiceState; ssh_state = (Get-SshState).state
    }
    foreach ($hop in $Run.Hops) { $fields["hop_$($hop.hop -replace '-', '_')"] = $hop.result }
    $fields.broken = $Run.Broken
    $fields.exit_code = $Code
    foreach ($name in 'now', 'key', 'session', 'session_since', 'database', 'database_at', 'reason',
      'agent_at') { $fields["vendor_$name"] = Get-Answer $name }
    $lines = $fields.Keys | ForEach-Object { "$_=$(ConvertTo-Printable $fields[$_])" }
    try {
      $stream = New-Object IO.FileStream $Given.SupportFile, 'CreateNew'
      $bytes = [Text.Encoding]::ASCII.GetBytes(($lines -join "`r`n") + "`r`n")
      $stream.Write($bytes, 0, $bytes.Length)
      $stream.Close()
    } catch {
      fail "-SupportFile: $(ConvertTo-Printable (Get-Deepest $_.Exception).Message)" `
        'Name a file that does not exist, in a folder that can be written.' -Code $Exit.Usage
    }
    if ($Given.Json) { return }
    tell "Wrote $($Given.SupportFile): read it before you send it to $VendorName."
  }

  # ---- Rotation: a new key pair in place of the old one -----------------------------------------

  # The vendor learns the new key, proved by both. Then one restart offers the new key first and the
  # old one after it: whichever the vendor sees in use stays, and the other one goes. Cut short at
  # any moment, the same command or an installation goes on from there.
  function Update-Key {
    Assert-Installed
    Find-OpenSsh
    $Run.Phases = 2
    phase 'New key'
    if (Test-Rotating) {
      say 'Going on with a change that was cut short.'
    } else {
      Add-NewKey
    }
    phase 'Change'
    if (Complete-Rotation) { return }
    fail 'The tunnel did not come up with the new key; the old one is in use again.' `
      "See: $(Get-OwnCommand doctor)" -Code $Exit.Tunnel
  }

  # Whether a rotation got as far as two keys; before that both names are of the same one.
  function Test-Rotating {
    (Test-Path -LiteralPath $Paths.OldKey) -and
    (Get-FileDigest $Paths.OldKey) -ne (Get-FileDigest $Paths.Key)
  }

  # Afterwards the new key has the name that the service host looks for, and the old one stands
  # beside it.
  function Add-NewKey {
    $old = Join-Path $Run.Scratch 'old'
    $key = Join-Path $Run.Scratch 'key'
    if (-not (Copy-Key $Paths.Key $old)) {
      fail "The key $($Paths.Key) cannot be used." "Run: $(Get-OwnCommand upgrade)" `
        -Code $Exit.Enrolment
    }
    record file $Paths.OldKey
    $next = Join-Path $Paths.NextKey 'key'
    if (-not (Copy-Key $next $key)) {
      Add-KeyPair
      $null = Copy-Key $next $key
    }
    $Run.Fingerprint = Get-Fingerprint (Read-Text "$key.pub")
    Register-NewKey $old $key
    Wait-Key

    # The old key gets a second name and then the new one its first: there is a key at any moment.
    Copy-Item -LiteralPath $Paths.Key -Destination $Paths.OldKey -Force
    Protect-Key $Paths.OldKey
    Move-Over $next $Paths.Key
    Protect-Key $Paths.Key
    Remove-Quietly $Paths.NextKey
    Write-PublicKey
    say "Made a new key, and $VendorName knows it: SHA-256 $($Run.Fingerprint)."
  }

  # The new key is taken because the old one vouches for it.
  function Register-NewKey([string]$Old, [string]$Key) {
    $fingerprint = Get-Fingerprint (Read-Text "$Old.pub")
    $statement = "culvert-key-v1 add $TunnelId $Slot $fingerprint $($Run.Fingerprint)"
    $lines = 'op=add', "slot=$Slot", "old=$fingerprint",
      "public_key=$(Get-KeyLine (Read-Text "$Key.pub"))",
      "proof_old=$(Get-Proof $statement $Old -Subject "$Key.pub")",
      "proof_new=$(Get-Proof $statement $Key -Subject "$Key.pub")", "render=$Render", 'end=1', ''
    if (-not (Send-Call keys ($lines -join "`n"))) {
      fail "The control plane: $($Run.AnswerProblem)." 'The old key stays; run this again.' `
        -Code $Exit.Enrolment
    }
    if (-not (Get-Answer error)) { return }
    Remove-Quietly $Paths.NextKey
    fail "The new key was refused: $(Get-Answer detail)." (Get-Answer next) -Code $Exit.Enrolment
  }

  # From two keys to one, with at most one restart. Returns whether the new one stays.
  function Complete-Rotation {
    $old = Join-Path $Run.Scratch 'old'
    $key = Join-Path $Run.Scratch 'key'
    if (-not ((Copy-Key $Paths.OldKey $old) -and (Copy-Key $Paths.Key $key))) {
      fail "The keys in $($Paths.Tunnel) cannot be used." 'Uninstall, then install again.' `
        -Code $Exit.Enrolment
    }
    $oldFingerprint = Get-Fingerprint (Read-Text "$old.pub")
    Write-PublicKey
    $newFingerprint = $Run.Fingerprint
    Save-Session
    if ((Get-Answer session) -eq 'up' -and (Get-Answer session_key) -eq $newFingerprint) {
      $Run.SessionBefore = ''
    }
    Write-Own $Paths.Wanted (Get-WantedDigest)
    $inUse = Wait-KeyInUse $oldFingerprint, $newFingerprint
    if ($inUse -eq $newFingerprint) {
      $null = Disable-AtVendor $oldFingerprint $key
      Remove-Quietly $Paths.OldKey
      say 'The tunnel is up with the new key; the old one is removed.'
      return $true
    }
    $null = Disable-AtVendor $newFingerprint $old
    Move-Over $Paths.OldKey $Paths.Key
    Protect-Key $Paths.Key
    $null = Copy-Key $Paths.Key $key
    Write-PublicKey
    Write-Own $Paths.Wanted (Get-WantedDigest)
    $false
  }

  # The fingerprint by which a new session comes up, as the vendor sees it; nothing if none does.
  function Wait-KeyInUse([string[]]$Fingerprints) {
    $deadline = (Get-Date).AddSeconds(45)
    while ((Get-Date) -lt $deadline) {
      if ((Get-VendorView) -and (Get-Answer session) -eq 'up' -and
        (Get-Answer session_id) -ne $Run.SessionBefore -and
        $Fingerprints -contains (Get-Answer session_key)) { return Get-Answer session_key }
      Start-Sleep -Milliseconds 500
    }
  }

  # ---- Reviewers: the persons who have to approve what an upgrade runs --------------------------

  # The pin is one file for all tunnels of a vendor, so that it changes as a whole. Its first line
  # says how many persons have to approve, the others are lines of ssh-keygen's allowed_signers.

  # Read-Reviewer FILE: Text, Persons, and Lines as ssh-keygen will read them, nothing else. Where
  # the file is not as it has to be, Problem says so.
  function Read-Reviewer([string]$File, [int]$Limit = 65536) {
    $found = @{ Problem = ''; Text = ''; Persons = @(); Lines = @(); Approvals = 0 }
    try {
      if ((New-Object IO.FileInfo $File).Length -gt $Limit) { throw 'it is larger than 64 KiB' }
      $found.Text = [IO.File]::ReadAllText($File)
    } catch {
      $reason = (ConvertTo-Printable (Get-Deepest $_.Exception).Message).TrimEnd('.')
      $found.Problem = "cannot be read: $reason"
      return $found
    }
    $owners = New-Object 'Collections.Generic.Dictionary[string, string]'
    $number = 0
    foreach ($line in $found.Text -split "`r?`n") {
      $number += 1
      $words = @($line.Trim(' ', "`t") -split '[ \t]+')
      if ($words[0] -eq '' -or $words[0][0] -eq '#') { continue }
      $problem = Get-ReviewerProblem $words
      if (-not $problem) {
        $person, $key = $words[0, 3]
        if (-not $owners.ContainsKey($key)) { $owners[$key] = $person }
        if ($owners[$key] -cne $person) { $problem = 'has the key of another person' }
      }
      if ($problem) {
        $found.Problem = "line $number $problem"
        return $found
      }
      $found.Lines += $words[0..3] -join ' '
    }
    $found.Persons = @($owners.Values | Select-Object -Unique)
    if ($found.Persons.Count -eq 0) { $found.Problem = 'names nobody' }
    $found
  }

  # A pattern would let one person sign as another, and an authority name more persons.
  function Get-ReviewerProblem([string[]]$Words) {
    if ($Words.Count -lt 4) { return 'is not of the form: person namespaces="..." type key' }
    if ($Words[0] -cnotmatch '^[A-Za-z0-9][A-Za-z0-9._@+-]*\z') {
      return 'has to name one person literally, without wildcards and commas'
    }
    $options = @($Words[1] -split ',')
    $namespaces = @($options -ceq 'namespaces="culvert-approval-v1"')
    $times = @($options -cmatch '^valid-(after|before)="[0-9]{8}([0-9]{4}([0-9]{2})?)?Z?"\z')
    $names = @($options | ForEach-Object { ($_ -split '=')[0] } | Select-Object -Unique)
    if ($namespaces.Count -ne 1 -or $names.Count -ne $options.Count -or
      $options.Count -ne 1 + $times.Count) {
      return 'has to say namespaces="culvert-approval-v1", and may say valid-after, valid-before'
    }
    if ($Words[2] -cnotmatch '^(ssh|ecdsa|sk)-[a-z0-9@.-]+\z' -or
      $Words[3] -cnotmatch '^AAAA[A-Za-z0-9+/]+={0,2}\z') {
      return 'has no public key'
    }
  }

  # What was given with -Reviewers, before any change.
  function Test-Reviewer {
    if (-not $Given.Reviewers) { return }
    $asked = Read-Reviewer $Given.Reviewers
    if ($asked.Problem) {
      finding "-Reviewers: $(ConvertTo-Printable $Given.Reviewers) $($asked.Problem)" `
        'Name a file of lines such as: maria namespaces="culvert-approval-v1" ssh-ed25519 AAAA...'
      return
    }
    $asked.Approvals = 1
    if ($Given.Approvals) { $asked.Approvals = [int]$Given.Approvals }
    if ($asked.Approvals -gt $asked.Persons.Count) {
      finding "-Approvals: $($asked.Approvals) are more than the persons of that file" `
        "It names $($asked.Persons.Count). Take a smaller number, or more persons."
    }
    $folder = Get-ComingOpenSsh
    if (-not $folder) {
      if (-not $Run.Capability) { return }
      finding '-Reviewers: OpenSSH is not here yet, and it may be too old to verify signatures' `
        "Add it first, and run this again: Add-WindowsCapability -Online -Name $($Run.Capability)"
      return
    }
    if (-not (Test-Verifier $folder)) {
      finding 'OpenSSH cannot verify signatures here; -Reviewers needs 8.1 or later' $ZipAdvice
      return
    }
    Test-ReviewerKey $folder $asked
    $Run.Pin = $asked
  }

  # A key that ssh-keygen cannot read would never sign anything.
  function Test-ReviewerKey([string]$OpenSshFolder, $Asked) {
    $file = Join-Path $Run.Scratch 'reviewers'
    $keys = $Asked.Lines | ForEach-Object { ($_ -split ' ')[2, 3] -join ' ' }
    [IO.File]::WriteAllText($file, ($keys -join "`n") + "`n")
    $said = Invoke-Program (Join-Path $OpenSshFolder 'ssh-keygen.exe') '-l', '-f',
    (ConvertTo-Slash $file)
    if (@(-split $said.Output -clike 'SHA256:*').Count -eq $Asked.Lines.Count) {
      ok "reviewers: $(Get-PinText $Asked)"
      return
    }
    finding '-Reviewers: ssh-keygen cannot read one of these keys' `
      "See which: ssh-keygen -l -f $(ConvertTo-Printable $Given.Reviewers)"
  }

  # Whether this ssh-keygen verifies signatures: then it misses what has to stand behind.
  function Test-Verifier([string]$OpenSshFolder) {
    $said = Invoke-Program (Join-Path $OpenSshFolder 'ssh-keygen.exe') '-Y', 'verify'
    $said.Errors -match 'verify: missing namespace'
  }

  function Save-Pin {
    if (-not $Run.Pin) { return }
    record vendor-file $Paths.Pin
    $lines = @("# approvals=$($Run.Pin.Approvals)") + $Run.Pin.Lines
    Write-Whole $Paths.Pin (($lines -join "`n") + "`n")
    say "Wrote $($Paths.Pin)."
  }

  # Whether this vendor's reviewers are pinned here. What a record lists was there once: a pin that
  # is lost is no leave to go on without.
  function Test-Pinned {
    if (Test-Path -LiteralPath $Paths.Pin) { return $true }
    $records = @($Paths.Record) + @(Get-OtherRecord $Paths.VendorData)
    $lines = @($records | ForEach-Object { Get-RecordedLine $_ })
    $lines -contains "vendor-file $($Paths.Pin)"
  }

  # The pin as it is kept: its first line comes on top of what a given file may have.
  function Read-Pin {
    $kept = Read-Reviewer $Paths.Pin -Limit 65600
    if ($kept.Problem) { return $kept }
    if ($kept.Text -cmatch '\A# approvals=([1-9][0-9]{0,2})\n') {
      $kept.Approvals = [int]$Matches[1]
    }
    if ($kept.Approvals -lt 1 -or $kept.Approvals -gt $kept.Persons.Count) {
      $kept.Problem = 'does not say how many persons have to approve'
    }
    $kept
  }

  # What status, doctor and plan say of it.
  function Get-PinSentence {
    if (-not (Test-Pinned)) { return 'none are pinned' }
    $kept = Read-Pin
    if ($kept.Problem) { return "pinned, but $($Paths.Pin) $($kept.Problem): no upgrade will run" }
    Get-PinText $kept
  }

  function Get-PinText($Pin) {
    "an upgrade needs $($Pin.Approvals) of these to approve it: $($Pin.Persons -join ', ')"
  }

  # An upgrade runs this script from its own scratch folder.
  function Test-RunByUpgrade {
    $scratch = Join-Path (Join-Path (Invoke-SysFolder Windows) 'Temp') "culvert-$PID-"
    "$($Run.Self.File)".StartsWith($scratch, [StringComparison]::OrdinalIgnoreCase)
  }

  function Show-UnverifiedRun {
    if ($Run.Mode -ne 'install' -or -not (Test-Pinned) -or (Test-RunByUpgrade)) { return }
    warn "Reviewers are pinned here; this run does not ask them, $(Get-OwnCommand upgrade) does."
  }

  # ---- Approval: whether the pinned reviewers let an upgrade run --------------------------------

  # A signed statement in its only form: one line of JSON, and the signature of each who signed it.
  $StatementForm = '(?<text>\{"account":"[a-z0-9-]{1,31}",' +
  '"artifacts":\[(?<artifacts>"[0-9a-f]{64}"(?:,"[0-9a-f]{64}"){0,15})\],' +
  '"decision":"(?<decision>approve|refuse|withdraw)",' +
  '"not_after":(?<end>[1-9][0-9]{0,11}),"previous":(?:null|"[0-9a-f]{64}"),' +
  '"serial":(?<serial>[1-9][0-9]{0,14}),"tunnel":"(?<tunnel>tun_[0-9a-z]{26})","v":1,' +
  '"vendor":"(?<vendor>[a-z0-9-]{1,31})"\}\n)' +
  '(?<signature>-----BEGIN SSH SIGNATURE-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+' +
  '-----END SSH SIGNATURE-----\n)*'

  # Assert-Approved INSTALLER: ends the run unless the statement that decides approves of this file.
  # The highest serial is kept before anything else, so that no older statement counts again.
  function Assert-Approved([string]$Installer) {
    phase 'What the reviewers say of it'
    $pin = Read-Pin
    if ($pin.Problem) {
      refuse "this host pins reviewers, but $($Paths.Pin) $($pin.Problem)" `
        'Pin them again: run an installer that they have approved with -Reviewers FILE.'
    }
    Find-OpenSsh
    if (-not $Run.OpenSsh -or -not (Test-Verifier $Run.OpenSsh)) {
      refuse 'OpenSSH cannot verify signatures here; pinned reviewers need 8.1 or later' `
        'Get a later one: run an installer that they have approved with -OpenSshZip.'
    }
    $digest = Get-Digest -File $Installer
    $seen = Read-Serial
    $one = Find-Decision $digest $pin
    if ($one.Serial -gt $seen) { Write-Own $Paths.Serial "$($one.Serial)`n" }
    if ($one.Serial -lt $seen) {
      refuse "the approval of this installer is older than what was seen here before: $(
        $one.Serial), not $seen" 'Ask your reviewers to look at what the vendor serves now.'
    }
    if ($one.Decision -ne 'approve') {
      $what = 'refused this installer'
      if ($one.Decision -eq 'withdraw') { $what = 'withdrawn their approval of this installer' }
      refuse "the reviewers have $what" "Ask them why: $($one.Signers -join ', ')."
    }
    $now = ([DateTime]::UtcNow - [DateTime]'1970-01-01').TotalSeconds
    if ($one.End -le $now) {
      refuse "the approval of this installer ended on $(Format-Moment $one.End)" `
        "Check this host's clock; if it is right, ask your reviewers to sign anew."
    }
    say "Approved by $($one.Signers -join ', '): SHA-256 $digest, serial $($one.Serial)."
  }

  # refuse WHAT NEXT: the tunnel stays as it is.
  function refuse([string]$What, [string]$Next) {
    fail ($What.Substring(0, 1).ToUpper() + $What.Substring(1) + '.') `
      "$Next The tunnel runs on as it is." -Code $Exit.Preflight
  }

  # The valid statement with the highest serial; of two with the same, the one that says no.
  function Find-Decision([string]$Digest, $Pin) {
    $statements = @(Get-Statement $Digest)
    $ours = @($statements |
        Where-Object { $_.Tunnel -ceq $TunnelId -and $_.Vendor -ceq $VendorSlug })
    $most = 0
    foreach ($one in $ours | Sort-Object { - $_.Serial }, { $_.Decision -eq 'approve' }) {
      $one.Signers = @(Get-Signer $one $Pin)
      $needed = 1
      if ($one.Decision -eq 'approve') { $needed = $Pin.Approvals }
      if ($one.Signers.Count -ge $needed) { return $one }
      $most = [Math]::Max($most, $one.Signers.Count)
    }
    if ($most -gt 0) {
      refuse "of the $($Pin.Approvals) persons who have to approve this installer, $most did" `
        "Ask the others to look at it: SHA-256 $Digest."
    }
    if (@($ours | Where-Object { $_.Signatures.Count -gt 0 }).Count -gt 0) {
      refuse 'this installer is signed, but by no key that is pinned here and still valid' `
        'Ask who signed it. If a reviewer has a new key, pin it: -Reviewers FILE.'
    }
    if ($statements.Count -gt $ours.Count) {
      refuse 'the approval of this installer is for another tunnel' `
        "Tell ${VendorName}: it should not have come here."
    }
    refuse 'nobody has signed this installer' `
      "Ask your reviewers to look at it: SHA-256 $Digest."
  }

  # What the vendor has of statements about these bytes.
  function Get-Statement([string]$Digest) {
    $got = Get-Web "$PublicUrl/t/$TunnelId/v1/statements?artifact=$Digest" -Limit 1MB
    $why = $got.Problem
    if (-not $why -and $got.Status -ne 200) {
      $why = "the control plane answered with the HTTP status $($got.Status)"
    } elseif (-not $why -and $got.Text -cnotmatch '(?:\A|\n)end=1\n\z') {
      $why = 'the answer of the control plane was cut on its way'
    }
    if ($why) { refuse "the statements of the reviewers did not come: $why" 'Run this again.' }
    if ($got.Text -cnotmatch "\A(?:$StatementForm)*end=1\n\z") {
      refuse 'what came as statements of the reviewers holds something else' "Tell $VendorName."
    }
    foreach ($found in [regex]::Matches($got.Text, $StatementForm)) {
      if (-not $found.Groups['artifacts'].Value.Contains($Digest)) { continue }
      $statement = @{ Signers = @() }
      foreach ($name in 'Text', 'Decision', 'Tunnel', 'Vendor') {
        $statement[$name] = $found.Groups[$name.ToLower()].Value
      }
      $statement.Serial = [long]$found.Groups['serial'].Value
      $statement.End = [long]$found.Groups['end'].Value
      $statement.Signatures = @($found.Groups['signature'].Captures | ForEach-Object { $_.Value })
      $statement
    }
  }

  # Each pinned person whose signature holds, once, however many keys signed.
  function Get-Signer($Statement, $Pin) {
    $file = Join-Path $Run.Scratch 'signature'
    $text = [Text.Encoding]::ASCII.GetBytes($Statement.Text)
    $holds = @(foreach ($signature in $Statement.Signatures) {
        [IO.File]::WriteAllText($file, $signature)
        foreach ($person in $Pin.Persons) {
          $said = Invoke-Program (Get-SshKeygen) @('-Y', 'verify', '-n', 'culvert-approval-v1',
            '-f', (ConvertTo-Slash $Paths.Pin), '-I', $person, '-s', (ConvertTo-Slash $file)) $text
          if ($said.Code -eq 0) { $person }
        }
      })
    $holds | Select-Object -Unique
  }

  # The highest serial of a valid statement that this host has seen for this tunnel.
  function Read-Serial {
    if (-not (Test-Path -LiteralPath $Paths.Serial)) { return [long]0 }
    $text = Read-Text $Paths.Serial
    if ($text -cmatch '\A[1-9][0-9]{0,14}\n\z') { return [long]$text.Trim() }
    refuse "$($Paths.Serial) does not hold the serial that was seen last" `
      'See what has changed it. Without that file, older approvals would count again.'
  }

  # ---- Upgrade ----------------------------------------------------------------------------------

  # Runs the installer as the vendor gives it now: the very file that the reviewers approved, where
  # they are pinned. What is as it should be stays, the key too.
  function Update-Tunnel {
    Assert-Installed
    $isPinned = Test-Pinned
    $Run.Phases = 1 + [int]$isPinned
    phase "Fetching $InstallerUrl"
    $got = Get-Web $InstallerUrl -Limit 4MB
    if ($got.Problem -or $got.Status -ne 200) {
      $why = $got.Problem
      if (-not $why) { $why = "it answered with the HTTP status $($got.Status)" }
      fail "The control plane: $why." 'Run this again; nothing was changed.' `
        -Code $Exit.Preflight
    }
    $installer = Join-Path $Run.Scratch 'install.ps1'
    [IO.File]::WriteAllBytes($installer, $got.Bytes)
    $errors = $null
    $null = [Management.Automation.Language.Parser]::ParseFile($installer, [ref]$null, [ref]$errors)
    if ($errors.Count -gt 0 -or -not $got.Text.EndsWith('}')) {
      fail 'What came is no whole installer.' 'Run this again; nothing was changed.' `
        -Code $Exit.Preflight
    }
    if ($isPinned) {
      if ($got.Refusal) {
        refuse "the vendor has no installer for this tunnel: $(ConvertTo-Printable $got.Refusal)" `
          "Where it waits, ask your reviewers to look at it; else ask $VendorName."
      }
      Invoke-Alone { Assert-Approved $installer }
    }
    & $installer -Quiet:$Run.Quiet
    $LASTEXITCODE
  }

  # ---- Uninstallation: what was recorded, and nothing else --------------------------------------

  function Uninstall-Tunnel {
    Assert-Installed
    Find-OpenSsh
    $Run.Phases = 1
    phase "Removing the tunnel '$TunnelName' from this host"
    Disable-Key
    # Without this file the service host stops this tunnel's ssh.
    Remove-Quietly $Paths.Wanted
    Wait-Stopped
    Remove-Recorded
    Complete-Phase
    say 'Removed.'
  }

  # The vendor forgets the keys that this host proves it holds. If that cannot be, the rest goes on.
  function Disable-Key {
    foreach ($file in $Paths.OldKey, $Paths.Key) {
      if (-not (Test-Path -LiteralPath $file)) { continue }
      $copy = Join-Path $Run.Scratch 'key'
      if (-not $Run.OpenSsh -or -not (Copy-Key $file $copy)) {
        warn "$VendorName could not be told: ask them to remove the key of this host."
      } elseif (Disable-AtVendor (Get-Fingerprint (Read-Text "$copy.pub")) $copy) {
        say "$VendorName has removed this host's key."
      }
    }
  }

  # The host looks every two seconds.
  function Wait-Stopped {
    if ((Get-ServiceState) -ne 'Running') { return }
    $deadline = (Get-Date).AddSeconds(10)
    while ((Get-Date) -lt $deadline -and (Get-SshState).state -notin 'stopped', 'unknown') {
      Start-Sleep -Milliseconds 200
    }
  }

  # Last made, first removed. What other tunnels use too goes with the last of them.
  function Remove-Recorded {
    $lines = @(Get-RecordedLine $Paths.Record)
    [Array]::Reverse($lines)
    $heirs = @(Get-OtherRecord $Paths.VendorData)
    $lastOfHost = -not (Get-OtherRecord (Join-Path $Paths.Data '*'))
    foreach ($line in $lines) {
      $kind, $name = $line -split ' ', 2
      switch ($kind) {
        'file' { Remove-File $name }
        'shared' { if ($lastOfHost) { Remove-File $name } }
        'capability' { say "$name was left; Windows has other uses for it." }
        'program-folder' { Remove-ProgramFolder $name $heirs }
        'vendor-file' {
          if ($heirs) {
            Add-Recorded $heirs[0] $line
          } else {
            $name, "$name.new" | ForEach-Object { Remove-File $_ }
          }
        }
        { $_ -in 'service', 'event-source' } {
          if ($heirs) {
            Add-Recorded $heirs[0] $line
          } else {
            Remove-Part $kind
          }
        }
      }
    }
    foreach ($own in $Paths.NextKey, "$($Paths.State).new", "$($Paths.Serial).new", $Paths.Record,
      "$($Paths.Record).new") {
      Remove-Quietly $own
    }
    foreach ($folder in $Paths.Tunnel, $Paths.VendorData, $Paths.Data, $Paths.VendorPrograms,
      $Paths.Programs) { Remove-EmptyFolder $folder }
  }

  # The records of the other tunnels in there.
  function Get-OtherRecord([string]$Folder) {
    Get-Item (Join-Path (Join-Path $Folder '*') 'installed') -ErrorAction Ignore |
      Where-Object { $_.FullName -ne $Paths.Record } | ForEach-Object { $_.FullName }
  }

  # The service ends before its event source does, or it would make that anew.
  function Remove-Part([string]$Kind) {
    $name = Get-ServiceName
    if ($Kind -eq 'event-source') {
      Remove-VendorService $name
      if (Invoke-SysFindEventSource $name) { Invoke-SysRemoveEventSource $name }
      return
    }
    Remove-VendorService $name
  }

  function Remove-VendorService([string]$Name) {
    $found = Invoke-SysFindService $Name
    if (-not $found) { return }
    if ($found.State -ne 'Stopped') { Invoke-SysStopService $Name }
    control delete $Name
    # Windows keeps a service for as long as somebody looks at it.
    foreach ($attempt in 1..50) {
      if (-not (Invoke-SysFindService $Name)) { return }
      Start-Sleep -Milliseconds 200
    }
    warn "Windows has not let go of the service $Name yet; it goes with the next restart."
  }

  # The record is only believed about places that this script writes to, and not through a link.
  function Remove-File([string]$File) {
    if ($File -like '*..*') { return }
    $places = $Paths.VendorData, $Paths.CommandFolder, $Paths.Dispatcher
    if (-not ($places | Where-Object { $File.StartsWith($_) })) { return }
    if (-not (Test-Path -LiteralPath $File) -or (Test-Link (Split-Path -Parent $File))) { return }
    Remove-Item -LiteralPath $File -Force
  }

  # A folder of programs, which another tunnel of this vendor may use as well.
  function Remove-ProgramFolder([string]$Folder, [string[]]$Heirs) {
    if ($Folder -like '*..*' -or -not $Folder.StartsWith($Paths.VendorPrograms)) { return }
    if ($Folder -ne $Paths.CommandFolder -and $Heirs) {
      Add-Recorded $Heirs[0] "program-folder $Folder"
      return
    }
    if ($Folder -ne $Paths.CommandFolder) { Remove-VendorService (Get-ServiceName) }
    if ((Test-Path -LiteralPath $Folder) -and -not (Test-Link $Folder)) {
      Remove-Item -LiteralPath $Folder -Recurse -Force
    }
  }

  function Remove-EmptyFolder([string]$Folder) {
    if (-not (Test-Path -LiteralPath $Folder) -or (Test-Link $Folder)) { return }
    if (Get-ChildItem -LiteralPath $Folder -Force) { return }
    Remove-Item -LiteralPath $Folder
  }

  $HostSources['TunnelHost.cs'] = @'
using System;
using System.ServiceProcess;

namespace Culvert
{
    /// <summary>
    /// Holds the tunnels of one vendor on a Windows proxy: it runs ssh for each, and again when
    /// that ends. Made by Culvert; compiled on the proxy itself, from sources that can be read.
    /// </summary>
    internal static class TunnelHost
    {
        private const string Usage =
            "usage: TunnelHost --service NAME --data FOLDER --ssh PATH\n" +
            "           as a Windows service: the tunnels of FOLDER, by the ssh at PATH\n" +
            "       TunnelHost --console --data FOLDER --ssh PATH [--second MILLISECONDS]\n" +
            "           the same here, until Ctrl-C or the end of standard input;\n" +
            "           --second: how long a second of the pauses lasts\n" +
            "       TunnelHost --probe --data FOLDER --ssh PATH\n" +
            "           says what it would run, and whether that ssh runs at all\n" +
            "       TunnelHost --connect FOLDER [HOST PORT]\n" +
            "           carries one SSH connection to the tunnel server, for ssh itself\n";

        private static void Main(string[] words)
        {
            // Waits for no thread: one may be stuck in a read that nobody answers any more.
            Environment.Exit(Run(words));
        }

        private static int Run(string[] words)
        {
            Arguments given = Arguments.Read(words);
            if (given == null)
            {
                Console.Error.Write(Usage);
                return 2;
            }
            switch (given.Mode)
            {
                case "--connect":
                    return Connect.Run(given.Folder, given.Host, given.Port);
                case "--probe":
                    return Probe.Run(given);
                case "--console":
                    return Foreground.Run(given);
                default:
                    ServiceBase.Run(new TunnelService(given));
                    return 0;
            }
        }
    }
}
'@

  $HostSources['Arguments.cs'] = @'
using System.Globalization;
using System.IO;

namespace Culvert
{
    /// <summary>What the program was told to do, by its arguments.</summary>
    internal sealed class Arguments
    {
        internal string Mode { get; private set; }

        /// <summary>Name of the service, and of its source in the event log.</summary>
        internal string Service { get; private set; }

        /// <summary>The vendor's data folder, or with --connect the tunnel's: absolute.</summary>
        internal string Folder { get; private set; }

        internal string Ssh { get; private set; }

        /// <summary>Milliseconds that a second of the pauses and of health lasts.</summary>
        internal int Second { get; private set; }

        /// <summary>The one endpoint to connect to; null: those that the folder names.</summary>
        internal string Host { get; private set; }

        internal string Port { get; private set; }

        private Arguments()
        {
            Second = 1000;
        }

        /// <summary>Reads the arguments; null where they are none that have a meaning.</summary>
        internal static Arguments Read(string[] words)
        {
            if (words.Length == 0) return null;
            var given = new Arguments { Mode = words[0] };
            bool isRead = given.Mode == "--connect"
                ? given.ReadConnect(words)
                : given.ReadHost(words);
            return isRead ? given : null;
        }

        private bool ReadConnect(string[] words)
        {
            if (words.Length != 2 && words.Length != 4) return false;
            Folder = Path.GetFullPath(words[1]);
            if (words.Length == 4)
            {
                Host = words[2];
                Port = words[3];
            }
            return true;
        }

        private bool ReadHost(string[] words)
        {
            int next = 1;
            if (Mode == "--service")
            {
                if (words.Length < 2) return false;
                Service = words[next++];
            }
            else if (Mode != "--console" && Mode != "--probe")
            {
                return false;
            }
            for (; next + 1 < words.Length; next += 2)
            {
                if (!Take(words[next], words[next + 1])) return false;
            }
            return next == words.Length && Folder != null && Ssh != null;
        }

        private bool Take(string name, string value)
        {
            if (value.Length == 0) return false;
            switch (name)
            {
                case "--data":
                    Folder = Path.GetFullPath(value);
                    return true;
                case "--ssh":
                    Ssh = value;
                    return true;
                case "--second":
                    int second;
                    bool isNumber = int.TryParse(
                        value, NumberStyles.None, CultureInfo.InvariantCulture, out second);
                    Second = second;
                    return isNumber && Mode == "--console";
                default:
                    return false;
            }
        }
    }
}
'@

  $HostSources['TunnelService.cs'] = @'
using System;
using System.ServiceProcess;
using System.Threading;

namespace Culvert
{
    /// <summary>The host as a Windows service.</summary>
    internal sealed class TunnelService : ServiceBase
    {
        /// <summary>Windows waits 20 s for a service before it shuts down.</summary>
        private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(15);

        private readonly Arguments given;
        private readonly HostEvents events;
        private readonly ManualResetEvent stop = new ManualResetEvent(false);
        private readonly Thread work;

        internal TunnelService(Arguments given)
        {
            this.given = given;
            events = new HostEvents(given.Service);
            work = new Thread(Work);
            ServiceName = given.Service;
            CanShutdown = true;
            // Its own entries would bring back an event source that was removed.
            AutoLog = false;
        }

        protected override void OnStart(string[] words)
        {
            work.Start();
        }

        protected override void OnStop()
        {
            stop.Set();
            work.Join(StopWithin);
        }

        protected override void OnShutdown()
        {
            OnStop();
        }

        private void Work()
        {
            var log = new CappedLog(given.Folder, null);
            try
            {
                Job.Join();
                events.Started();
                new Supervisor(given, log, events).Run(stop);
                events.Stopped();
            }
            catch (Exception error)
            {
                log.Write("host: failed: " + PlainText.OneLine(error.ToString(), 2000));
                events.Failed(error.Message);
                // Without a word to the service control manager: only then does it start us again.
                Environment.Exit(1);
            }
        }
    }
}
'@

  $HostSources['Foreground.cs'] = @'
using System;
using System.IO;
using System.Threading;

namespace Culvert
{
    /// <summary>The host in the foreground, for whoever wants to watch it.</summary>
    internal static class Foreground
    {
        /// <summary>Runs until Ctrl-C or the end of standard input; gives the exit code.</summary>
        internal static int Run(Arguments given)
        {
            var stop = new ManualResetEvent(false);
            Console.CancelKeyPress += delegate(object sender, ConsoleCancelEventArgs pressed)
            {
                pressed.Cancel = true;
                stop.Set();
            };
            var input = new Thread(delegate()
            {
                Console.OpenStandardInput().CopyTo(Stream.Null);
                stop.Set();
            });
            input.IsBackground = true;
            input.Start();
            try
            {
                Job.Join();
                var log = new CappedLog(given.Folder, Console.Out);
                new Supervisor(given, log, new HostEvents(null)).Run(stop);
                return 0;
            }
            catch (Exception error)
            {
                Console.Error.WriteLine("error: " + error.Message);
                return 1;
            }
        }
    }
}
'@

  $HostSources['Supervisor.cs'] = @'
using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.IO;
using System.Linq;
using System.Threading;

namespace Culvert
{
    /// <summary>
    /// All tunnels of a data folder, each on a thread of its own: the trouble of one is none of
    /// the others'.
    /// </summary>
    internal sealed class Supervisor
    {
        /// <summary>How often the folders are looked at.</summary>
        internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

        private readonly Arguments given;
        private readonly CappedLog log;
        private readonly HostEvents events;
        private readonly Dictionary<string, Thread> tunnels = new Dictionary<string, Thread>();
        private string trouble;

        internal Supervisor(Arguments given, CappedLog log, HostEvents events)
        {
            this.given = given;
            this.log = log;
            this.events = events;
        }

        /// <summary>
        /// Holds the tunnels until stop is set, and returns with no ssh left. Throws a
        /// DirectoryNotFoundException where there is no data folder.
        /// </summary>
        internal void Run(WaitHandle stop)
        {
            if (!Directory.Exists(given.Folder))
            {
                throw new DirectoryNotFoundException(
                    given.Folder + " is not there. Run the installer again.");
            }
            log.Write("host: started with " + NameSsh());
            do
            {
                foreach (string folder in FindWanted()) Start(folder, stop);
            }
            while (!stop.WaitOne(LookEvery));
            foreach (Thread tunnel in tunnels.Values) tunnel.Join();
            log.Write("host: stopped");
        }

        private string NameSsh()
        {
            try
            {
                return SshVersion.Of(given.Ssh);
            }
            catch (Win32Exception error)
            {
                return given.Ssh + ", which cannot be run: " + PlainText.OneLine(error.Message);
            }
            catch (TimeoutException error)
            {
                return given.Ssh + ", which cannot be run: " + error.Message;
            }
        }

        private IList<string> FindWanted()
        {
            try
            {
                string[] found = Directory.GetDirectories(given.Folder).Where(Tunnel.IsWanted)
                    .ToArray();
                trouble = null;
                return found;
            }
            catch (SystemException error)
            {
                // Those that run go on; this is said once, and tried again.
                if (error.Message != trouble)
                {
                    log.Write("host: " + PlainText.OneLine(error.Message));
                }
                trouble = error.Message;
                return new string[0];
            }
        }

        private void Start(string folder, WaitHandle stop)
        {
            Thread running;
            if (tunnels.TryGetValue(folder, out running) && running.IsAlive) return;
            var thread = new Thread(new Tunnel(given, folder, log, events, stop).Hold);
            tunnels[folder] = thread;
            thread.Start();
        }
    }
}
'@

  $HostSources['Tunnel.cs'] = @'
using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;

namespace Culvert
{
    /// <summary>
    /// One tunnel: keeps an ssh running for as long as the file "wanted" is in its folder, and
    /// starts it anew once whenever what that says changes.
    /// </summary>
    internal sealed class Tunnel
    {
        /// <summary>Seconds that ssh must last after its login to count as healthy.</summary>
        private const int HealthyAfter = 60;

        private readonly Arguments given;
        private readonly string folder;
        private readonly string name;
        private readonly CappedLog log;
        private readonly HostEvents events;
        private readonly WaitHandle stop;
        private readonly BackOff backOff;
        private readonly StateFile state;

        /// <summary>What "wanted" said when it was last read.</summary>
        private string wanted;

        private SshReason reason;

        /// <summary>What the event log knows: changes alone go there.</summary>
        private bool? isToldUp;

        /// <summary>The tunnel of a folder, until stop is set.</summary>
        internal Tunnel(
            Arguments given, string folder, CappedLog log, HostEvents events, WaitHandle stop)
        {
            this.given = given;
            this.folder = folder;
            this.log = log;
            this.events = events;
            this.stop = stop;
            name = Path.GetFileName(folder);
            backOff = new BackOff(given.Second);
            state = new StateFile(folder);
        }

        /// <summary>Holds it; returns, with no ssh left, once it is not wanted any more.</summary>
        internal void Hold()
        {
            for (wanted = ReadWanted(); wanted != null && !IsStopping(); wanted = ReadWanted())
            {
                if (RunSsh()) Pause();
                else backOff.Begin();
            }
            Say("stopped");
            state.Write("stopped", 0, null);
        }

        /// <summary>Whether the file "wanted" is in a folder.</summary>
        internal static bool IsWanted(string folder)
        {
            return File.Exists(Path.Combine(folder, "wanted"));
        }

        /// <summary>
        /// One run of ssh. True when it ended by itself or could not be run; false when it was
        /// ended because something else is wanted now.
        /// </summary>
        private bool RunSsh()
        {
            try
            {
                bool saidDatabase = false;
                Action<string> onLine = delegate(string line)
                {
                    if (saidDatabase || !SshReason.IsOfDatabase(line)) return;
                    saidDatabase = true;
                    Say("up, but this host cannot reach the database" + Quote(line));
                };
                using (SshRun ssh = SshRun.Start(given.Ssh, SshCommand.Of(folder), onLine))
                {
                    Say("starting: ssh is process " + Number(ssh.Id));
                    state.Write("starting", ssh.Id, reason);
                    if (!Watch(ssh)) return false;
                    reason = SshReason.Of(ssh.LastLines(), ssh.ExitCode);
                }
            }
            catch (Win32Exception error)
            {
                reason = new SshReason("ssh cannot be run.", error.Message);
            }
            catch (SystemException error)
            {
                // Whatever it is: of this tunnel, now, and perhaps not the next time.
                reason = new SshReason("The tunnel's folder cannot be used.", error.Message);
            }
            return true;
        }

        /// <summary>True when ssh has ended, false when it is to be ended.</summary>
        private bool Watch(SshRun ssh)
        {
            var sinceLogin = new Stopwatch();
            bool isHealthy = false;
            var beforeLogin = new[] { ssh.Ended, stop, ssh.LoggedIn };
            var afterLogin = new[] { ssh.Ended, stop };
            for (;;)
            {
                TimeSpan healthy = InSeconds(HealthyAfter) - sinceLogin.Elapsed;
                bool isSoon = sinceLogin.IsRunning && !isHealthy && healthy < Supervisor.LookEvery;
                TimeSpan wait = !isSoon ? Supervisor.LookEvery
                    : healthy > TimeSpan.Zero ? healthy : TimeSpan.Zero;
                WaitHandle.WaitAny(sinceLogin.IsRunning ? afterLogin : beforeLogin, wait);

                if (!sinceLogin.IsRunning && ssh.LoggedIn.WaitOne(0))
                {
                    sinceLogin.Start();
                    reason = null;
                    Say("up");
                    state.Write("up", ssh.Id, null);
                }
                if (ssh.Ended.WaitOne(0)) return true;
                if (IsOther()) return false;
                if (!isHealthy && sinceLogin.Elapsed >= InSeconds(HealthyAfter))
                {
                    isHealthy = true;
                    backOff.Begin();
                    if (isToldUp != true) events.Up(name);
                    isToldUp = true;
                }
                state.Save();
            }
        }

        private void Pause()
        {
            double seconds = backOff.Next();
            string why = reason.Words + Quote(reason.Line);
            string pause = seconds.ToString("0.#", CultureInfo.InvariantCulture);
            Say("down: " + why + " Next attempt in " + pause + " s.");
            state.Write("waiting", 0, reason);
            if (isToldUp != false) events.Down(name, why);
            isToldUp = false;

            Stopwatch waited = Stopwatch.StartNew();
            for (;;)
            {
                TimeSpan left = InSeconds(seconds) - waited.Elapsed;
                if (left <= TimeSpan.Zero) return;
                stop.WaitOne(left < Supervisor.LookEvery ? left : Supervisor.LookEvery);
                if (IsOther())
                {
                    backOff.Begin();
                    return;
                }
                state.Save();
            }
        }

        /// <summary>Whether something else is wanted than what runs.</summary>
        private bool IsOther()
        {
            return IsStopping() || ReadWanted() != wanted;
        }

        private bool IsStopping()
        {
            return stop.WaitOne(0);
        }

        /// <summary>What "wanted" says; null: there is none.</summary>
        private string ReadWanted()
        {
            try
            {
                return File.ReadAllText(Path.Combine(folder, "wanted"));
            }
            catch (FileNotFoundException)
            {
                return null;
            }
            catch (DirectoryNotFoundException)
            {
                return null;
            }
            catch (IOException)
            {
                // It is being replaced at this very moment.
                return wanted;
            }
            catch (UnauthorizedAccessException)
            {
                return wanted;
            }
        }

        private void Say(string what)
        {
            log.Write(name + ": " + what);
        }

        private static string Quote(string line)
        {
            return line.Length == 0 ? "" : " (ssh: " + PlainText.OneLine(line) + ")";
        }

        private TimeSpan InSeconds(double seconds)
        {
            return TimeSpan.FromMilliseconds(seconds * given.Second);
        }

        private static string Number(int number)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }
    }
}
'@

  $HostSources['BackOff.cs'] = @'
using System;
using System.Diagnostics;

namespace Culvert
{
    /// <summary>
    /// The pauses between attempts: short ones first, then steady ones that differ from host to
    /// host, so that a server that comes back does not meet all of them at once; after ten
    /// minutes of these long ones.
    /// </summary>
    internal sealed class BackOff
    {
        private static readonly double[] First = { 1, 2, 4, 8, 15 };
        private const double Steady = 15;
        private const double SteadySpread = 0.2;
        private const double SteadyFor = 600;
        private const double Long = 60;

        private readonly int second;
        private readonly Random random = new Random(Guid.NewGuid().GetHashCode());
        private readonly Stopwatch steady = new Stopwatch();
        private int pauses;

        /// <summary>second: how many milliseconds one lasts.</summary>
        internal BackOff(int second)
        {
            this.second = second;
        }

        /// <summary>Begins anew: all is well, or has changed.</summary>
        internal void Begin()
        {
            pauses = 0;
            steady.Reset();
        }

        /// <summary>The next pause, in seconds.</summary>
        internal double Next()
        {
            if (pauses < First.Length) return First[pauses++];
            steady.Start();
            if (steady.ElapsedMilliseconds >= SteadyFor * second) return Long;
            return Steady * (1 + SteadySpread * (2 * random.NextDouble() - 1));
        }
    }
}
'@

  $HostSources['SshCommand.cs'] = @'
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;

namespace Culvert
{
    /// <summary>How ssh is called for a tunnel.</summary>
    internal static class SshCommand
    {
        /// <summary>
        /// The arguments for the tunnel of a folder. They hold what ssh_config leaves out, as it
        /// names no place of this host. Throws an IOException where the folder cannot be read.
        /// </summary>
        internal static IList<string> Of(string tunnelFolder)
        {
            string folder = Slashed(tunnelFolder);
            var arguments = new List<string>
            {
                "-N", "-T", "-F", folder + "/ssh_config", "-i", folder + "/key"
            };
            // During a change of keys, until the vendor's side has seen the new one in use.
            if (File.Exists(folder + "/key.old"))
            {
                arguments.AddRange(new[] { "-i", folder + "/key.old" });
            }
            arguments.AddRange(new[]
            {
                "-o", "UserKnownHostsFile=" + folder + "/known_hosts",
                "-o", "GlobalKnownHostsFile=" + folder + "/known_hosts"
            });
            if (NeedsConnect(folder))
            {
                arguments.AddRange(new[]
                {
                    "-o", "ProxyCommand=" + ThisProgram() + " --connect " + folder
                });
            }
            arguments.Add("tunnel");
            return arguments;
        }

        /// <summary>ssh itself knows one endpoint and no HTTP proxy.</summary>
        private static bool NeedsConnect(string folder)
        {
            if (File.Exists(folder + "/http-proxy")) return true;
            string endpoints = folder + "/endpoints";
            return File.Exists(endpoints) &&
                File.ReadLines(endpoints).Count(line => line.Trim().Length > 0) > 1;
        }

        private static string ThisProgram()
        {
            string program = "\"" + Slashed(Assembly.GetEntryAssembly().Location) + "\"";
            // Elsewhere than on Windows, such as in its tests, Mono runs it.
            return Job.IsWindows ? program : "mono " + program;
        }

        /// <summary>ssh takes a backslash for the beginning of something else.</summary>
        private static string Slashed(string path)
        {
            return Job.IsWindows ? path.Replace('\\', '/') : path;
        }
    }
}
'@

  $HostSources['CommandLine.cs'] = @'
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Culvert
{
    /// <summary>Arguments as the one line that Windows hands to a program.</summary>
    internal static class CommandLine
    {
        /// <summary>
        /// Joins arguments so that a program gets them back as they are, by the rules of
        /// CommandLineToArgvW and of Microsoft's C runtime: between quotes a backslash stands for
        /// itself, except where backslashes lead up to a quote: there each counts half.
        /// </summary>
        internal static string Join(IEnumerable<string> arguments)
        {
            return string.Join(" ", arguments.Select(Quote));
        }

        private static string Quote(string argument)
        {
            if (argument.Length > 0 && argument.All(IsPlain)) return argument;
            var quoted = new StringBuilder("\"");
            int backslashes = 0;
            foreach (char character in argument)
            {
                if (character == '"') quoted.Append('\\', backslashes + 1);
                quoted.Append(character);
                backslashes = character == '\\' ? backslashes + 1 : 0;
            }
            return quoted.Append('\\', backslashes).Append('"').ToString();
        }

        private static bool IsPlain(char character)
        {
            return (character >= 'a' && character <= 'z') ||
                (character >= 'A' && character <= 'Z') ||
                (character >= '0' && character <= '9') ||
                "-_./:=".IndexOf(character) >= 0;
        }
    }
}
'@

  $HostSources['SshRun.cs'] = @'
using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;

namespace Culvert
{
    /// <summary>One run of ssh: its process, and what it says.</summary>
    internal sealed class SshRun : IDisposable
    {
        private const int LinesKept = 40;
        private const int LongestLine = 1000;

        /// <summary>What ssh says at LogLevel VERBOSE once the server has let it in.</summary>
        private const string SignOfLogin = "Authenticated to ";

        /// <summary>
        /// A child of ssh may hold the other ends of its pipes for as long as it likes.
        /// </summary>
        private static readonly TimeSpan LastLinesWithin = TimeSpan.FromSeconds(2);

        private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(5);

        private readonly Process process;
        private readonly ManualResetEvent ended = new ManualResetEvent(false);
        private readonly ManualResetEvent loggedIn = new ManualResetEvent(false);
        private readonly CountdownEvent unread = new CountdownEvent(2);
        private readonly Queue<string> lines = new Queue<string>();
        private readonly Action<string> onLine;

        private SshRun(Process process, Action<string> onLine)
        {
            this.process = process;
            this.onLine = onLine;
        }

        /// <summary>
        /// Starts it. onLine hears each line of its output, on threads of its own. Throws a
        /// Win32Exception where it cannot be run.
        /// </summary>
        internal static SshRun Start(
            string ssh, IEnumerable<string> arguments, Action<string> onLine)
        {
            var process = new Process();
            process.StartInfo = new ProcessStartInfo(ssh, CommandLine.Join(arguments))
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.ASCII,
                StandardErrorEncoding = Encoding.ASCII
            };
            var run = new SshRun(process, onLine);
            process.EnableRaisingEvents = true;
            process.Exited += delegate { run.ended.Set(); };
            process.Start();
            process.StandardInput.Close();
            run.Listen(process.StandardOutput);
            run.Listen(process.StandardError);
            return run;
        }

        internal int Id
        {
            get { return process.Id; }
        }

        /// <summary>Set once the process is gone.</summary>
        internal WaitHandle Ended
        {
            get { return ended; }
        }

        /// <summary>Set once the server has let it in.</summary>
        internal WaitHandle LoggedIn
        {
            get { return loggedIn; }
        }

        /// <summary>
        /// The last lines of a process that has ended. Waits for them, 2 s at most: what says why
        /// it ended often arrives after the end.
        /// </summary>
        internal IList<string> LastLines()
        {
            unread.Wait(LastLinesWithin);
            lock (lines) return lines.ToArray();
        }

        internal int ExitCode
        {
            get { return process.ExitCode; }
        }

        /// <summary>Ends it, if it still runs.</summary>
        public void Dispose()
        {
            if (!ended.WaitOne(0)) Kill();
            process.Dispose();
        }

        private void Kill()
        {
            try
            {
                process.Kill();
            }
            catch (InvalidOperationException)
            {
                // It was faster.
            }
            catch (Win32Exception)
            {
                // It is ending already.
            }
            ended.WaitOne(EndWithin);
        }

        /// <summary>
        /// Reads on a thread of its own: one that is stuck must not use up the thread pool.
        /// </summary>
        private void Listen(StreamReader reader)
        {
            var thread = new Thread(delegate()
            {
                try
                {
                    using (reader) ReadLines(reader);
                }
                catch (IOException)
                {
                    // The process is gone, and its pipe with it.
                }
                catch (ObjectDisposedException)
                {
                    // The same, after we have stopped waiting for more.
                }
                unread.Signal();
            });
            thread.IsBackground = true;
            thread.Start();
        }

        private void ReadLines(StreamReader reader)
        {
            var line = new StringBuilder();
            for (int next = reader.Read(); next >= 0; next = reader.Read())
            {
                if (next == '\n')
                {
                    Take(line.ToString());
                    line.Clear();
                }
                else if (line.Length < LongestLine)
                {
                    line.Append((char)next);
                }
            }
            if (line.Length > 0) Take(line.ToString());
        }

        private void Take(string line)
        {
            lock (lines)
            {
                lines.Enqueue(line);
                if (lines.Count > LinesKept) lines.Dequeue();
            }
            if (line.StartsWith(SignOfLogin, StringComparison.Ordinal)) loggedIn.Set();
            onLine(line);
        }
    }
}
'@

  $HostSources['SshReason.cs'] = @'
using System;
using System.Collections.Generic;
using System.Globalization;

namespace Culvert
{
    /// <summary>Why an ssh ended: in plain words, and the line of its own that says so.</summary>
    internal sealed class SshReason
    {
        internal string Words { get; private set; }

        /// <summary>One line, printable ASCII; empty where ssh said nothing.</summary>
        internal string Line { get; private set; }

        internal SshReason(string words, string line)
        {
            Words = words;
            Line = PlainText.OneLine(line);
        }

        /// <summary>What ssh says of a database that this host cannot reach.</summary>
        internal static bool IsOfDatabase(string line)
        {
            return (line.Contains("connect_to ") && line.Contains("failed")) ||
                line.Contains("open failed");
        }

        /// <summary>
        /// The reason by ssh's last lines. One that causes others stands before them in the
        /// list, for the last line is often only what followed from it.
        /// </summary>
        internal static SshReason Of(IList<string> lines, int exitCode)
        {
            foreach (Known known in List)
            {
                for (int number = lines.Count - 1; number >= 0; number--)
                {
                    if (known.Fits(lines[number])) return new SshReason(known.Words, lines[number]);
                }
            }
            string code = exitCode.ToString(CultureInfo.InvariantCulture);
            string last = lines.Count == 0 ? "" : lines[lines.Count - 1];
            return new SshReason("ssh ended with exit code " + code + ".", last);
        }

        private const string ClosedAtOnce =
            "Something closes the connection at once: a firewall that inspects SSH, or a server " +
            "that is starting or full.";

        private static readonly Known[] List =
        {
            new Known(
                "ssh does not accept its settings. Run the installer again to mend them.",
                "Bad configuration option", "bad configuration options", "Can't open user config",
                "Bad owner or permissions on"),
            new Known(
                "The server's host key is not one of those pinned here. Ask the vendor first of " +
                "all.",
                "HOST IDENTIFICATION HAS CHANGED", "Host key verification failed"),
            new Known(
                "ssh cannot use the private key. Run the installer again to mend it.",
                "bad permissions", "Load key ", "do not match public", "no such identity"),
            new Known(
                "The tunnel server refuses this host's key. Ask the vendor whether it was removed.",
                "Permission denied (publickey"),
            new Known(
                "The tunnel's port is in use on the tunnel server, by an earlier session of this " +
                "tunnel or by something else. If this lasts for minutes, tell the vendor.",
                "remote port forwarding failed"),
            new Known(
                "The HTTP proxy wants another user or password: run the installer again with " +
                "CULVERT_HTTP_PROXY.",
                "the user or the password", "asks for a user and a password"),
            new Known(
                "The HTTP proxy does not let this host through to the tunnel server: ask who " +
                "runs it.",
                "does not allow connections", " cannot connect to ", "is not an HTTP proxy"),
            new Known(
                "The tunnel server's name cannot be resolved. Check the DNS of this host.",
                "Could not resolve hostname", "name resolution", "Name or service not known",
                "does not resolve"),
            new Known(
                "Nothing accepts connections there: the server is down, or a firewall turns " +
                "them away.",
                "Connection refused", "connection is refused"),
            new Known(
                "There is no way there at the moment: check network and firewall of this host.",
                "timed out", "Network is unreachable", "No route to host", "there is no route",
                ": no answer", "connect to host "),
            new Known(
                ClosedAtOnce,
                "kex_exchange_identification", "ssh_exchange_identification",
                "no SSH server answers"),
            new Known(
                "The connection was lost on the way. It is made again by itself.",
                "Timeout, server ", "Broken pipe", "Read from remote host"),
            new Known(
                "The tunnel server has ended the connection. It is made again by itself.",
                "closed by remote host"),
            new Known(ClosedAtOnce, "Connection reset by", "Connection closed by")
        };

        private sealed class Known
        {
            internal readonly string Words;
            private readonly string[] signs;

            internal Known(string words, params string[] signs)
            {
                Words = words;
                this.signs = signs;
            }

            internal bool Fits(string line)
            {
                return Array.Exists(signs, line.Contains);
            }
        }
    }
}
'@

  $HostSources['PlainText.cs'] = @'
using System.Text;

namespace Culvert
{
    /// <summary>What others said, made fit for a log: they may be playing tricks.</summary>
    internal static class PlainText
    {
        private const int Longest = 200;

        /// <summary>One line of at most 200 characters, all of them printable ASCII.</summary>
        internal static string OneLine(string text)
        {
            return OneLine(text, Longest);
        }

        /// <summary>The same with another limit.</summary>
        internal static string OneLine(string text, int longest)
        {
            var line = new StringBuilder();
            foreach (char character in text.Trim())
            {
                if (line.Length == longest) break;
                line.Append(character >= ' ' && character <= '~' ? character : '?');
            }
            return line.ToString();
        }
    }
}
'@

  $HostSources['SshVersion.cs'] = @'
using System;
using System.ComponentModel;
using System.Linq;

namespace Culvert
{
    /// <summary>The true proof that ssh can be run: its version, by its own word.</summary>
    internal static class SshVersion
    {
        private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

        /// <summary>
        /// What "ssh -V" says. Throws a Win32Exception where it cannot be run or fails, a
        /// TimeoutException where it does not end.
        /// </summary>
        internal static string Of(string ssh)
        {
            using (SshRun run = SshRun.Start(ssh, new[] { "-V" }, delegate { }))
            {
                if (!run.Ended.WaitOne(Within)) throw new TimeoutException("ssh -V does not end");
                string said = PlainText.OneLine(string.Join(" ", run.LastLines()));
                if (run.ExitCode != 0) throw new Win32Exception("ssh -V failed: " + said);
                return said;
            }
        }
    }
}
'@

  $HostSources['StateFile.cs'] = @'
using System;
using System.Globalization;
using System.IO;
using System.Text;

namespace Culvert
{
    /// <summary>
    /// The file "state" of a tunnel's folder, for the installer's -Status and -Doctor: lines
    /// name=value, always whole.
    ///   state   starting, up (the server has let ssh in), waiting, stopped
    ///   since   when that began, in seconds since 1970
    ///   pid     of the ssh that runs, if one does
    ///   reason  why the last ssh ended, until the next is up
    ///   said    ssh's own line about it
    /// </summary>
    internal sealed class StateFile
    {
        private static readonly DateTime Epoch =
            new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);

        private readonly string file;
        private string text;
        private bool isSaved = true;

        internal StateFile(string tunnelFolder)
        {
            file = Path.Combine(tunnelFolder, "state");
        }

        /// <summary>Writes a new state. pid 0: no ssh runs; reason null: there is none.</summary>
        internal void Write(string state, int pid, SshReason reason)
        {
            var lines = new StringBuilder();
            Add(lines, "state", state);
            Add(lines, "since", Number((long)(DateTime.UtcNow - Epoch).TotalSeconds));
            if (pid != 0) Add(lines, "pid", Number(pid));
            if (reason != null)
            {
                Add(lines, "reason", reason.Words);
                if (reason.Line.Length > 0) Add(lines, "said", reason.Line);
            }
            text = lines.ToString();
            isSaved = false;
            Save();
        }

        /// <summary>
        /// Saves what could not be saved before: somebody was just reading the file. It is
        /// written aside and moved.
        /// </summary>
        internal void Save()
        {
            if (isSaved) return;
            string aside = file + ".new";
            try
            {
                File.WriteAllText(aside, text, Encoding.ASCII);
                if (File.Exists(file)) File.Replace(aside, file, null);
                else File.Move(aside, file);
                isSaved = true;
            }
            catch (IOException)
            {
                // The next time, then. A folder that is gone needs no state.
            }
            catch (UnauthorizedAccessException)
            {
                // The same.
            }
        }

        private static void Add(StringBuilder lines, string name, string value)
        {
            lines.Append(name).Append('=').Append(value).Append('\n');
        }

        private static string Number(long number)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }
    }
}
'@

  $HostSources['CappedLog.cs'] = @'
using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;

namespace Culvert
{
    /// <summary>
    /// The file host.log of a data folder: a line for each change, times in UTC. What would
    /// make it longer than its limit goes to a new one; the one before is kept as host.log.1.
    /// </summary>
    internal sealed class CappedLog
    {
        private const int LimitBytes = 1024 * 1024;
        private static readonly TimeSpan OnceMoreAfter = TimeSpan.FromMilliseconds(50);

        private readonly string dataFolder;
        private readonly string file;
        private readonly TextWriter echo;

        /// <summary>The log of a data folder; what is written also goes to echo, if any.</summary>
        internal CappedLog(string dataFolder, TextWriter echo)
        {
            this.dataFolder = dataFolder;
            this.echo = echo;
            file = Path.Combine(dataFolder, "host.log");
        }

        /// <summary>Adds a line. Where that is not possible the line is lost, no more.</summary>
        internal void Write(string text)
        {
            string time = DateTime.UtcNow.ToString(
                "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            string line = time + " " + text + "\n";
            lock (this)
            {
                if (echo != null)
                {
                    echo.Write(line);
                    echo.Flush();
                }
                if (TryAppend(line)) return;
                // Somebody may be reading it who lets nobody write meanwhile.
                Thread.Sleep(OnceMoreAfter);
                TryAppend(line);
            }
        }

        private bool TryAppend(string line)
        {
            try
            {
                // The data folder has rights of its own: it is never made here.
                if (!Directory.Exists(dataFolder)) return true;
                MakeRoom(line.Length);
                File.AppendAllText(file, line, Encoding.ASCII);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
            catch (UnauthorizedAccessException)
            {
                return false;
            }
        }

        /// <summary>
        /// Copies and empties the file rather than moving it: that also works while somebody
        /// follows it.
        /// </summary>
        private void MakeRoom(int bytes)
        {
            var now = new FileInfo(file);
            if (!now.Exists || now.Length + bytes <= LimitBytes) return;
            try
            {
                File.Copy(file, file + ".1", true);
            }
            catch (IOException)
            {
                // Without the older lines, then: the limit counts for more.
            }
            File.WriteAllText(file, "");
        }
    }
}
'@

  $HostSources['HostEvents.cs'] = @'
using System;
using System.Diagnostics;

namespace Culvert
{
    /// <summary>The few things that belong into the event log of Windows.</summary>
    internal sealed class HostEvents
    {
        private readonly string source;

        /// <summary>Events under the name of a service; null: there are none.</summary>
        internal HostEvents(string source)
        {
            this.source = source;
        }

        internal void Started()
        {
            Write(1, EventLogEntryType.Information, "The tunnel host has started.");
        }

        internal void Stopped()
        {
            Write(2, EventLogEntryType.Information, "The tunnel host has stopped.");
        }

        internal void Up(string tunnel)
        {
            Write(3, EventLogEntryType.Information, "Tunnel " + tunnel + " is up.");
        }

        internal void Down(string tunnel, string reason)
        {
            Write(4, EventLogEntryType.Warning, "Tunnel " + tunnel + " is down. " + reason);
        }

        internal void Failed(string reason)
        {
            Write(5, EventLogEntryType.Error, "The tunnel host has failed: " + reason);
        }

        private void Write(int id, EventLogEntryType type, string text)
        {
            if (source == null) return;
            try
            {
                // WriteEntry would make a source that uninstalling has removed.
                if (EventLog.SourceExists(source)) EventLog.WriteEntry(source, text, type, id);
            }
            catch (Exception)
            {
                // A full or forbidden event log is no reason to let go of a tunnel.
            }
        }
    }
}
'@

  $HostSources['Job.cs'] = @'
using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;

namespace Culvert
{
    /// <summary>
    /// A job of Windows that takes everything in it along when its last handle closes. So no ssh
    /// outlives the host, however that ends.
    /// </summary>
    internal static class Job
    {
        internal static readonly bool IsWindows = Path.DirectorySeparatorChar == '\\';

        // Of JOBOBJECT_EXTENDED_LIMIT_INFORMATION everything stays zero but LimitFlags, which
        // stand behind two times of 64 bits.
        private const int ExtendedLimitInformation = 9;
        private const int SizeOfInformation32 = 112;
        private const int SizeOfInformation64 = 144;
        private const int OffsetOfLimitFlags = 16;
        private const int KillOnJobClose = 0x2000;

        /// <summary>
        /// Puts this process, and with it whatever it starts, into a job of its own. The handle
        /// stays open as long as the process lives. Elsewhere than on Windows it does nothing.
        /// Throws a Win32Exception where Windows refuses.
        /// </summary>
        internal static void Join()
        {
            if (!IsWindows) return;
            var limits = new byte[IntPtr.Size == 8 ? SizeOfInformation64 : SizeOfInformation32];
            BitConverter.GetBytes(KillOnJobClose).CopyTo(limits, OffsetOfLimitFlags);
            IntPtr job = CreateJobObject(IntPtr.Zero, null);
            if (job == IntPtr.Zero ||
                !SetInformationJobObject(job, ExtendedLimitInformation, limits, limits.Length) ||
                !AssignProcessToJobObject(job, GetCurrentProcess()))
            {
                throw new Win32Exception();
            }
        }

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern IntPtr CreateJobObject(IntPtr attributes, string name);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool SetInformationJobObject(
            IntPtr job, int kind, byte[] information, int length);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool AssignProcessToJobObject(IntPtr job, IntPtr process);

        [DllImport("kernel32.dll")]
        private static extern IntPtr GetCurrentProcess();
    }
}
'@

  $HostSources['Probe.cs'] = @'
using System;
using System.ComponentModel;
using System.IO;
using System.Linq;

namespace Culvert
{
    /// <summary>Says what the host would do, and changes nothing.</summary>
    internal static class Probe
    {
        /// <summary>Gives the exit code: 0 when all of it can be done, else 1.</summary>
        internal static int Run(Arguments given)
        {
            try
            {
                Console.WriteLine("ssh: " + SshVersion.Of(given.Ssh));
                if (!Directory.Exists(given.Folder)) return 0;
                foreach (string folder in Directory.GetDirectories(given.Folder).OrderBy(
                    path => path, StringComparer.Ordinal))
                {
                    if (!Tunnel.IsWanted(folder)) continue;
                    var words = new[] { given.Ssh }.Concat(SshCommand.Of(folder));
                    Console.WriteLine(Path.GetFileName(folder) + ": " + CommandLine.Join(words));
                }
                return 0;
            }
            catch (Win32Exception error)
            {
                return Fail(given.Ssh + " cannot be run: " + error.Message);
            }
            catch (TimeoutException error)
            {
                return Fail(given.Ssh + " cannot be run: " + error.Message);
            }
            catch (SystemException error)
            {
                return Fail(error.Message);
            }
        }

        private static int Fail(string reason)
        {
            Console.Error.WriteLine("error: " + reason);
            return 1;
        }
    }
}
'@

  $HostSources['Connect.cs'] = @'
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;

namespace Culvert
{
    /// <summary>
    /// Carries one SSH connection to the tunnel server; ssh runs it as ProxyCommand. The file
    /// "endpoints" of a tunnel's folder has a line "HOST PORT" for each way there, the best one
    /// first. Where there is a file "http-proxy", each goes through that HTTP proxy.
    /// </summary>
    internal sealed class Connect
    {
        /// <summary>
        /// Milliseconds. Each endpoint has a head start on the next; after 20 s ssh ends it all
        /// (ConnectTimeout).
        /// </summary>
        private const int HeadStart = 500;

        private const int Patience = 10000;

        private readonly List<Attempt> attempts = new List<Attempt>();
        private readonly BlockingCollection<Attempt> news = new BlockingCollection<Attempt>();
        private int failures;

        /// <summary>
        /// Connects, to one endpoint or (host null) to the first that answers of those in the
        /// folder, and passes on what either side says until one of them ends. Gives the exit
        /// code; each reason why it could not connect goes to standard error.
        /// </summary>
        internal static int Run(string folder, string host, string port)
        {
            ParentProcess.EndWithIt();
            try
            {
                HttpProxy proxy = HttpProxy.Read(folder);
                IList<Endpoint> endpoints = host != null
                    ? new[] { new Endpoint(host, port) }
                    : Endpoint.ReadAll(folder);
                return new Connect().ToFirstOf(endpoints, proxy);
            }
            catch (NoWayException error)
            {
                Explain(error.Message);
                return 1;
            }
        }

        private int ToFirstOf(IList<Endpoint> endpoints, HttpProxy proxy)
        {
            Attempt winner = TryInOrder(endpoints, proxy);
            foreach (Attempt attempt in attempts)
            {
                if (attempt != winner) attempt.Abandon();
            }
            if (winner != null)
            {
                Relay.UntilEitherEnds(winner.Socket, winner.Banner);
                return 0;
            }
            // Each reason once: behind a dead HTTP proxy all have the same.
            foreach (string reason in attempts.Select(ReasonOf).Distinct()) Explain(reason);
            return 1;
        }

        /// <summary>
        /// Sets one off after the other, the next as soon as those before have failed or had
        /// their head start. Gives the first that is answered, if one is.
        /// </summary>
        private Attempt TryInOrder(IList<Endpoint> endpoints, HttpProxy proxy)
        {
            foreach (Endpoint endpoint in endpoints)
            {
                var attempt = new Attempt(endpoint, proxy, news.Add);
                attempts.Add(attempt);
                attempt.Start();
                if (Listen(HeadStart)) return attempts.Find(IsAnswered);
            }
            Stopwatch waited = Stopwatch.StartNew();
            while (failures < attempts.Count && waited.ElapsedMilliseconds < Patience)
            {
                if (Listen(Patience - (int)waited.ElapsedMilliseconds))
                {
                    return attempts.Find(IsAnswered);
                }
            }
            return null;
        }

        /// <summary>Waits for what the attempts have to tell: true when one is answered.</summary>
        private bool Listen(int milliseconds)
        {
            Attempt attempt;
            if (!news.TryTake(out attempt, Math.Max(milliseconds, 0))) return false;
            if (IsAnswered(attempt)) return true;
            failures++;
            return false;
        }

        private static bool IsAnswered(Attempt attempt)
        {
            return attempt.Banner != null;
        }

        private static string ReasonOf(Attempt attempt)
        {
            return attempt.Failure ??
                attempt.Endpoint.Name + ": no answer within " + Patience / 1000 + " seconds";
        }

        private static void Explain(string reason)
        {
            Console.Error.Write("connect: " + reason + "\n");
        }
    }
}
'@

  $HostSources['Endpoint.cs'] = @'
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Culvert
{
    /// <summary>A way to the tunnel server.</summary>
    internal sealed class Endpoint
    {
        internal readonly string Host;
        internal readonly string Port;

        internal Endpoint(string host, string port)
        {
            Host = host;
            Port = port;
        }

        internal string Name
        {
            get { return "tunnel server " + Host + " port " + Port; }
        }

        /// <summary>
        /// Those in the file "endpoints" of a tunnel's folder, the best one first. Throws a
        /// NoWayException where there are none.
        /// </summary>
        internal static IList<Endpoint> ReadAll(string folder)
        {
            string file = folder + "/endpoints";
            try
            {
                var endpoints = File.ReadLines(file).Select(Words).Where(words => words.Length == 2)
                    .Select(words => new Endpoint(words[0], words[1])).ToList();
                if (endpoints.Count > 0) return endpoints;
            }
            catch (IOException)
            {
                throw new NoWayException(file + " cannot be read");
            }
            catch (UnauthorizedAccessException)
            {
                throw new NoWayException(file + " cannot be read");
            }
            throw new NoWayException(file + " names no tunnel server");
        }

        private static string[] Words(string line)
        {
            return line.Split((char[])null, StringSplitOptions.RemoveEmptyEntries);
        }
    }
}
'@

  $HostSources['Attempt.cs'] = @'
using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace Culvert
{
    /// <summary>An attempt at one endpoint, on a thread of its own.</summary>
    internal sealed class Attempt
    {
        /// <summary>Milliseconds of silence after which nobody is taken to be there.</summary>
        private const int AnswerWithin = 9000;

        /// <summary>SSH allows its first line 255 characters (RFC 4253, 4.2).</summary>
        private const int LongestLine = 255;

        internal readonly Endpoint Endpoint;

        /// <summary>What the SSH server said first, to its line's end; null until then.</summary>
        internal byte[] Banner { get; private set; }

        /// <summary>Why it failed; null until then.</summary>
        internal string Failure { get; private set; }

        internal Socket Socket { get; private set; }

        private readonly HttpProxy proxy;
        private readonly Action<Attempt> onEnd;
        private bool isAbandoned;

        /// <summary>onEnd hears of it once it is answered or has failed.</summary>
        internal Attempt(Endpoint endpoint, HttpProxy proxy, Action<Attempt> onEnd)
        {
            Endpoint = endpoint;
            this.proxy = proxy;
            this.onEnd = onEnd;
        }

        internal void Start()
        {
            var thread = new Thread(Run);
            thread.IsBackground = true;
            thread.Start();
        }

        /// <summary>Ends it, whatever it is doing.</summary>
        internal void Abandon()
        {
            lock (this)
            {
                isAbandoned = true;
                if (Socket != null) Socket.Close();
            }
        }

        private void Run()
        {
            try
            {
                Banner = ReadBanner();
            }
            catch (NoWayException error)
            {
                Failure = error.Message;
            }
            catch (ObjectDisposedException)
            {
                Failure = "given up";
            }
            onEnd(this);
        }

        private byte[] ReadBanner()
        {
            string through = "";
            if (proxy == null)
            {
                Dial(Endpoint.Host, Endpoint.Port, Endpoint.Name);
            }
            else
            {
                Dial(proxy.Host, proxy.Port, proxy.Name);
                proxy.Ask(Endpoint, Socket, ReadLine);
                through = " through " + proxy.Host;
            }
            string banner = ReadLine();
            if (!banner.StartsWith("SSH-", StringComparison.Ordinal))
            {
                throw new NoWayException(Endpoint.Name + through + ": no SSH server answers there");
            }
            Socket.ReceiveTimeout = 0;
            return Latin1.GetBytes(banner);
        }

        /// <summary>A connection to the first of a host's addresses that takes one.</summary>
        private void Dial(string host, string port, string name)
        {
            SocketError error = SocketError.HostNotFound;
            int number;
            if (!int.TryParse(port, out number) || number < 1 || number > IPEndPoint.MaxPort)
            {
                throw new NoWayException(name + ": no answer");
            }
            try
            {
                foreach (IPAddress address in Dns.GetHostAddresses(host))
                {
                    error = TryDial(new IPEndPoint(address, number));
                    if (error == SocketError.Success) return;
                }
            }
            catch (SocketException unknown)
            {
                error = unknown.SocketErrorCode;
            }
            throw new NoWayException(name + ": " + InPlainWords(error));
        }

        private SocketError TryDial(IPEndPoint address)
        {
            try
            {
                Open(address.AddressFamily);
                Socket.Connect(address);
                return SocketError.Success;
            }
            catch (SocketException refused)
            {
                return refused.SocketErrorCode;
            }
        }

        private void Open(AddressFamily family)
        {
            var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
            lock (this)
            {
                if (Socket != null) Socket.Close();
                Socket = socket;
                if (isAbandoned) socket.Close();
            }
            socket.NoDelay = true;
            socket.ReceiveTimeout = AnswerWithin;
        }

        private static string InPlainWords(SocketError error)
        {
            switch (error)
            {
                case SocketError.ConnectionRefused:
                    return "the connection is refused";
                case SocketError.HostNotFound:
                case SocketError.NoData:
                case SocketError.NoRecovery:
                case SocketError.TryAgain:
                    return "its name does not resolve";
                case SocketError.HostUnreachable:
                case SocketError.NetworkUnreachable:
                    return "there is no route to it";
                default:
                    return "no answer";
            }
        }

        /// <summary>
        /// A line with its end, or what came of it; byte by byte, for what follows is ssh's.
        /// </summary>
        private string ReadLine()
        {
            var line = new StringBuilder();
            var next = new byte[1];
            try
            {
                while (line.Length < LongestLine && Socket.Receive(next) == 1)
                {
                    line.Append((char)next[0]);
                    if (next[0] == '\n') break;
                }
            }
            catch (SocketException)
            {
                // Too late, or reset: what has come says enough.
            }
            return line.ToString();
        }

        /// <summary>In which every byte is one character.</summary>
        internal static readonly Encoding Latin1 = Encoding.GetEncoding(28591);
    }
}
'@

  $HostSources['HttpProxy.cs'] = @'
using System;
using System.IO;
using System.Net.Sockets;

namespace Culvert
{
    /// <summary>
    /// The HTTP proxy that leads out, from the file "http-proxy" of a tunnel's folder: host,
    /// port, and perhaps user and password, a line each. So these stand in no argv and no
    /// environment.
    /// </summary>
    internal sealed class HttpProxy
    {
        internal readonly string Host;
        internal readonly string Port;
        private readonly string user;
        private readonly string password;

        private HttpProxy(string[] lines)
        {
            Host = lines[0];
            Port = lines[1];
            user = lines.Length > 2 ? lines[2] : "";
            password = lines.Length > 3 ? lines[3] : "";
        }

        internal string Name
        {
            get { return "HTTP proxy " + Host + " port " + Port; }
        }

        /// <summary>
        /// The one of a folder; null: there is none. Throws a NoWayException where the file
        /// cannot be understood.
        /// </summary>
        internal static HttpProxy Read(string folder)
        {
            string file = folder + "/http-proxy";
            try
            {
                if (!File.Exists(file)) return null;
                // User and password are bytes to us.
                string[] lines = File.ReadAllLines(file, Attempt.Latin1);
                if (lines.Length > 1 && lines[1].Length > 0) return new HttpProxy(lines);
            }
            catch (IOException)
            {
                throw new NoWayException(file + " cannot be read");
            }
            catch (UnauthorizedAccessException)
            {
                throw new NoWayException(file + " cannot be read");
            }
            throw new NoWayException(file + " does not name an HTTP proxy");
        }

        /// <summary>
        /// Has it connect to an endpoint. Throws a NoWayException that says why it does not.
        /// </summary>
        internal void Ask(Endpoint endpoint, Socket socket, Func<string> readLine)
        {
            string host = endpoint.Host.Contains(":") ? "[" + endpoint.Host + "]" : endpoint.Host;
            string target = host + ":" + endpoint.Port;
            Send(socket, "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + Login() +
                "\r\n");
            string status = readLine();
            if (!IsAnswer(status, "2")) throw new NoWayException(Name + Refusal(status, endpoint));
            while (readLine().Trim().Length > 0)
            {
                // Its headers, up to the empty line.
            }
        }

        private string Login()
        {
            if (user.Length == 0) return "";
            string login = Convert.ToBase64String(Attempt.Latin1.GetBytes(user + ":" + password));
            return "Proxy-Authorization: Basic " + login + "\r\n";
        }

        private static void Send(Socket socket, string request)
        {
            try
            {
                socket.Send(Attempt.Latin1.GetBytes(request));
            }
            catch (SocketException)
            {
                // There will be no answer either, and that is said.
            }
        }

        private string Refusal(string status, Endpoint endpoint)
        {
            string target = endpoint.Host + " port " + endpoint.Port;
            if (status.Trim().Length == 0) return ": no answer to the request for " + target;
            if (IsAnswer(status, "407"))
            {
                return user.Length == 0
                    ? " asks for a user and a password"
                    : " refused the user or the password";
            }
            if (IsAnswer(status, "403")) return " does not allow connections to " + target;
            if (status.StartsWith("HTTP/", StringComparison.Ordinal))
            {
                return " cannot connect to " + target + " (status " + CodeOf(status) + ")";
            }
            return ": what answers there is not an HTTP proxy";
        }

        /// <summary>Whether a line is "HTTP/1.x" and a code that begins so.</summary>
        private static bool IsAnswer(string status, string code)
        {
            return status.StartsWith("HTTP/1.", StringComparison.Ordinal) &&
                CodeOf(status).StartsWith(code, StringComparison.Ordinal);
        }

        private static string CodeOf(string status)
        {
            string[] words = status.Split(' ');
            return words.Length < 2 ? "" : PlainText.OneLine(words[1], 3);
        }
    }
}
'@

  $HostSources['NoWayException.cs'] = @'
using System;

namespace Culvert
{
    /// <summary>Why there is no way to a tunnel server, in plain words.</summary>
    [Serializable]
    internal sealed class NoWayException : Exception
    {
        internal NoWayException(string reason)
            : base(reason)
        {
        }
    }
}
'@

  $HostSources['Relay.cs'] = @'
using System;
using System.IO;
using System.Net.Sockets;
using System.Threading;

namespace Culvert
{
    /// <summary>Passes bytes on between ssh, at standard input and output, and a server.</summary>
    internal static class Relay
    {
        private const int BufferBytes = 64 * 1024;

        /// <summary>
        /// Both directions, until either ends. ssh first hears what the server has already said.
        /// </summary>
        internal static void UntilEitherEnds(Socket server, byte[] alreadySaid)
        {
            // Not a FileStream: that would want handles that can be waited for.
            Stream input = Console.OpenStandardInput();
            Stream output = Console.OpenStandardOutput();
            var network = new NetworkStream(server);
            var over = new ManualResetEvent(false);
            Pass(input, network, new byte[0], over);
            Pass(network, output, alreadySaid, over);
            over.WaitOne();
        }

        private static void Pass(Stream from, Stream to, byte[] first, EventWaitHandle over)
        {
            var thread = new Thread(delegate()
            {
                try
                {
                    to.Write(first, 0, first.Length);
                    to.Flush();
                    Pass(from, to);
                }
                catch (IOException)
                {
                    // One of them has hung up, the rougher way.
                }
                over.Set();
            });
            thread.IsBackground = true;
            thread.Start();
        }

        private static void Pass(Stream from, Stream to)
        {
            var buffer = new byte[BufferBytes];
            for (int count = from.Read(buffer, 0, buffer.Length); count > 0;
                count = from.Read(buffer, 0, buffer.Length))
            {
                to.Write(buffer, 0, count);
                to.Flush();
            }
        }
    }
}
'@

  $HostSources['ParentProcess.cs'] = @'
using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading;

namespace Culvert
{
    /// <summary>The process that has started this one.</summary>
    internal static class ParentProcess
    {
        private const int BasicInformation = 0;

        /// <summary>
        /// Ends this process with its parent: the ssh of Windows up to 7.7 leaves its ProxyCommand
        /// behind, with pipes that do not close. Elsewhere they do, and this does nothing.
        /// </summary>
        internal static void EndWithIt()
        {
            if (!Job.IsWindows) return;
            Process parent = Find();
            if (parent == null) return;
            var thread = new Thread(delegate()
            {
                parent.WaitForExit();
                Environment.Exit(1);
            });
            thread.IsBackground = true;
            thread.Start();
        }

        /// <summary>Null where it is gone.</summary>
        private static Process Find()
        {
            var self = Process.GetCurrentProcess();
            var facts = new ProcessFacts();
            int length;
            int status = NtQueryInformationProcess(
                self.Handle, BasicInformation, ref facts, Marshal.SizeOf(facts), out length);
            if (status != 0) return null;
            try
            {
                Process parent = Process.GetProcessById(facts.ParentId.ToInt32());
                // A number that was given to another process since.
                return parent.StartTime <= self.StartTime ? parent : null;
            }
            catch (ArgumentException)
            {
                return null;
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }

        /// <summary>PROCESS_BASIC_INFORMATION, of which only the last part matters here.</summary>
        [StructLayout(LayoutKind.Sequential)]
        private struct ProcessFacts
        {
            private IntPtr exitStatus, environment, affinity, priority, id;
            internal IntPtr ParentId;
        }

        [DllImport("ntdll.dll")]
        private static extern int NtQueryInformationProcess(
            IntPtr process, int kind, ref ProcessFacts facts, int size, out int length);
    }
}
'@

  $HostSources['PinnedAuthorities.cs'] = @'
using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Culvert
{
    /// <summary>
    /// Trusts the authorities of one PEM text and no others, for the installer's requests. It is
    /// here because .NET asks on a thread of its own, where PowerShell cannot answer.
    /// </summary>
    public static class PinnedAuthorities
    {
        private const string Certificate =
            "-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\\s]+)-----END CERTIFICATE-----";

        // The authorities are not those of Windows: that is what they are pinned for.
        private const X509ChainStatusFlags Expected =
            X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;

        /// <summary>What a request asks about the certificate that it was shown.</summary>
        public static RemoteCertificateValidationCallback CheckBy(string pem)
        {
            List<X509Certificate2> pinned = Read(pem);
            return delegate(object sender, X509Certificate shown, X509Chain sent,
                SslPolicyErrors errors)
            {
                const SslPolicyErrors other =
                    SslPolicyErrors.RemoteCertificateNameMismatch |
                    SslPolicyErrors.RemoteCertificateNotAvailable;
                return shown != null && (errors & other) == 0 && LeadsTo(pinned, shown, sent);
            };
        }

        private static bool LeadsTo(
            List<X509Certificate2> pinned, X509Certificate shown, X509Chain sent)
        {
            var chain = new X509Chain();
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.VerificationFlags =
                X509VerificationFlags.AllowUnknownCertificateAuthority;
            foreach (X509Certificate2 authority in pinned)
                chain.ChainPolicy.ExtraStore.Add(authority);
            // Authorities in between, which the server has sent along.
            if (sent != null)
                foreach (X509ChainElement element in sent.ChainElements)
                    chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            chain.Build(new X509Certificate2(shown));
            return chain.ChainStatus.All(status => (status.Status & ~Expected) == 0) &&
                chain.ChainElements.Cast<X509ChainElement>().Any(element =>
                    pinned.Any(authority => authority.RawData.SequenceEqual(
                        element.Certificate.RawData)));
        }

        private static List<X509Certificate2> Read(string pem)
        {
            return Regex.Matches(pem, Certificate).Cast<Match>()
                .Select(match => new X509Certificate2(
                    Convert.FromBase64String(match.Groups[1].Value)))
                .ToList();
        }
    }
}
'@

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
}