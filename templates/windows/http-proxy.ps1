
# ---- The HTTP proxy, where this host may not connect out by itself ----------------------------

# It may come with a password, so from here on it is in a variable that no other program inherits.
function Read-HttpProxyVariable {
  $Run.GivenHttpProxy = "$([Environment]::GetEnvironmentVariable('CULVERT_HTTP_PROXY'))"
  [Environment]::SetEnvironmentVariable('CULVERT_HTTP_PROXY', [NullString]::Value)
  if (-not $Given.HttpProxy) { return }
  if ($Given.HttpProxy -like '*@*') {
    wrong '-HttpProxy: others can see a password there; give it in CULVERT_HTTP_PROXY.'
  }
  $Run.GivenHttpProxy = $Given.HttpProxy
}

# The one that was given, else the one that an earlier run kept: Host, Port, User, Password.
function Find-HttpProxy {
  $Run.HttpProxy = $null
  if ($Run.GivenHttpProxy -eq 'none') { return }
  if ($Run.GivenHttpProxy) {
    $Run.HttpProxy = Read-GivenHttpProxy
    return
  }
  $lines = (Read-Text $Paths.HttpProxy) -split "`n"
  if ($lines.Count -lt 4) { return }
  $Run.HttpProxy = @{ Host = $lines[0]; Port = $lines[1]; User = $lines[2]; Password = $lines[3] }
}

function Read-GivenHttpProxy {
  $form = '^http://(?:(?<user>[^:@/]+)(?::(?<password>.*))?@)?' +
  '(?<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])' +
  ':(?<port>[1-9][0-9]{0,4})/?$'
  if ($Run.GivenHttpProxy -match $form -and [int]$Matches.port -le 65535) {
    $found = @{ Host = $Matches.host.Trim('[', ']'); Port = $Matches.port }
    $found.User = [Uri]::UnescapeDataString("$($Matches['user'])")
    $found.Password = [Uri]::UnescapeDataString("$($Matches['password'])")
    # A control character could begin a line of the file or of a header.
    $isPlain = $found.User + $found.Password -notmatch '[\x00-\x1f\x7f]'
    if ($isPlain -and $found.User -notlike '*:*') {
      return $found
    }
  }
  fail 'The HTTP proxy does not read http://[user:password@]host:port.' `
    'In user and password write each of % @ : / as %25 %40 %3A %2F.' -Code $Exit.Usage
}

function Get-HttpProxyText {
  $proxy = $Run.HttpProxy
  $proxy.Host, $proxy.Port, $proxy.User, $proxy.Password, '' -join "`n"
}

# How requests to the control plane go out: by that HTTP proxy, else as Windows is set up.
function Get-WebProxy {
  if (-not $Run.HttpProxy) {
    $system = [Net.WebRequest]::GetSystemWebProxy()
    $system.Credentials = [Net.CredentialCache]::DefaultCredentials
    return $system
  }
  $server = $Run.HttpProxy.Host
  if ($server -like '*:*') { $server = "[$server]" }
  $proxy = New-Object Net.WebProxy "http://${server}:$($Run.HttpProxy.Port)"
  $user = $Run.HttpProxy.User
  if ($user) {
    $proxy.Credentials = New-Object Net.NetworkCredential $user, $Run.HttpProxy.Password
  }
  $proxy
}
