
# ---- Preflight: the database ------------------------------------------------------------------

# With -DeferDatabase a database that is not there yet is no reason to stop.
function Test-Database {
  $place = "$DatabaseType database $DatabaseHost port $DatabasePort"
  $addresses = Resolve-Name $DatabaseHost
  if (-not $addresses) {
    owed "${place}: its name does not resolve on this host" `
      "Let this host's DNS know $DatabaseHost, or ask $VendorName to correct the name."
    return
  }
  if ($addresses | Where-Object { Test-LinkLocal $_ }) {
    finding "${place}: the name leads to a link-local address" "Ask $VendorName to correct it."
    return
  }
  $heard = "$(Test-Knock $addresses)"
  switch -Wildcard ($heard) {
    'answers' { ok $place }
    'refuses *' {
      $reason = $heard -replace '^refuses '
      owed "$place answers, but $(Get-Refusal $reason)" (Get-WayIn $reason)
    }
    'open' {
      owed "${place}: something accepts connections but does not speak its protocol" `
        'Check host and port, and that the database is up.'
    }
    default {
      owed "$place cannot be reached from this host" `
        "Allow TCP from this host to $DatabaseHost port $DatabasePort, and start the database."
    }
  }
}

# owed WHAT NEXT: something to mend first, or with -DeferDatabase later.
function owed([string]$What, [string]$Next) {
  if ($Given.DeferDatabase) { note "$What (still owed). $Next" } else { finding $What $Next }
}

function Resolve-Name([string]$Name) {
  $asked = [Net.Dns]::GetHostAddressesAsync($Name)
  try {
    if ($asked.Wait(10000)) { $asked.Result }
  } catch [AggregateException] {
    # Nothing is what it resolves to.
    return
  }
}

# The metadata services of clouds are never a database.
function Test-LinkLocal([Net.IPAddress]$Address) {
  if ("$Address" -in 'fd00:ec2::254', 'fd20:ce::254') { return $true }
  $bytes = $Address.GetAddressBytes()
  if ($bytes.Length -eq 4) { return $bytes[0] -eq 169 -and $bytes[1] -eq 254 }
  # An IPv4 address stands in the last four bytes of one that embeds it.
  $embeds = "$Address" -match '^(::|64:ff9b::)' -and $bytes[12] -eq 169 -and $bytes[13] -eq 254
  $embeds -or ($bytes[0] -eq 0xfe -and ($bytes[1] -band 0xc0) -eq 0x80)
}

# "answers", "refuses REASON", "open" (a connection, but not the protocol), or nothing.
function Test-Knock([Net.IPAddress[]]$Addresses) {
  foreach ($address in $Addresses) {
    $client = New-Object Net.Sockets.TcpClient $address.AddressFamily
    try {
      if (-not $client.ConnectAsync($address, [int]$DatabasePort).Wait(8000)) { continue }
      $stream = $client.GetStream()
      $stream.ReadTimeout = 5000
      switch ($DatabaseType) {
        'postgresql' { return Test-PostgresqlKnock $stream }
        'mysql' { return Test-MysqlKnock $stream }
        'redis' { return Test-RedisKnock $stream }
        default { return 'answers' }
      }
    } catch [IO.IOException] {
      return 'open'
    } catch {
      # The next address may answer.
      continue
    } finally {
      $client.Close()
    }
  }
}

# PostgreSQL says S or N to the request for TLS (SSLRequest, 80877103).
function Test-PostgresqlKnock([IO.Stream]$Stream) {
  $Stream.Write([byte[]](0, 0, 0, 8, 4, 210, 22, 47), 0, 8)
  if ($Stream.ReadByte() -in 78, 83) { 'answers' } else { 'open' }
}

# MySQL speaks first: behind length and number a version of the protocol, or 255 and an error.
function Test-MysqlKnock([IO.Stream]$Stream) {
  $bytes = foreach ($index in 0..6) { $Stream.ReadByte() }
  if ($bytes[3] -ne 0 -or $bytes[4] -notin 10, 255) { return 'open' }
  if ($bytes[4] -eq 255) {
    switch ($bytes[5] + 256 * $bytes[6]) {
      1040 { return 'refuses too-many-connections' }
      1129 { return 'refuses host-blocked' }
      default { return 'refuses host-refused' }
    }
  }
  # Who does not log in is counted, and blocked in the end. So these are a login of a user that
  # there is not, and what to say if another proof of it is asked for; then the server ends it.
  $user = "culvert-probe`0" + [char]20 + '0' * 20 + "mysql_native_password`0"
  $proofs = " `0`0" + [char]3 + '0' * 32 + [char]1 + "`0`0" + [char]5 + [char]2
  $login = [byte[]](89, 0, 0, 1, 1, 130, 8, 0, 0, 0, 0, 1, 33) + (New-Object byte[] 23) +
    [Text.Encoding]::ASCII.GetBytes($user + $proofs)
  try {
    $Stream.Write($login, 0, $login.Length)
    while ($Stream.ReadByte() -ge 0) { }
  } catch [IO.IOException] {
    # It has greeted: how it ends does not matter.
    return 'answers'
  }
  'answers'
}

function Test-RedisKnock([IO.Stream]$Stream) {
  $ping = [Text.Encoding]::ASCII.GetBytes("PING`r`n")
  $Stream.Write($ping, 0, $ping.Length)
  $said = -join $(foreach ($index in 0..4) { [char][Math]::Max(0, $Stream.ReadByte()) })
  if ($said -ceq '-DENI') { return 'refuses host-refused' }
  if ($said -ceq '+PONG' -or $said -cmatch '^-[A-Z]') { 'answers' } else { 'open' }
}

# What a database has against this host, to stand behind "answers, but".
function Get-Refusal([string]$Reason) {
  switch -Wildcard ("$DatabaseType $Reason") {
    '* host-blocked' { return 'blocks this host, after too many connections that broke off' }
    '* too-many-connections' { return 'has too many connections already' }
    'postgresql *' { return 'its pg_hba.conf lets no user culvert-probe in from here' }
    'mysql *' { return 'has no user that may come from this host' }
    'redis *' { return 'is in protected mode, which lets no other host in' }
    default { return 'turns this host away' }
  }
}

# What its administrator sees to, so that it lets this host in.
function Get-WayIn([string]$Reason) {
  switch -Wildcard ("$DatabaseType $Reason") {
    '* host-blocked' {
      return 'Unblock it there: FLUSH HOSTS, or TRUNCATE TABLE performance_schema.host_cache.'
    }
    '* too-many-connections' { return 'Find out there who holds them, or raise its limit.' }
    'postgresql *' {
      return "Add a line for the user culvert-probe and this host's address to its pg_hba.conf."
    }
    'mysql *' {
      return "Create the user of $VendorName there for this host's address: 'user'@'address'."
    }
    'sqlserver *' {
      return "Let this host through its firewall to TCP/IP, and give $VendorName a login there."
    }
    'oracle *' {
      return 'Where its listener checks nodes (TCP.VALIDNODE_CHECKING), invite this host.'
    }
    'mongodb *' {
      return 'Have it listen to this host (net.bindIp), and let the user come from here.'
    }
    'redis *' {
      return 'Have it listen to this host (bind), and set a password there.'
    }
    'clickhouse *' {
      return 'Have it listen to this host (listen_host), and let the user come from here.'
    }
    default { return 'Have it let this host in.' }
  }
}
