# The steps by hand of docs/windows.md on a real Windows host, as they stand there, in Windows
# PowerShell 5.1. Then the installer takes over what they made, and takes it away.
param([string] $VendorFile = 'vendor.json')

. (Join-Path $PSScriptRoot expectations.ps1)
$vendor = Get-Content -Raw $VendorFile | ConvertFrom-Json
$tunnel = Add-Tunnel $vendor 'by-hand'
$page = Get-Content -Raw -Encoding UTF8 (Join-Path $PSScriptRoot '..\..\..\docs\windows.md')
$blocks = [regex]::Matches($page, '(?ms)^```powershell\r?\n(.*?)^```')
$steps = $blocks | ForEach-Object { $_.Groups[1].Value } | Where-Object { $_ -match 'New-Service' }

$folder = New-Item -ItemType Directory (Join-Path $env:SystemRoot 'Temp\by-hand')
$script = Join-Path $folder 'steps.ps1'
"`$ErrorActionPreference = 'Stop'", "Set-Location '$folder'", "`$url = '$($tunnel.Url)'", $steps |
  Set-Content $script
$env:CULVERT_TOKEN = $tunnel.Token
powershell.exe -NoProfile -ExecutionPolicy Bypass -File $script
Assert-That ($LASTEXITCODE -eq 0) 'the steps by hand end well'
Remove-Item Env:CULVERT_TOKEN
Assert-Query $tunnel.Port 'made by hand'
Assert-Closed 'by-hand'

$null = Invoke-Script (Join-Path $folder 'install.ps1')
Assert-Query $tunnel.Port 'taken over by the installer'
$null = Invoke-Script (Join-Path $folder 'install.ps1') '-Uninstall'
Remove-Item -Recurse (Join-Path $Programs 'demo\host.by-hand'), $folder
Remove-Item (Join-Path $Programs 'demo'), $Programs
Assert-Gone
