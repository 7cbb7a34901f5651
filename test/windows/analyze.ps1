# Prints what PSScriptAnalyzer finds in the scripts of a folder, by the settings beside this file.
# Ends with 3 where that module is not installed.
param([string] $Folder)

if (-not (Get-Module -ListAvailable PSScriptAnalyzer)) { exit 3 }
$settings = Join-Path $PSScriptRoot analyzer.psd1
foreach ($file in Get-ChildItem -LiteralPath $Folder -Filter *.ps1) {
  foreach ($one in Invoke-ScriptAnalyzer -Path $file.FullName -Settings $settings) {
    "$($file.Name):$($one.Line): $($one.RuleName): $($one.Message)"
  }
}
