
# ---- How this script speaks -------------------------------------------------------------------

# say TEXT: what a person may want to follow; -Quiet leaves it out.
function say([string]$Text) { if (-not $Run.Quiet) { $Host.UI.WriteLine($Text) } }

# tell TEXT: what was asked for, or must not be missed.
function tell([string]$Text) { $Host.UI.WriteLine($Text) }

function warn([string]$Text) { $Host.UI.WriteErrorLine("warning: $Text") }

# fail WHAT NEXT -Code CODE: says what happened and what to do about it, and ends.
function fail([string]$What, [string]$Next, [int]$Code) {
  $failure = New-Object InvalidOperationException $What
  $failure.Data['Next'] = $Next
  $failure.Data['Code'] = $Code
  throw $failure
}

# Exit codes, the same for every way to run this.
$Exit = @{
  Usage = 2; Unsupported = 3; Preflight = 4; Packages = 5; Enrolment = 6; Tunnel = 7; Database = 8
}

# phase TITLE: the next of the run's steps begins; how long the last one took, if noticeable.
function phase([string]$Title) {
  Complete-Phase
  $Run.Phase += 1
  $Run.PhaseBegan = Get-Date
  say ''
  say "[$($Run.Phase)/$($Run.Phases)] $Title"
}

function Complete-Phase {
  if ($null -eq $Run.PhaseBegan) { return }
  $seconds = [int]((Get-Date) - $Run.PhaseBegan).TotalSeconds
  if ($seconds -gt 0) { say "     took $seconds s" }
}

# Text from elsewhere as one line that cannot play with the terminal.
function ConvertTo-Printable([string]$Text) {
  ($Text -replace '[\r\n]+', ' ') -replace '[^ -~]', '?'
}
