
# ---- The plan: every change, before the first one ---------------------------------------------

function Show-Plan {
  phase "What this will do for tunnel '$TunnelName' of $AccountName"
  if (Test-Installed) { say '  It is installed: what is as it should be stays, the key too.' }
  plan OpenSSH (Get-OpenSshPlan)
  plan folders $Paths.Data, $Paths.VendorData, $Paths.Tunnel, $Paths.VendorPrograms,
    (Get-HostFolder), $Paths.CommandFolder
  plan files (Get-PlannedFile)
  plan service "$(Get-ServiceName), as LocalSystem with one privilege, SeChangeNotifyPrivilege,",
    '  started now and at every boot; restarted by Windows if it fails'
  plan registry "the event source $(Get-ServiceName) of the Application log"
  plan network 'out to the first of these that answers, while the tunnel is up:'
  foreach ($endpoint in Get-Endpoint) { plan '' "  $($endpoint -replace ' ', ' port ')" }
  if ($Run.HttpProxy) {
    plan '' "all through the HTTP proxy $($Run.HttpProxy.Host) port $($Run.HttpProxy.Port)"
  }
  plan '' "to $PublicUrl go the public key and this installer's digest"
  plan script "version $TemplateVersion, its body's SHA-256 $BodySha256"
  plan programs 'csc.exe of .NET Framework, which compiles the service host; ssh-keygen; sc.exe'
}

# plan TITLE LINES: one entry of it.
function plan([string]$Title, [string[]]$Lines) {
  foreach ($line in $Lines) {
    say ('  {0,-10} {1}' -f $Title, $line)
    $Title = ''
  }
}

function Get-OpenSshPlan {
  if ($Given.OpenSshZip) { return "from $($Given.OpenSshZip), into a folder of this vendor's" }
  if ($Run.OpenSsh) { return "it is here, in $($Run.OpenSsh)" }
  "$($Run.Capability), added from Windows Update"
}

function Get-PlannedFile {
  foreach ($name in 'ssh_config', 'known_hosts', 'endpoints') { Join-Path $Paths.Tunnel $name }
  if ($Run.HttpProxy) { "$($Paths.HttpProxy), with its user and password" }
  if ($Given.CaFile) { "$($Paths.Authorities), the authorities to trust" }
  "$($Paths.Key), a new $($Run.KeyType) key that never leaves this host, and $($Paths.Key).pub"
  "$($Paths.Record), what was made here"
  "$($Paths.Wanted), what is to run, and $($Paths.State), what does"
  $Paths.Log
  Join-Path (Get-HostFolder) 'TunnelHost.exe'
  "$($Paths.Command), this script, and $($Paths.Dispatcher), which finds it"
}
