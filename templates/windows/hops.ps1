
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
