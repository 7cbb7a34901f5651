# There is no installer at this address; this only says why. An answer of 404 would leave a script
# of an earlier day where this one is.
& {
  $detail = 'no tunnel server has joined for this tunnel yet'
  $code = 'region-empty'
  $next = 'Try again later, or tell the vendor.'
  $Host.UI.WriteErrorLine("error: $detail ($code)")
  $Host.UI.WriteErrorLine("       $next")
  # "exit" would close the window of whoever pasted this.
  if ($MyInvocation.MyCommand.ScriptBlock.File) { exit 6 }
  $global:LASTEXITCODE = 6
}