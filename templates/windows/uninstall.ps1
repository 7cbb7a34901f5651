
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
