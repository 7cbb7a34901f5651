# make-portable.ps1 SCRIPT FAKES COPY: writes a copy of an installer in which the bodies of the
# functions that call Windows are replaced by those of FAKES, by the syntax tree, and nothing else
# is touched. Fails where such a function does more than call, where one has no fake, and where the
# rest uses a command that only Windows has.
param([string]$Script, [string]$FakeFile, [string]$Copy)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

# What PowerShell has on every system.
$portable = 'Compare-Object', 'ConvertTo-Json', 'Copy-Item', 'Expand-Archive',
  'ForEach-Object', 'Get-ChildItem', 'Get-Content', 'Get-Date', 'Get-Item', 'Get-Process',
  'Join-Path', 'New-Item', 'New-Object', 'Read-Host', 'Remove-Item', 'Select-Object',
  'Set-StrictMode', 'Sort-Object', 'Split-Path', 'Start-Sleep', 'Test-Path', 'Where-Object',
  'Write-Warning'
# What is run by a variable: blocks of the script's own, and the installer that an upgrade fetched.
$variables = '$Examine', '$Work', '$installer'

function Read-Script([string]$File) {
  $errors = $null
  $tree = [Management.Automation.Language.Parser]::ParseFile($File, [ref]$null, [ref]$errors)
  if ($errors) { throw "${File}: $($errors[0])" }
  $tree
}

function Find-Node($Tree, [string]$Kind) {
  $Tree.FindAll({ param($node) $node.GetType().Name -eq "${Kind}Ast" }, $true)
}

function Test-Inside($Node, $Others) {
  [bool]($Others | Where-Object {
      $_.Extent.StartOffset -le $Node.Extent.StartOffset -and
      $_.Extent.EndOffset -ge $Node.Extent.EndOffset
    })
}

$tree = Read-Script $Script
$functions = @(Find-Node $tree 'FunctionDefinition')
$calls = @($functions | Where-Object { $_.Name -like 'Invoke-Sys*' })
$fakes = [ordered]@{}
foreach ($fake in Find-Node (Read-Script $FakeFile) 'FunctionDefinition') { $fakes[$fake.Name] = $fake }

foreach ($call in $calls) {
  foreach ($kind in 'IfStatement', 'SwitchStatement', 'TryStatement', 'ForStatement',
    'ForEachStatement', 'WhileStatement', 'DoWhileStatement', 'DoUntilStatement') {
    if (Find-Node $call $kind) { throw "$($call.Name) decides something: it holds a $kind." }
  }
  if (-not $fakes.Contains($call.Name)) { throw "There is no fake for $($call.Name)." }
}
foreach ($name in $fakes.Keys | Where-Object { $_ -like 'Invoke-Sys*' }) {
  if ($name -notin $calls.Name) { throw "The script has no $name any more." }
}
foreach ($command in Find-Node $tree 'Command') {
  if (Test-Inside $command $calls) { continue }
  $name = $command.GetCommandName()
  $known = $portable + $functions.Name
  if ($name) {
    if ($name -notin $known) { throw "line $($command.Extent.StartLineNumber): $name is not portable." }
  } elseif ($command.CommandElements[0] -isnot [Management.Automation.Language.ScriptBlockExpressionAst] -and
    "$($command.CommandElements[0])" -notin $variables) {
    throw "line $($command.Extent.StartLineNumber): $command is not portable."
  }
}

$text = $tree.Extent.Text
foreach ($call in $calls | Sort-Object { -$_.Extent.StartOffset }) {
  $body = $call.Extent
  $text = $text.Remove($body.StartOffset, $body.EndOffset - $body.StartOffset).Insert(
    $body.StartOffset, $fakes[$call.Name].Extent.Text)
}
# What the fakes share stands in front of the first of them.
$shared = ($fakes.Values | Where-Object { $_.Name -notlike 'Invoke-Sys*' } |
    ForEach-Object { $_.Extent.Text }) -join "`r`n"
$first = $text.IndexOf('function Invoke-Sys')
[IO.File]::WriteAllText($Copy, $text.Insert($first, "$shared`r`n"))
