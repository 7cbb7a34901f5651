
# ---- The enrolment token ----------------------------------------------------------------------

# From here on the token is in one variable that no other program inherits. It goes to the control
# plane in a request, and nowhere else.
function Read-TokenVariable {
  $Run.Token = "$([Environment]::GetEnvironmentVariable('CULVERT_TOKEN'))"
  [Environment]::SetEnvironmentVariable('CULVERT_TOKEN', [NullString]::Value)
}

# From the environment, else the file, else the keyboard.
function Find-Token {
  if (-not $Run.Token -and $Given.TokenFile) {
    if (-not (Test-Path -LiteralPath $Given.TokenFile -PathType Leaf)) {
      fail "The token file $(ConvertTo-Printable $Given.TokenFile) cannot be read." `
        'Check -TokenFile.' -Code $Exit.Usage
    }
    $Run.Token = "$(Get-Content -LiteralPath $Given.TokenFile -TotalCount 1)"
  }
  if (-not $Run.Token -and -not (Test-MayBeEnrolled)) { Read-TokenFromKeyboard }
  $Run.Token = $Run.Token.Trim()
  if ($Run.Token -and $Run.Token -notmatch '^cvt_[0-9a-z]{16}_[0-9a-z]{32}$') {
    fail 'What was given as enrolment token is not one.' `
      "A token looks like cvt_..., 53 characters; copy it again from $VendorName." `
      -Code $Exit.Enrolment
  }
}

function Read-TokenFromKeyboard {
  if (-not [Environment]::UserInteractive -or [Console]::IsInputRedirected) {
    fail 'An enrolment token is needed, and there is nobody to ask for it.' `
      'Set CULVERT_TOKEN in the environment, or give -TokenFile FILE.' -Code $Exit.Usage
  }
  $hidden = Read-Host -Prompt "Enrolment token from $VendorName (not shown)" -AsSecureString
  $Run.Token = (New-Object Net.NetworkCredential '', $hidden).Password
  if (-not $Run.Token) {
    fail 'No token was entered.' "Ask $VendorName for one." -Code $Exit.Usage
  }
}

# Where an earlier run, also one that was cut short, has come as far as a key, only the vendor
# knows whether it is enrolled: then no token is asked for here, and none is tested.
function Test-MayBeEnrolled { Test-Path -LiteralPath $Paths.Key }

# Asks the control plane about the token, without a key, so nothing is spent. If all is well with
# the token, the answer complains of the key.
function Test-Token {
  $question = "slot=$Slot`npublic_key=`nrender=$Render`nplatform=windows`nend=1`n"
  Send-Call enrol $question -WithToken
}
