
# ---- Rotation: a new key pair in place of the old one -----------------------------------------

# The vendor learns the new key, proved by both. Then one restart offers the new key first and the
# old one after it: whichever the vendor sees in use stays, and the other one goes. Cut short at
# any moment, the same command or an installation goes on from there.
function Update-Key {
  Assert-Installed
  Find-OpenSsh
  $Run.Phases = 2
  phase 'New key'
  if (Test-Rotating) {
    say 'Going on with a change that was cut short.'
  } else {
    Add-NewKey
  }
  phase 'Change'
  if (Complete-Rotation) { return }
  fail 'The tunnel did not come up with the new key; the old one is in use again.' `
    "See: $(Get-OwnCommand doctor)" -Code $Exit.Tunnel
}

# Whether a rotation got as far as two keys; before that both names are of the same one.
function Test-Rotating {
  (Test-Path -LiteralPath $Paths.OldKey) -and
  (Get-FileDigest $Paths.OldKey) -ne (Get-FileDigest $Paths.Key)
}

# Afterwards the new key has the name that the service host looks for, and the old one stands
# beside it.
function Add-NewKey {
  $old = Join-Path $Run.Scratch 'old'
  $key = Join-Path $Run.Scratch 'key'
  if (-not (Copy-Key $Paths.Key $old)) {
    fail "The key $($Paths.Key) cannot be used." "Run: $(Get-OwnCommand upgrade)" `
      -Code $Exit.Enrolment
  }
  record file $Paths.OldKey
  $next = Join-Path $Paths.NextKey 'key'
  if (-not (Copy-Key $next $key)) {
    Add-KeyPair
    $null = Copy-Key $next $key
  }
  $Run.Fingerprint = Get-Fingerprint (Read-Text "$key.pub")
  Register-NewKey $old $key
  Wait-Key

  # The old key gets a second name and then the new one its first: there is a key at any moment.
  Copy-Item -LiteralPath $Paths.Key -Destination $Paths.OldKey -Force
  Protect-Key $Paths.OldKey
  Move-Over $next $Paths.Key
  Protect-Key $Paths.Key
  Remove-Quietly $Paths.NextKey
  Write-PublicKey
  say "Made a new key, and $VendorName knows it: SHA-256 $($Run.Fingerprint)."
}

# The new key is taken because the old one vouches for it.
function Register-NewKey([string]$Old, [string]$Key) {
  $fingerprint = Get-Fingerprint (Read-Text "$Old.pub")
  $statement = "culvert-key-v1 add $TunnelId $Slot $fingerprint $($Run.Fingerprint)"
  $lines = 'op=add', "slot=$Slot", "old=$fingerprint",
    "public_key=$(Get-KeyLine (Read-Text "$Key.pub"))",
    "proof_old=$(Get-Proof $statement $Old -Subject "$Key.pub")",
    "proof_new=$(Get-Proof $statement $Key -Subject "$Key.pub")", "render=$Render", 'end=1', ''
  if (-not (Send-Call keys ($lines -join "`n"))) {
    fail "The control plane: $($Run.AnswerProblem)." 'The old key stays; run this again.' `
      -Code $Exit.Enrolment
  }
  if (-not (Get-Answer error)) { return }
  Remove-Quietly $Paths.NextKey
  fail "The new key was refused: $(Get-Answer detail)." (Get-Answer next) -Code $Exit.Enrolment
}

# From two keys to one, with at most one restart. Returns whether the new one stays.
function Complete-Rotation {
  $old = Join-Path $Run.Scratch 'old'
  $key = Join-Path $Run.Scratch 'key'
  if (-not ((Copy-Key $Paths.OldKey $old) -and (Copy-Key $Paths.Key $key))) {
    fail "The keys in $($Paths.Tunnel) cannot be used." 'Uninstall, then install again.' `
      -Code $Exit.Enrolment
  }
  $oldFingerprint = Get-Fingerprint (Read-Text "$old.pub")
  Write-PublicKey
  $newFingerprint = $Run.Fingerprint
  Save-Session
  if ((Get-Answer session) -eq 'up' -and (Get-Answer session_key) -eq $newFingerprint) {
    $Run.SessionBefore = ''
  }
  Write-Own $Paths.Wanted (Get-WantedDigest)
  $inUse = Wait-KeyInUse $oldFingerprint, $newFingerprint
  if ($inUse -eq $newFingerprint) {
    $null = Disable-AtVendor $oldFingerprint $key
    Remove-Quietly $Paths.OldKey
    say 'The tunnel is up with the new key; the old one is removed.'
    return $true
  }
  $null = Disable-AtVendor $newFingerprint $old
  Move-Over $Paths.OldKey $Paths.Key
  Protect-Key $Paths.Key
  $null = Copy-Key $Paths.Key $key
  Write-PublicKey
  Write-Own $Paths.Wanted (Get-WantedDigest)
  $false
}

# The fingerprint by which a new session comes up, as the vendor sees it; nothing if none does.
function Wait-KeyInUse([string[]]$Fingerprints) {
  $deadline = (Get-Date).AddSeconds(45)
  while ((Get-Date) -lt $deadline) {
    if ((Get-VendorView) -and (Get-Answer session) -eq 'up' -and
      (Get-Answer session_id) -ne $Run.SessionBefore -and
      $Fingerprints -contains (Get-Answer session_key)) { return Get-Answer session_key }
    Start-Sleep -Milliseconds 500
  }
}
