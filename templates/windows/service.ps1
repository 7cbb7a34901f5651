
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
