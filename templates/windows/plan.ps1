
# ---- The plan: every change, before the first one ---------------------------------------------

# What is the same on every host stands in the settings; what only this one can say comes first.
function Show-Plan {
  phase "What this will do for tunnel '$TunnelName' of $AccountName"
  if (Test-Installed) { say '  It is installed: what is as it should be stays, the key too.' }
  say '  On this host:'
  plan OpenSSH (Get-OpenSshPlan)
  plan key $Run.KeyType
  plan host "$(Get-HostFolder)"
  if ($Run.HttpProxy) {
    plan 'way out' "by the HTTP proxy $($Run.HttpProxy.Host) port $($Run.HttpProxy.Port)"
  }
  if ($Given.CaFile) { plan trusted "for $PublicUrl, the authorities of $($Given.CaFile)" }
  if ($Run.Pin) {
    plan reviewers "$(Get-PinText $Run.Pin)"
  } elseif (Test-Pinned) {
    plan reviewers "$(Get-PinSentence)"
  }
  plan script "version $TemplateVersion, the SHA-256 of its body is $BodySha256"
  say '  In all:'
  say $Plan.TrimEnd("`n")
}

# plan TITLE TEXT: one entry of it.
function plan([string]$Title, [string]$Text) { say ('    {0,-10} {1}' -f $Title, $Text) }

function Get-OpenSshPlan {
  if ($Given.OpenSshZip) { return "from $($Given.OpenSshZip)" }
  if ($Run.OpenSsh) { return "it is here, in $($Run.OpenSsh)" }
  "$($Run.Capability), added from Windows"
}
