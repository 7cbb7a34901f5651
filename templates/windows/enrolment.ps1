
# ---- Enrolment: the vendor learns the public key ----------------------------------------------

# One that is enrolled already needs no token.
function Send-Key {
  phase 'Enrolment'
  if (-not (Get-VendorView)) {
    fail "The control plane: $($Run.AnswerProblem)." 'Run this again.' -Code $Exit.Enrolment
  }
  switch (Get-Answer key) {
    { $_ -in 'active', 'pending', 'waiting' } {
      say 'This key is enrolled.'
      return
    }
    'removed' {
      fail "$VendorName has removed this host's key." `
        "Uninstall, then install with a new token from $VendorName." -Code $Exit.Enrolment
    }
  }
  if (-not $Run.Token) {
    fail "$VendorName does not know this host's key, and no token was given." `
      "Get a token from $VendorName and run this again with it." -Code $Exit.Enrolment
  }
  Send-Enrolment
  say "Enrolled: key SHA-256 $($Run.Fingerprint)."
}

function Send-Enrolment {
  $key = Join-Path $Run.Scratch 'key'
  $tokenId = ($Run.Token -split '_')[1]
  $proof = Get-Proof "culvert-enrol-v1 $TunnelId $Slot $tokenId" $key -Subject "$key.pub"
  $lines = "slot=$Slot", "public_key=$(Get-KeyLine (Read-Text "$key.pub"))", "proof=$proof",
    "render=$Render", 'platform=windows', 'end=1', ''
  if (-not (Send-Call enrol ($lines -join "`n") -WithToken)) {
    fail "The control plane: $($Run.AnswerProblem)." 'Run this again; nothing is lost.' `
      -Code $Exit.Enrolment
  }
  if (-not (Get-Answer error)) { return }
  $detail, $next = (Get-Answer detail), (Get-Answer next)
  # A first installation that gets no further leaves nothing behind.
  if (-not (Test-Installed)) { Remove-Recorded }
  fail "The enrolment was refused: $detail." $next -Code $Exit.Enrolment
}

# Get-Proof STATEMENT KEY -Subject FILE: that the holder of KEY makes the statement about the
# public key in FILE. A certificate is the signature that every OpenSSH can make.
function Get-Proof([string]$Statement, [string]$Key, [string]$Subject) {
  $copy = Join-Path $Run.Scratch 'subject.pub'
  Copy-Item -LiteralPath $Subject -Destination $copy -Force
  $made = Invoke-Program (Get-SshKeygen) @('-q', '-s', (ConvertTo-Slash $Key), '-I', $Statement,
    '-n', 'culvert-proof', '-O', 'clear', (ConvertTo-Slash $copy))
  if ($made.Code -ne 0) {
    fail "ssh-keygen could not prove that this host holds the key: $(
      ConvertTo-Printable $made.Errors)" 'Mend that, and run this again.' -Code $Exit.Enrolment
  }
  (Read-Text (Join-Path $Run.Scratch 'subject-cert.pub')).Trim()
}

# Disable-AtVendor FINGERPRINT KEY: the vendor forgets a key; KEY, of the same slot, asks for it.
# Returns whether it did.
function Disable-AtVendor([string]$Fingerprint, [string]$Key) {
  $statement = "culvert-key-v1 remove $TunnelId $Slot $Fingerprint"
  $proof = Get-Proof $statement $Key -Subject "$Key.pub"
  $lines = 'op=remove', "slot=$Slot", "target=$Fingerprint", "proof=$proof", 'end=1', ''
  if ((Send-Call keys ($lines -join "`n")) -and
    ((Get-Answer result) -eq 'removed' -or (Get-Answer error) -eq 'key-removed')) {
    return $true
  }
  warn "$VendorName could not be told: ask them to remove the key $Fingerprint."
  $false
}

# The tunnel server has to know the key before ssh first knocks, or it would be turned away. Where
# the vendor has to accept it first, somebody there compares the fingerprint. That takes less time
# than another run on this host waits for its turn.
function Wait-Key {
  $acceptWithin = 300
  $state = ''
  $deadline = (Get-Date).AddSeconds(30)
  while ((Get-Date) -lt $deadline) {
    $before = $state
    if (Get-VendorView) { $state = Get-Answer key }
    if ($state -eq 'active') { return }
    if ($state -eq 'removed') {
      fail "$VendorName has removed this host's key." `
        "Uninstall, then install with a new token from $VendorName." -Code $Exit.Enrolment
    }
    if ($state -eq 'waiting' -and $before -ne 'waiting') {
      tell "$VendorName has to accept this host's key first. Read them its fingerprint:"
      tell "  $($Run.Fingerprint)"
      tell "Waiting for them, $([int]($acceptWithin / 60)) minutes at the most."
      $deadline = (Get-Date).AddSeconds($acceptWithin)
    } elseif ($state -ne 'waiting' -and $before -eq 'waiting') {
      $deadline = (Get-Date).AddSeconds(30)
    }
    Start-Sleep -Milliseconds 500
  }
  if ($state -eq 'waiting') {
    fail "$VendorName has yet to accept this host's key." `
      "Give them this fingerprint: $($Run.Fingerprint). Then run this again, without token." `
      -Code $Exit.Enrolment
  }
  fail 'The tunnel server has not taken the key after 30 seconds.' `
    "Tell $VendorName. The key is enrolled: run this again later, without a token." `
    -Code $Exit.Tunnel
}
