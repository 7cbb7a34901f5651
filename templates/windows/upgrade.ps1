
# ---- Upgrade ----------------------------------------------------------------------------------

# Runs the installer as the vendor gives it now: the very file that the reviewers approved, where
# they are pinned. What is as it should be stays, the key too.
function Update-Tunnel {
  Assert-Installed
  $isPinned = Test-Pinned
  $Run.Phases = 1 + [int]$isPinned
  phase "Fetching $InstallerUrl"
  $got = Get-Web $InstallerUrl -Limit 4MB
  if ($got.Problem -or $got.Status -ne 200) {
    $why = $got.Problem
    if (-not $why) { $why = "it answered with the HTTP status $($got.Status)" }
    fail "The control plane: $why." 'Run this again; nothing was changed.' `
      -Code $Exit.Preflight
  }
  $installer = Join-Path $Run.Scratch 'install.ps1'
  [IO.File]::WriteAllBytes($installer, $got.Bytes)
  $errors = $null
  $null = [Management.Automation.Language.Parser]::ParseFile($installer, [ref]$null, [ref]$errors)
  if ($errors.Count -gt 0 -or -not $got.Text.EndsWith('}')) {
    fail 'What came is no whole installer.' 'Run this again; nothing was changed.' `
      -Code $Exit.Preflight
  }
  if ($isPinned) {
    if ($got.Refusal) {
      refuse "the vendor has no installer for this tunnel: $(ConvertTo-Printable $got.Refusal)" `
        "Where it waits, ask your reviewers to look at it; else ask $VendorName."
    }
    Invoke-Alone { Assert-Approved $installer }
  }
  & $installer -Quiet:$Run.Quiet
  $LASTEXITCODE
}
