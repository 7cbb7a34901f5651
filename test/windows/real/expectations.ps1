# What journey.ps1 and by-hand.ps1 expect of a real Windows host, and how they look.

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$Service = 'h_autossh_demo'
$Data = Join-Path $env:ProgramData 'h_autossh'
$Programs = Join-Path $env:ProgramFiles 'h_autossh'

# Ends everything where something is not so.
function Assert-That([bool] $Holds, [string] $What) {
  if (-not $Holds) { throw "Not so: $What" }
  $Host.UI.WriteLine("ok: $What")
}

# Runs a script as an administrator does, in the PowerShell that runs this one, and expects this
# exit code. Gives what it says.
function Invoke-Script([string] $File, [string[]] $Words = @(), [int] $Ends = 0) {
  $Host.UI.WriteLine("`n> $File $Words")
  $shell = (Get-Process -Id $PID).Path
  $said = & $shell -NoProfile -ExecutionPolicy Bypass -File $File @Words
  $code = $LASTEXITCODE
  $said | ForEach-Object { $Host.UI.WriteLine($_) }
  Assert-That ($code -eq $Ends) "it ended with $Ends, and not with $code"
  $said -join "`n"
}

# The vendor's application: queries the database through the tunnel, for 90 seconds at the most.
function Assert-Query([int] $Port, [string] $When) {
  $ErrorActionPreference = 'Continue'
  $env:PGPASSWORD = 'root'
  $deadline = (Get-Date).AddSeconds(90)
  do {
    $answer = & "$env:PGBIN\psql.exe" -h 127.0.0.1 -p $Port -U postgres -Atc 'select 42' 2>$null
    if ($answer -eq '42') { break }
    Start-Sleep -Seconds 1
  } while ((Get-Date) -lt $deadline)
  Assert-That ($answer -eq '42') "psql is answered through the tunnel, $When"
}

# The ssh that the service runs for a tunnel.
function Get-TunnelSsh([string] $Tunnel) {
  Get-CimInstance Win32_Process -Filter "Name='ssh.exe'" |
    Where-Object { $_.CommandLine -like "*/h_autossh/demo/$Tunnel/*" }
}

# Owner and rights as Windows has them, by SID: its names differ from language to language.
function Get-Right([string] $Path) {
  $acl = Get-Acl -LiteralPath $Path
  $kind = [Security.Principal.SecurityIdentifier]
  $entries = $acl.GetAccessRules($true, $true, $kind) |
    ForEach-Object { "$($_.IdentityReference) $($_.FileSystemRights)" } | Sort-Object
  @{
    Owner = "$($acl.GetOwner($kind))"
    Entries = $entries -join ', '
    IsProtected = $acl.AreAccessRulesProtected
  }
}

# Administrators and the system, and nobody else, down to the last file.
function Assert-Closed([string] $Tunnel) {
  $only = 'S-1-5-18 FullControl, S-1-5-32-544 FullControl'
  $folder = Join-Path $Data "demo\$Tunnel"
  foreach ($path in $Data, (Join-Path $Data 'demo'), $folder, (Join-Path $folder 'key')) {
    $right = Get-Right $path
    Assert-That ($right.IsProtected -and $right.Owner -eq 'S-1-5-32-544') "$path stands by itself"
  }
  foreach ($item in Get-ChildItem -LiteralPath $Data -Recurse -Force) {
    $right = Get-Right $item.FullName
    Assert-That ($right.Entries -eq $only) "$($item.FullName) is closed"
  }
}

# A tunnel of the same vendor to the same database: its token, installer and port.
function Add-Tunnel($Vendor, [string] $Name) {
  $base, $id = $Vendor.page -split '/t/'
  $headers = @{ Authorization = "Bearer $($Vendor.api_token)" }
  $first = Invoke-RestMethod "$base/v1/tunnels/$id" -Headers $headers
  $body = @{
    slug = $Name; name = $Name; account = $first.account; region = $first.region
    database = @{ type = 'postgresql'; host = '127.0.0.1'; port = 5432 }; issue_token = $true
  }
  $made = Invoke-RestMethod "$base/v1/tunnels" -Method Post -Headers $headers `
    -ContentType 'application/json' -Body (ConvertTo-Json $body)
  @{
    Token = $made.token; Port = $made.slots[0].tunnel_port
    Url = "$base/t/$($made.id)/install.ps1"
  }
}

function Assert-Gone {
  foreach ($folder in $Data, $Programs) {
    $left = @(Get-ChildItem -LiteralPath $folder -Recurse -Force -ErrorAction Ignore)
    Assert-That (-not (Test-Path -LiteralPath $folder)) "$folder is gone ($($left.FullName))"
  }
  Assert-That (-not (Get-Service $Service -ErrorAction Ignore)) "the service $Service is gone"
  Assert-That (-not [Diagnostics.EventLog]::SourceExists($Service)) 'its event source is gone'
  Assert-That (-not (Get-TunnelSsh '*')) 'no ssh of it is left'
  $scratch = Get-ChildItem "$env:SystemRoot\Temp\culvert-*"
  Assert-That (-not $scratch) 'no scratch folder is left'
}
