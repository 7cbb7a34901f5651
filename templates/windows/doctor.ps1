
# ---- Doctor: which hop is broken --------------------------------------------------------------

# Nothing here logs in with the tunnel's key: that would end the session that is up. Gives the
# exit code.
function Show-Examination {
  Assert-Installed
  Find-OpenSsh
  if (-not $Run.OpenSsh) {
    fail 'The OpenSSH client is missing.' "Mend it: $(Get-OwnCommand upgrade)" `
      -Code $Exit.Preflight
  }
  $Run.Fingerprint = Get-InstalledFingerprint
  if (-not $Given.Json) { tell "$Instance, hop by hop:" }
  Find-ViewProblem
  Test-Hop
  $code = Get-ExaminationCode
  $verdict = "Every hop works: $VendorName can query the database."
  if ($Run.Broken) { $verdict = "Broken at the hop $($Run.Broken): $($Run.Verdict)." }
  if ($Run.Broken -and $Run.OurSession -and $code -eq $Exit.Tunnel) {
    $verdict = "The tunnel is up, but would not come up again. $verdict"
  }
  $examination = [ordered]@{
    tunnel = $Instance; ok = ($code -eq 0); exit_code = $code; broken = $Run.Broken
    verdict = $verdict; next = $Run.Next; hops = $Run.Hops; reviewers = Get-PinSentence
  }
  if ($Given.SupportFile) { Write-SupportFile $code }
  if ($Given.Json) {
    tell (ConvertTo-Json $examination -Compress -Depth 4)
    return $code
  }
  tell ''
  tell $verdict
  tell "Reviewers: $($examination.reviewers)."
  if ($Run.Next) { tell "Next: $($Run.Next)" }
  $code
}

function Get-ExaminationCode {
  switch -Wildcard ($Run.Broken) {
    '' { return 0 }
    'control-plane' { return $Exit.Preflight }
    '*database' { return $Exit.Database }
  }
  $Exit.Tunnel
}

# What the vendor's side sees, or why it cannot be known.
function Find-ViewProblem {
  $Run.ViewProblem = Get-Finding { Test-ControlPlane }
  if ($Run.ViewProblem -or (Get-Answer session) -ne 'unknown') { return }
  $Run.ViewProblem = @{
    What = "$VendorName's tunnel server has not reported$(
      (Get-Moment agent_at) -replace '^,', ' since')"
    Next = "Tell $VendorName. The tunnel itself may well be up."
  }
}

# What a customer may send to the vendor: these fields and no others, no key, token, host name,
# address or line of a log. Only a file that was not there is written.
function Write-SupportFile([int]$Code) {
  $fields = [ordered]@{
    installer = $TemplateVersion; tunnel = $Instance
    windows = "$([Environment]::OSVersion.Version)"; powershell = "$($PSVersionTable.PSVersion)"
    ssh = Get-SshVersion; service = Get-ServiceState; ssh_state = (Get-SshState).state
  }
  foreach ($hop in $Run.Hops) { $fields["hop_$($hop.hop -replace '-', '_')"] = $hop.result }
  $fields.broken = $Run.Broken
  $fields.exit_code = $Code
  foreach ($name in 'now', 'key', 'session', 'session_since', 'database', 'database_at', 'reason',
    'agent_at') { $fields["vendor_$name"] = Get-Answer $name }
  $lines = $fields.Keys | ForEach-Object { "$_=$(ConvertTo-Printable $fields[$_])" }
  try {
    $stream = New-Object IO.FileStream $Given.SupportFile, 'CreateNew'
    $bytes = [Text.Encoding]::ASCII.GetBytes(($lines -join "`r`n") + "`r`n")
    $stream.Write($bytes, 0, $bytes.Length)
    $stream.Close()
  } catch {
    fail "-SupportFile: $(ConvertTo-Printable (Get-Deepest $_.Exception).Message)" `
      'Name a file that does not exist, in a folder that can be written.' -Code $Exit.Usage
  }
  if ($Given.Json) { return }
  tell "Wrote $($Given.SupportFile): read it before you send it to $VendorName."
}
