# Cuts scripts short and says at which lengths PowerShell would still run something.
#
# It takes a JSON file with a list of: name; file; first and last, how many characters at either end are
# tried one by one; most, how many edges of tokens between are tried (0: all of them). It prints a
# JSON object for each: name, cuts (how many were tried), runs (the lengths at which something ran).
param([string] $List)

function Test-Runs([string] $Text) {
  $tokens = $errors = $null
  $script = [Management.Automation.Language.Parser]::ParseInput($Text, [ref]$tokens, [ref]$errors)
  if ($errors) { return $false }
  if ($script.UsingStatements) { return $true }
  $blocks = $script.DynamicParamBlock, $script.BeginBlock, $script.ProcessBlock, $script.EndBlock
  foreach ($block in $blocks) {
    if ($block -and ($block.Statements -or $block.Traps)) { return $true }
  }
  # A default that is no constant runs although there is no statement.
  foreach ($parameter in $script.ParamBlock.Parameters) {
    $default = $parameter.DefaultValue
    if ($default -and $default -isnot [Management.Automation.Language.ConstantExpressionAst]) {
      return $true
    }
  }
  return $false
}

function Get-Edge($Tokens) {
  foreach ($token in $Tokens) {
    $token.Extent.StartOffset
    $token.Extent.EndOffset
    if ($token -is [Management.Automation.Language.StringExpandableToken]) {
      Get-Edge $token.NestedTokens
    }
  }
}

foreach ($piece in Get-Content -Raw -LiteralPath $List | ConvertFrom-Json) {
  $text = [IO.File]::ReadAllText($piece.file)
  $tokens = $errors = $null
  $null = [Management.Automation.Language.Parser]::ParseInput($text, [ref]$tokens, [ref]$errors)
  $edges = @(Get-Edge $tokens | Where-Object { $_ -lt $text.Length } | Sort-Object -Unique)
  $step = 1
  if ($piece.most) { $step = [Math]::Max(1, [Math]::Floor($edges.Count / $piece.most)) }
  $lengths = New-Object Collections.Generic.SortedSet[int]
  for ($index = 0; $index -lt $edges.Count; $index += $step) { $null = $lengths.Add($edges[$index]) }
  for ($length = 0; $length -lt $text.Length; $length += 1) {
    if ($length -lt $piece.first -or $text.Length - $length -le $piece.last) {
      $null = $lengths.Add($length)
    }
  }
  $runs = @($lengths | Where-Object { Test-Runs $text.Substring(0, $_) })
  @{ name = $piece.name; cuts = $lengths.Count; runs = $runs } | ConvertTo-Json -Compress
}
