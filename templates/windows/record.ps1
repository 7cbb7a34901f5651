
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
