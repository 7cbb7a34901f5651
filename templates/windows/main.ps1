
# ---- The story --------------------------------------------------------------------------------

function main {
  if ($Rest) {
    $Host.UI.WriteErrorLine("error: there is no parameter $($Rest[0])")
    return 2
  }
  tell "Culvert: tunnel '$TunnelName' of $AccountName to $VendorName"
  tell "  tunnel    ${Service}: $Instance ($VendorSlug, $TunnelSlug), $TunnelId, slot $Slot"
  tell "  server    $Login at $TunnelHosts, $TunnelPorts, from $EgressAddresses; port $TunnelPort"
  tell "  database  $DatabaseType at $DatabaseHost, $DatabasePort"
  tell "  script    $TemplateVersion, $Render, $BodySha256, from $InstallerUrl, $PublicUrl"
  tell "  files     $(($CaCertificates, $SshConfig, $KnownHosts, $Dispatcher).Length)"
  tell "  source    $($HostSources.Keys)"
  if (-not $DryRun) { tell 'Nothing was changed.' }
  return 0
}

$code = main
if ($MyInvocation.MyCommand.ScriptBlock.File) { exit $code }
$global:LASTEXITCODE = $code
