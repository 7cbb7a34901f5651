
# ---- Reviewers: the persons who have to approve what an upgrade runs --------------------------

# The pin is one file for all tunnels of a vendor, so that it changes as a whole. Its first line
# says how many persons have to approve, the others are lines of ssh-keygen's allowed_signers.

# Read-Reviewer FILE: Text, Persons, and Lines as ssh-keygen will read them, nothing else. Where
# the file is not as it has to be, Problem says so.
function Read-Reviewer([string]$File, [int]$Limit = 65536) {
  $found = @{ Problem = ''; Text = ''; Persons = @(); Lines = @(); Approvals = 0 }
  try {
    if ((New-Object IO.FileInfo $File).Length -gt $Limit) { throw 'it is larger than 64 KiB' }
    $found.Text = [IO.File]::ReadAllText($File)
  } catch {
    $reason = (ConvertTo-Printable (Get-Deepest $_.Exception).Message).TrimEnd('.')
    $found.Problem = "cannot be read: $reason"
    return $found
  }
  $owners = New-Object 'Collections.Generic.Dictionary[string, string]'
  $number = 0
  foreach ($line in $found.Text -split "`r?`n") {
    $number += 1
    $words = @($line.Trim(' ', "`t") -split '[ \t]+')
    if ($words[0] -eq '' -or $words[0][0] -eq '#') { continue }
    $problem = Get-ReviewerProblem $words
    if (-not $problem) {
      $person, $key = $words[0, 3]
      if (-not $owners.ContainsKey($key)) { $owners[$key] = $person }
      if ($owners[$key] -cne $person) { $problem = 'has the key of another person' }
    }
    if ($problem) {
      $found.Problem = "line $number $problem"
      return $found
    }
    $found.Lines += $words[0..3] -join ' '
  }
  $found.Persons = @($owners.Values | Select-Object -Unique)
  if ($found.Persons.Count -eq 0) { $found.Problem = 'names nobody' }
  $found
}

# A pattern would let one person sign as another, and an authority name more persons.
function Get-ReviewerProblem([string[]]$Words) {
  if ($Words.Count -lt 4) { return 'is not of the form: person namespaces="..." type key' }
  if ($Words[0] -cnotmatch '^[A-Za-z0-9][A-Za-z0-9._@+-]*\z') {
    return 'has to name one person literally, without wildcards and commas'
  }
  $options = @($Words[1] -split ',')
  $namespaces = @($options -ceq 'namespaces="culvert-approval-v1"')
  $times = @($options -cmatch '^valid-(after|before)="[0-9]{8}([0-9]{4}([0-9]{2})?)?Z?"\z')
  $names = @($options | ForEach-Object { ($_ -split '=')[0] } | Select-Object -Unique)
  if ($namespaces.Count -ne 1 -or $names.Count -ne $options.Count -or
    $options.Count -ne 1 + $times.Count) {
    return 'has to say namespaces="culvert-approval-v1", and may say valid-after, valid-before'
  }
  if ($Words[2] -cnotmatch '^(ssh|ecdsa|sk)-[a-z0-9@.-]+\z' -or
    $Words[3] -cnotmatch '^AAAA[A-Za-z0-9+/]+={0,2}\z') {
    return 'has no public key'
  }
}

# What was given with -Reviewers, before any change.
function Test-Reviewer {
  if (-not $Given.Reviewers) { return }
  $asked = Read-Reviewer $Given.Reviewers
  if ($asked.Problem) {
    finding "-Reviewers: $(ConvertTo-Printable $Given.Reviewers) $($asked.Problem)" `
      'Name a file of lines such as: maria namespaces="culvert-approval-v1" ssh-ed25519 AAAA...'
    return
  }
  $asked.Approvals = 1
  if ($Given.Approvals) { $asked.Approvals = [int]$Given.Approvals }
  if ($asked.Approvals -gt $asked.Persons.Count) {
    finding "-Approvals: $($asked.Approvals) are more than the persons of that file" `
      "It names $($asked.Persons.Count). Take a smaller number, or more persons."
  }
  $folder = Get-ComingOpenSsh
  if (-not $folder) {
    if (-not $Run.Capability) { return }
    finding '-Reviewers: OpenSSH is not here yet, and it may be too old to verify signatures' `
      "Add it first, and run this again: Add-WindowsCapability -Online -Name $($Run.Capability)"
    return
  }
  if (-not (Test-Verifier $folder)) {
    finding 'OpenSSH cannot verify signatures here; -Reviewers needs 8.1 or later' $ZipAdvice
    return
  }
  Test-ReviewerKey $folder $asked
  $Run.Pin = $asked
}

# A key that ssh-keygen cannot read would never sign anything.
function Test-ReviewerKey([string]$OpenSshFolder, $Asked) {
  $file = Join-Path $Run.Scratch 'reviewers'
  $keys = $Asked.Lines | ForEach-Object { ($_ -split ' ')[2, 3] -join ' ' }
  [IO.File]::WriteAllText($file, ($keys -join "`n") + "`n")
  $said = Invoke-Program (Join-Path $OpenSshFolder 'ssh-keygen.exe') '-l', '-f',
  (ConvertTo-Slash $file)
  if (@(-split $said.Output -clike 'SHA256:*').Count -eq $Asked.Lines.Count) {
    ok "reviewers: $(Get-PinText $Asked)"
    return
  }
  finding '-Reviewers: ssh-keygen cannot read one of these keys' `
    "See which: ssh-keygen -l -f $(ConvertTo-Printable $Given.Reviewers)"
}

# Whether this ssh-keygen verifies signatures: then it misses what has to stand behind.
function Test-Verifier([string]$OpenSshFolder) {
  $said = Invoke-Program (Join-Path $OpenSshFolder 'ssh-keygen.exe') '-Y', 'verify'
  $said.Errors -match 'verify: missing namespace'
}

function Save-Pin {
  if (-not $Run.Pin) { return }
  record vendor-file $Paths.Pin
  $lines = @("# approvals=$($Run.Pin.Approvals)") + $Run.Pin.Lines
  Write-Whole $Paths.Pin (($lines -join "`n") + "`n")
  say "Wrote $($Paths.Pin)."
}

# Whether this vendor's reviewers are pinned here. What a record lists was there once: a pin that
# is lost is no leave to go on without.
function Test-Pinned {
  if (Test-Path -LiteralPath $Paths.Pin) { return $true }
  $records = @($Paths.Record) + @(Get-OtherRecord $Paths.VendorData)
  $lines = @($records | ForEach-Object { Get-RecordedLine $_ })
  $lines -contains "vendor-file $($Paths.Pin)"
}

# The pin as it is kept: its first line comes on top of what a given file may have.
function Read-Pin {
  $kept = Read-Reviewer $Paths.Pin -Limit 65600
  if ($kept.Problem) { return $kept }
  if ($kept.Text -cmatch '\A# approvals=([1-9][0-9]{0,2})\n') {
    $kept.Approvals = [int]$Matches[1]
  }
  if ($kept.Approvals -lt 1 -or $kept.Approvals -gt $kept.Persons.Count) {
    $kept.Problem = 'does not say how many persons have to approve'
  }
  $kept
}

# What status, doctor and plan say of it.
function Get-PinSentence {
  if (-not (Test-Pinned)) { return 'none are pinned' }
  $kept = Read-Pin
  if ($kept.Problem) { return "pinned, but $($Paths.Pin) $($kept.Problem): no upgrade will run" }
  Get-PinText $kept
}

function Get-PinText($Pin) {
  "an upgrade needs $($Pin.Approvals) of these to approve it: $($Pin.Persons -join ', ')"
}

# An upgrade runs this script from its own scratch folder.
function Test-RunByUpgrade {
  $scratch = Join-Path (Join-Path (Invoke-SysFolder Windows) 'Temp') "culvert-$PID-"
  "$($Run.Self.File)".StartsWith($scratch, [StringComparison]::OrdinalIgnoreCase)
}

function Show-UnverifiedRun {
  if ($Run.Mode -ne 'install' -or -not (Test-Pinned) -or (Test-RunByUpgrade)) { return }
  warn "Reviewers are pinned here; this run does not ask them, $(Get-OwnCommand upgrade) does."
}
