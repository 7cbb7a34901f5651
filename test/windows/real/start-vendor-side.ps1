# Starts what the real Windows host of journey.ps1 is to reach: a PostgreSQL on it, as GitHub's
# images have one, and a vendor's side, which needs Linux, in WSL. Its ports are on this host's
# 127.0.0.1, too. Writes page, token and API token to a file of JSON.
param([string] $Folder = '/root/culvert', [string] $To = 'vendor.json')

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

Get-Service 'postgresql*' | Set-Service -StartupType Manual -PassThru | Start-Service

# A process of Windows keeps WSL up. Not port 50022: Hyper-V may have reserved it for itself.
$line = "--user root --cd $Folder -- node_modules/.bin/node src/main.ts quickstart --json " +
'--ssh-port 2222'
Start-Process wsl.exe -ArgumentList $line -WindowStyle Hidden -RedirectStandardOutput said.json `
  -RedirectStandardError said.txt

foreach ($second in 1..180) {
  Start-Sleep -Seconds 1
  $said = Get-Content -Raw said.json
  if ($said -notmatch '"admin_token_file"') { continue }
  $invitation = ConvertFrom-Json $said
  @{
    page = $invitation.page
    token = [regex]::Match($invitation.service_command, 'cvt_\w+').Value
    api_token = "$(wsl.exe --user root cat $invitation.admin_token_file)".Trim()
  } | ConvertTo-Json | Set-Content $To
  "The vendor's side answers after $second s: $($invitation.page)"
  exit 0
}
Get-Content 'said.json', 'said.txt'
throw "The vendor's side did not start."
