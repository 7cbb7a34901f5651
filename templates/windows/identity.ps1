
# ---- Identity: the key pair -------------------------------------------------------------------

# Keeps a key that works. A new one is made aside and only then moved in: a power cut leaves a
# whole key or none.
function Install-Key {
  phase 'Key'
  record file $Paths.Key
  record file "$($Paths.Key).pub"
  if (Copy-Key $Paths.Key (Join-Path $Run.Scratch 'key')) {
    say 'Keeping the key of this tunnel.'
  } else {
    Add-KeyPair
    Move-Over (Join-Path $Paths.NextKey 'key') $Paths.Key
    Remove-Quietly $Paths.NextKey
    if (-not (Copy-Key $Paths.Key (Join-Path $Run.Scratch 'key'))) {
      fail 'The new key cannot be used.' 'Run this again.' -Code $Exit.Packages
    }
    say "Made a new $($Run.KeyType) key; its private half stays in $($Paths.Key)."
  }
  Protect-Key $Paths.Key
  Write-PublicKey
}

# A new key pair in a folder of its own, which nobody else can enter.
function Add-KeyPair {
  Remove-Quietly $Paths.NextKey
  Add-Folder $Paths.NextKey
  $file = Join-Path $Paths.NextKey 'key'
  $made = Invoke-Program (Get-SshKeygen) @('-q', '-t', $Run.KeyType, '-b', '256', '-N', '',
    '-C', $Instance, '-f', (ConvertTo-Slash $file))
  if ($made.Code -ne 0) {
    fail "ssh-keygen could not make a key: $(ConvertTo-Printable $made.Errors)" `
      "Check that $($Paths.Tunnel) can be written, and run this again." -Code $Exit.Packages
  }
  Protect-Key $file
}

# ssh-keygen makes the installing user the owner, and ssh, which runs as the system, refuses such
# a key. So the rights are set after it, and read back.
function Protect-Key([string]$File) {
  Invoke-SysWriteAccess $File $FileRights
  if (-not (Test-Access $File $FileRights)) {
    fail "$File did not get its rights: others could read it." `
      'See whether a policy changes them, and run this again.' -Code $Exit.Packages
  }
}

# Copy-Key FROM TO: whether it is a whole key; what is done with it is done with the copy, whose
# public half is then in TO.pub.
function Copy-Key([string]$From, [string]$To) {
  Remove-Quietly $To
  if (-not (Test-Path -LiteralPath $From -PathType Leaf)) { return $false }
  Copy-Item -LiteralPath $From -Destination $To
  Invoke-SysWriteAccess $To $FileRights
  $public = Invoke-Program (Get-SshKeygen) '-y', '-P', '', '-f', (ConvertTo-Slash $To)
  if ($public.Code -ne 0) { return $false }
  [IO.File]::WriteAllText("$To.pub", "$(Get-KeyLine $public.Output)`n")
  $true
}

# A public key without its comment.
function Get-KeyLine([string]$Text) { (-split $Text)[0, 1] -join ' ' }

# ssh offers the key that it finds in key.pub: it must be the private key's own half.
function Write-PublicKey {
  $line = Get-KeyLine (Read-Text (Join-Path $Run.Scratch 'key.pub'))
  Write-Own "$($Paths.Key).pub" "$line $Instance`n"
  $Run.Fingerprint = Get-Fingerprint $line
}

# The SHA-256 of a public key in hex: what the control plane calls the key.
function Get-Fingerprint([string]$Line) {
  ConvertTo-Hex (Get-Sha256 ([Convert]::FromBase64String((-split $Line)[1])))
}
