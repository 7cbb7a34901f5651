
# ---- The proof: what the vendor's side says, and nothing less ---------------------------------

# Returns once the vendor's side has this very session and the database answers through it.
function Wait-Proof {
  phase 'Proof'
  Wait-Session
  say "The tunnel is up, as $VendorName sees it."
  if (Wait-Database) {
    say 'The database answers through it.'
  } elseif ($Given.DeferDatabase) {
    say "Still owed: the database $(Get-DatabaseState). Until then queries of $VendorName fail."
  } else {
    fail "The tunnel is up, but the database $(Get-DatabaseState)." `
      'Mend that on the database side, and run this again, without a token.' -Code $Exit.Database
  }
}

# Our own key's session, and not the one that was up before the restart.
function Test-OurSession {
  (Get-VendorView) -and (Get-Answer session) -eq 'up' -and
  (Get-Answer session_id) -ne $Run.SessionBefore -and
  (Get-Answer session_key) -eq $Run.Fingerprint
}

function Wait-Session {
  $deadline = (Get-Date).AddSeconds(45)
  while (-not (Test-OurSession)) {
    if ((Get-Date) -ge $deadline) { Stop-WithoutSession }
    Start-Sleep -Milliseconds 500
  }
}

function Stop-WithoutSession {
  Show-Log
  $again = 'run this again later, without a token.'
  if ($Run.Answer.Count -eq 0) {
    fail "The control plane: $($Run.AnswerProblem)." "Mend that, and $again" -Code $Exit.Tunnel
  }
  switch (Get-Answer session) {
    'unknown' {
      fail "$VendorName's tunnel server has not reported for a while." `
        "Tell $VendorName, and $again" -Code $Exit.Tunnel
    }
    'taken' {
      fail 'Something else listens on the port of this tunnel.' "Tell $VendorName, and $again" `
        -Code $Exit.Tunnel
    }
  }
  fail "$VendorName's side sees no session of this host after 45 seconds." `
    "What the service logged stands above. Mend that, and $again" -Code $Exit.Tunnel
}

# Within this session: what was seen before says nothing of the way through it.
function Test-DatabaseTried { (Get-Number database_at) -ge (Get-Number session_since) }

function Test-DatabaseAnswer { (Get-Answer database) -eq 'answers' -and (Test-DatabaseTried) }

# Whether it answers. Nobody waits longer than for the first try of one that may be missing.
function Wait-Database {
  $deadline = (Get-Date).AddSeconds(25)
  while ((Get-Date) -lt $deadline) {
    if (Test-OurSession) {
      if (Test-DatabaseAnswer) { return $true }
      if ($Given.DeferDatabase -and (Test-DatabaseTried)) { return $false }
    }
    Start-Sleep -Milliseconds 500
  }
  $false
}

# What the vendor's last probe found, to stand behind "the database".
function Get-DatabaseState {
  switch (Get-Answer database) {
    'answers' { 'answers' }
    'refuses' { "answers, but $(Get-Refusal (Get-Answer reason))" }
    'silent' { 'accepts connections, but says nothing' }
    'closed' { 'cannot be reached from this host' }
    default { 'has not been asked yet' }
  }
}
