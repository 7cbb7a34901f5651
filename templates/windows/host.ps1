
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
