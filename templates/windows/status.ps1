
# ---- Status and log ---------------------------------------------------------------------------

function Assert-Installed {
  if (Test-Path -LiteralPath $Paths.Record) { return }
  fail "The tunnel $Instance is not installed on this host." 'There is nothing to do.' `
    -Code $Exit.Usage
}

# The state of the tunnel, as this host and the vendor see it. Gives the exit code: 0 only if the
# database answers.
function Show-Status {
  Assert-Installed
  $state = Get-TunnelState
  if ($Given.Json) {
    tell (ConvertTo-Json $state -Compress)
    return $state.exit_code
  }
  tell "${Instance}: $($state.state)"
  tell "  tunnel      '$TunnelName' of $AccountName to $VendorName"
  tell "  service     $($state.service)"
  tell "  ssh         $($state.ssh)"
  tell "  session     $($state.session)$(Get-Moment session_since)"
  tell "  database    $($state.database)$(Get-Moment database_at)"
  tell "  key         $($state.key), SHA-256 $($state.fingerprint)"
  tell "  installer   $TemplateVersion"
  tell "  reviewers   $($state.reviewers)"
  if ($state.exit_code -gt 0) {
    if ($state.reason) { tell "  last error  $($state.reason)" }
    tell "  next        $(Get-OwnCommand doctor)"
  }
  $state.exit_code
}

function Get-TunnelState {
  $Run.Fingerprint = Get-InstalledFingerprint
  $ssh = Get-SshState
  $state = [ordered]@{
    tunnel = $Instance; ok = $false; state = ''; service = Get-ServiceState
    ssh = $ssh.state; reason = $ssh.reason; key = 'unknown'; fingerprint = $Run.Fingerprint
    session = 'unknown'; session_since = [long]0; database = 'unprobed'; database_at = [long]0
    installer = $TemplateVersion; reviewers = Get-PinSentence; exit_code = $Exit.Preflight
  }
  if (-not (Get-VendorView) -or (Get-Answer error)) {
    $state.state = "cannot tell: the control plane: $($Run.AnswerProblem)$(Get-Answer detail)"
    return $state
  }
  foreach ($name in 'key', 'session', 'database') { $state[$name] = Get-Answer $name }
  foreach ($name in 'session_since', 'database_at') { $state[$name] = Get-Number $name }
  $state.exit_code = $Exit.Tunnel
  $state.state = Get-StateSentence $state
  if ($state.state -like 'up*') { $state.exit_code = $Exit.Database }
  if ($state.database -eq 'answers' -and $state.state -like 'up*') {
    $state.exit_code = 0
    $state.ok = $true
  }
  $state
}

function Get-StateSentence($State) {
  if ($State.service -ne 'Running') { return "down: the service is $($State.service)" }
  if ($State.key -ne 'active') {
    return "down: the key of this host is $($State.key) at $VendorName"
  }
  if ($State.session -ne 'up') {
    return "down: the session is $($State.session), as $VendorName sees it"
  }
  if ((Get-Answer session_key) -ne $State.fingerprint) {
    return 'down here: another host holds this tunnel'
  }
  if ($State.database -ne 'answers') { return "up, but the database $(Get-DatabaseState)" }
  'up, and the database answers'
}

function Get-ServiceState {
  $found = Get-VendorService
  if ($found) { "$($found.State)" } else { 'not there' }
}

# What the service host says of this tunnel's ssh.
function Get-SshState {
  $said = @{ state = 'unknown'; reason = '' }
  foreach ($line in (Read-Text $Paths.State) -split "`n") {
    $name, $value = $line -split '=', 2
    if ($name -in 'state', 'reason') { $said[$name] = ConvertTo-Printable $value }
  }
  $said
}

function Get-InstalledFingerprint {
  $line = Read-Text "$($Paths.Key).pub"
  if ($line) { Get-Fingerprint $line } else { '' }
}

# A time of the answer, as people write it.
function Get-Moment([string]$Name) {
  $seconds = Get-Number $Name
  if ($seconds -gt 0) { ", $(Format-Moment $seconds)" }
}

function Format-Moment([long]$Seconds) {
  ([DateTime]'1970-01-01').AddSeconds($Seconds).ToString('yyyy-MM-dd HH:mm:ss') + ' UTC'
}

# How to call the command that stays, as it can be pasted.
function Get-OwnCommand([string]$Command) {
  "powershell -ExecutionPolicy Bypass -File `"$($Paths.Dispatcher)`" $Command $Instance"
}

# The end of what the service host has logged of this tunnel.
function Show-Log {
  if (-not (Test-Path -LiteralPath $Paths.Log)) { return }
  $lines = @(Get-Content -LiteralPath $Paths.Log | Where-Object { $_ -match "\s${TunnelSlug}:" })
  $lines | Select-Object -Last 20 | ForEach-Object { tell "  $(ConvertTo-Printable $_)" }
}

function Show-WholeLog {
  Assert-Installed
  Show-Log
  tell ''
  tell "All of it: $($Paths.Log), and the source $(Get-ServiceName) of the Application event log."
}
