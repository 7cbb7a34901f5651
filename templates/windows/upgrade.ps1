
# ---- Upgrade ----------------------------------------------------------------------------------

# Runs the installer as the vendor gives it now. What is as it should be stays, the key too.
function Update-Tunnel {
  Assert-Installed
  $Run.Phases = 1
  phase "Fetching $InstallerUrl"
  $got = Get-Web $InstallerUrl -Limit 4MB
  if ($got.Problem -or $got.Status -ne 200) {
    $why = $got.Problem
    if (-not $why) { $why = "it answered with the HTTP status $($got.Status)" }
    fail "The control plane: $why." 'Run this again; nothing was changed.' `
      -Code $Exit.Preflight
  }
  $installer = Join-Path $Run.Scratch 'install.ps1'
  [IO.File]::WriteAllText($installer, $got.Text)
  $errors = $null
  $null = [Management.Automation.Language.Parser]::ParseFile($installer, [ref]$null, [ref]$errors)
  if ($errors.Count -gt 0 -or -not $got.Text.EndsWith('}')) {
    fail 'What came is no whole installer.' 'Run this again; nothing was changed.' `
      -Code $Exit.Preflight
  }
  & $installer -Quiet:$Run.Quiet
  $LASTEXITCODE
}
