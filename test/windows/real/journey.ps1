# The whole way of a real Windows host, with nothing replaced: installs the tunnel of the vendor's
# side that start-vendor-side.ps1 has started, looks at all of it, ends what can be ended, and takes
# everything away. It stops at the first thing that is not as docs/windows.md says.
param([string] $VendorFile = 'vendor.json')

. (Join-Path $PSScriptRoot expectations.ps1)
$vendor = Get-Content -Raw $VendorFile | ConvertFrom-Json
$installer = Join-Path $PWD 'install.ps1'
$command = Join-Path $Programs 'h_autossh.ps1'
Invoke-WebRequest -UseBasicParsing "$($vendor.page)/install.ps1" -OutFile $installer

$null = Invoke-Script $installer '-Check'
$null = Invoke-Script $installer '-DryRun'
Assert-Gone

$env:CULVERT_TOKEN = $vendor.token
$null = Invoke-Script $installer
Remove-Item Env:CULVERT_TOKEN
Assert-Query 20000 'after the installation'
Assert-Closed 'demo'
$kept = Join-Path $Programs 'demo\demo\tunnel.ps1'
$same = (Get-FileHash $kept).Hash -eq (Get-FileHash $installer).Hash
Assert-That $same 'the command that stays is the installer'

$found = Get-CimInstance Win32_Service -Filter "Name='$Service'"
Assert-That ($found.StartName -eq 'LocalSystem') 'the service is LocalSystem'
Assert-That ($found.StartMode -eq 'Auto') 'it starts by itself'
$privileges = [regex]::Matches("$(sc.exe qprivs $Service)", 'Se\w+Privilege')
Assert-That ("$privileges" -eq 'SeChangeNotifyPrivilege') 'it has one privilege'
$recovery = "$(sc.exe qfailure $Service)"
Assert-That ([regex]::Matches($recovery, 'RESTART').Count -eq 3) 'Windows starts it again'

Assert-That ((Invoke-Script $installer) -match 'left alone') 'a second run restarts nothing'

# A minute after the login the event log hears of it.
$events = @{ LogName = 'Application'; ProviderName = $Service }
foreach ($second in 1..90) {
  $ids = @(Get-WinEvent -FilterHashtable $events -ErrorAction Ignore | ForEach-Object { $_.Id })
  if ($ids -contains 3) { break }
  Start-Sleep -Seconds 1
}
$isTold = $ids -contains 1 -and $ids -contains 3
Assert-That $isTold "the event log has start and up, after $second s"

$ssh = Get-TunnelSsh 'demo'
Stop-Process -Id $ssh.ProcessId -Force
Assert-Query 20000 'after ssh was killed'
Assert-That ((Get-TunnelSsh 'demo').ProcessId -ne $ssh.ProcessId) 'by another ssh'
Stop-Process -Name TunnelHost -Force
Start-Sleep -Seconds 2
Assert-That (-not (Get-TunnelSsh 'demo')) 'no ssh outlives the service host'
Assert-Query 20000 'after the service host was killed'
Restart-Service $Service
Assert-Query 20000 'after a restart of the service'

# The second tunnel of a vendor shares its program and service with the first.
$second = Add-Tunnel $vendor 'second'
$ssh = Get-TunnelSsh 'demo'
$other = Join-Path $PWD 'second.ps1'
Invoke-WebRequest -UseBasicParsing $second.Url -OutFile $other
$env:CULVERT_TOKEN = $second.Token
$null = Invoke-Script $other
Remove-Item Env:CULVERT_TOKEN
Assert-Query $second.Port 'through the second tunnel'
$both = Invoke-Script $command 'status'
Assert-That ([regex]::Matches($both, 'up, and the database answers').Count -eq 2) 'both are up'
$null = Invoke-Script $command 'uninstall', 'demo_second'
Assert-That ((Get-TunnelSsh 'demo').ProcessId -eq $ssh.ProcessId) 'the first did not notice'

$examination = Invoke-Script $command 'doctor', 'demo_demo', '-Json' | ConvertFrom-Json
Assert-That $examination.ok 'doctor finds every hop well'
$key = Join-Path $Data 'demo\demo\key.pub'
$before = Get-Content $key
$null = Invoke-Script $command 'rotate-key'
Assert-That ((Get-Content $key) -ne $before) 'the key is another one'
Assert-Query 20000 'with the new key'
Assert-Closed 'demo'
$null = Invoke-Script $command 'upgrade'
$null = Invoke-Script $command 'logs'

# Any key is a reviewer's here: nobody signs anything with it, and so nothing may run.
$reviewers = Join-Path $PWD 'reviewers'
"maria namespaces=`"culvert-approval-v1`" $(Get-Content $key)" | Set-Content $reviewers
$null = Invoke-Script $installer '-Reviewers', $reviewers
$status = Invoke-Script $command 'status'
Assert-That ($status -match 'needs 1 of these to approve it: maria') 'reviewers are pinned'
Assert-Closed 'demo'
$null = Invoke-Script $command 'upgrade' -Ends 4
Assert-Query 20000 'after an upgrade that was refused'

$null = Invoke-Script $command 'uninstall'
Assert-Gone
