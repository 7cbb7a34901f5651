
# ---- How this script speaks -------------------------------------------------------------------

# tell TEXT: what was asked for, or must not be missed.
function tell([string]$Text) { $Host.UI.WriteLine($Text) }

# ---- The service host: compiled here, from this source ----------------------------------------

$HostSources = [ordered]@{}
