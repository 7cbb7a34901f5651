
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
