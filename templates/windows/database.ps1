
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
  switch ("$(Test-Knock $addresses)") {
    'answers' { ok $place }
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

# "answers", "open" (a connection, but not the protocol), or nothing. PostgreSQL says S or N to
# the request for TLS (SSLRequest, 80877103).
function Test-Knock([Net.IPAddress[]]$Addresses) {
  foreach ($address in $Addresses) {
    $client = New-Object Net.Sockets.TcpClient $address.AddressFamily
    try {
      if (-not $client.ConnectAsync($address, [int]$DatabasePort).Wait(8000)) { continue }
      if ($DatabaseType -ne 'postgresql') { return 'answers' }
      $stream = $client.GetStream()
      $stream.ReadTimeout = 5000
      $stream.Write([byte[]](0, 0, 0, 8, 4, 210, 22, 47), 0, 8)
      $answer = $stream.ReadByte()
      if ($answer -in 78, 83) { return 'answers' }
      return 'open'
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
