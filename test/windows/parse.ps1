# Prints what PowerShell's own parser finds wrong with the given scripts.
param([Parameter(ValueFromRemainingArguments = $true)] [string[]] $File)

foreach ($path in $File) {
  $tokens = $errors = $null
  $null = [Management.Automation.Language.Parser]::ParseFile($path, [ref]$tokens, [ref]$errors)
  foreach ($one in $errors) { "${path}:$($one.Extent.StartLineNumber): $($one.Message)" }
}
