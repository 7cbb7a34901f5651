
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
