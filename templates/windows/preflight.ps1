
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
