
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
