
# ---- Approval: whether the pinned reviewers let an upgrade run --------------------------------

# A signed statement in its only form: one line of JSON, and the signature of each who signed it.
$StatementForm = '(?<text>\{"account":"[a-z0-9-]{1,31}",' +
'"artifacts":\[(?<artifacts>"[0-9a-f]{64}"(?:,"[0-9a-f]{64}"){0,15})\],' +
'"decision":"(?<decision>approve|refuse|withdraw)",' +
'"not_after":(?<end>[1-9][0-9]{0,11}),"previous":(?:null|"[0-9a-f]{64}"),' +
'"serial":(?<serial>[1-9][0-9]{0,14}),"tunnel":"(?<tunnel>tun_[0-9a-z]{26})","v":1,' +
'"vendor":"(?<vendor>[a-z0-9-]{1,31})"\}\n)' +
'(?<signature>-----BEGIN SSH SIGNATURE-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+' +
'-----END SSH SIGNATURE-----\n)*'

# Assert-Approved INSTALLER: ends the run unless the statement that decides approves of this file.
# The highest serial is kept before anything else, so that no older statement counts again.
function Assert-Approved([string]$Installer) {
  phase 'What the reviewers say of it'
  $pin = Read-Pin
  if ($pin.Problem) {
    refuse "this host pins reviewers, but $($Paths.Pin) $($pin.Problem)" `
      'Pin them again: run an installer that they have approved with -Reviewers FILE.'
  }
  Find-OpenSsh
  if (-not $Run.OpenSsh -or -not (Test-Verifier $Run.OpenSsh)) {
    refuse 'OpenSSH cannot verify signatures here; pinned reviewers need 8.1 or later' `
      'Get a later one: run an installer that they have approved with -OpenSshZip.'
  }
  $digest = Get-Digest -File $Installer
  $seen = Read-Serial
  $one = Find-Decision $digest $pin
  if ($one.Serial -gt $seen) { Write-Own $Paths.Serial "$($one.Serial)`n" }
  if ($one.Serial -lt $seen) {
    refuse "the approval of this installer is older than what was seen here before: $(
      $one.Serial), not $seen" 'Ask your reviewers to look at what the vendor serves now.'
  }
  if ($one.Decision -ne 'approve') {
    $what = 'refused this installer'
    if ($one.Decision -eq 'withdraw') { $what = 'withdrawn their approval of this installer' }
    refuse "the reviewers have $what" "Ask them why: $($one.Signers -join ', ')."
  }
  $now = ([DateTime]::UtcNow - [DateTime]'1970-01-01').TotalSeconds
  if ($one.End -le $now) {
    refuse "the approval of this installer ended on $(Format-Moment $one.End)" `
      "Check this host's clock; if it is right, ask your reviewers to sign anew."
  }
  say "Approved by $($one.Signers -join ', '): SHA-256 $digest, serial $($one.Serial)."
}

# refuse WHAT NEXT: the tunnel stays as it is.
function refuse([string]$What, [string]$Next) {
  fail ($What.Substring(0, 1).ToUpper() + $What.Substring(1) + '.') `
    "$Next The tunnel runs on as it is." -Code $Exit.Preflight
}

# The valid statement with the highest serial; of two with the same, the one that says no.
function Find-Decision([string]$Digest, $Pin) {
  $statements = @(Get-Statement $Digest)
  $ours = @($statements |
      Where-Object { $_.Tunnel -ceq $TunnelId -and $_.Vendor -ceq $VendorSlug })
  $most = 0
  foreach ($one in $ours | Sort-Object { - $_.Serial }, { $_.Decision -eq 'approve' }) {
    $one.Signers = @(Get-Signer $one $Pin)
    $needed = 1
    if ($one.Decision -eq 'approve') { $needed = $Pin.Approvals }
    if ($one.Signers.Count -ge $needed) { return $one }
    $most = [Math]::Max($most, $one.Signers.Count)
  }
  if ($most -gt 0) {
    refuse "of the $($Pin.Approvals) persons who have to approve this installer, $most did" `
      "Ask the others to look at it: SHA-256 $Digest."
  }
  if (@($ours | Where-Object { $_.Signatures.Count -gt 0 }).Count -gt 0) {
    refuse 'this installer is signed, but by no key that is pinned here and still valid' `
      'Ask who signed it. If a reviewer has a new key, pin it: -Reviewers FILE.'
  }
  if ($statements.Count -gt $ours.Count) {
    refuse 'the approval of this installer is for another tunnel' `
      "Tell ${VendorName}: it should not have come here."
  }
  refuse 'nobody has signed this installer' `
    "Ask your reviewers to look at it: SHA-256 $Digest."
}

# What the vendor has of statements about these bytes.
function Get-Statement([string]$Digest) {
  $got = Get-Web "$PublicUrl/t/$TunnelId/v1/statements?artifact=$Digest" -Limit 1MB
  $why = $got.Problem
  if (-not $why -and $got.Status -ne 200) {
    $why = "the control plane answered with the HTTP status $($got.Status)"
  } elseif (-not $why -and $got.Text -cnotmatch '(?:\A|\n)end=1\n\z') {
    $why = 'the answer of the control plane was cut on its way'
  }
  if ($why) { refuse "the statements of the reviewers did not come: $why" 'Run this again.' }
  if ($got.Text -cnotmatch "\A(?:$StatementForm)*end=1\n\z") {
    refuse 'what came as statements of the reviewers holds something else' "Tell $VendorName."
  }
  foreach ($found in [regex]::Matches($got.Text, $StatementForm)) {
    if (-not $found.Groups['artifacts'].Value.Contains($Digest)) { continue }
    $statement = @{ Signers = @() }
    foreach ($name in 'Text', 'Decision', 'Tunnel', 'Vendor') {
      $statement[$name] = $found.Groups[$name.ToLower()].Value
    }
    $statement.Serial = [long]$found.Groups['serial'].Value
    $statement.End = [long]$found.Groups['end'].Value
    $statement.Signatures = @($found.Groups['signature'].Captures | ForEach-Object { $_.Value })
    $statement
  }
}

# Each pinned person whose signature holds, once, however many keys signed.
function Get-Signer($Statement, $Pin) {
  $file = Join-Path $Run.Scratch 'signature'
  $text = [Text.Encoding]::ASCII.GetBytes($Statement.Text)
  $holds = @(foreach ($signature in $Statement.Signatures) {
      [IO.File]::WriteAllText($file, $signature)
      foreach ($person in $Pin.Persons) {
        $said = Invoke-Program (Get-SshKeygen) @('-Y', 'verify', '-n', 'culvert-approval-v1',
          '-f', (ConvertTo-Slash $Paths.Pin), '-I', $person, '-s', (ConvertTo-Slash $file)) $text
        if ($said.Code -eq 0) { $person }
      }
    })
  $holds | Select-Object -Unique
}

# The highest serial of a valid statement that this host has seen for this tunnel.
function Read-Serial {
  if (-not (Test-Path -LiteralPath $Paths.Serial)) { return [long]0 }
  $text = Read-Text $Paths.Serial
  if ($text -cmatch '\A[1-9][0-9]{0,14}\n\z') { return [long]$text.Trim() }
  refuse "$($Paths.Serial) does not hold the serial that was seen last" `
    'See what has changed it. Without that file, older approvals would count again.'
}
