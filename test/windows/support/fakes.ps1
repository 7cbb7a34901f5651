# Stands in for Windows: each function notes its call, and keeps the state that Windows would, in the
# folder that CULVERT_TEST_WORLD names. What is not expected fails.

function Add-Call([string]$Name, [object[]]$Words) {
  $line = (@($Name) + $Words | ForEach-Object { "$_" }) -join ' '
  [IO.File]::AppendAllText((Join-Path $env:CULVERT_TEST_WORLD 'calls'), "$line`n")
}

# State is a JSON file each: services, event sources, capabilities.
function Read-State([string]$Name) {
  $file = Join-Path $env:CULVERT_TEST_WORLD "$Name.json"
  if (-not (Test-Path -LiteralPath $file)) { return @{} }
  ConvertFrom-Json -AsHashtable ([IO.File]::ReadAllText($file))
}

function Write-State([string]$Name, $State) {
  $file = Join-Path $env:CULVERT_TEST_WORLD "$Name.json"
  # Whole or not at all: a run may be killed at any moment.
  [IO.File]::WriteAllText("$file.$PID", (ConvertTo-Json $State))
  [IO.File]::Move("$file.$PID", $file, $true)
}

# Rights are a file for each path: runs at the same time must not undo each other's.
function Get-RightFile([string]$Path) {
  Join-Path (Join-Path $env:CULVERT_TEST_WORLD 'rights') ($Path -replace '/', '!')
}

function Write-Right([string]$Path, [string]$Rights) {
  [IO.File]::WriteAllText((Get-RightFile $Path), $Rights)
}

function Invoke-SysFolder([string]$Name) {
  $places = @{
    ProgramFiles = 'ProgramFiles'; CommonApplicationData = 'ProgramData'
    Windows = 'Windows'; System = 'Windows/System32'
  }
  if (-not $places.ContainsKey($Name)) { throw "unexpected folder $Name" }
  Join-Path $env:CULVERT_TEST_WORLD $places[$Name]
}

function Invoke-SysVersion {
  [IO.File]::ReadAllText((Join-Path $env:CULVERT_TEST_WORLD 'version.json')) | ConvertFrom-Json
}

function Invoke-SysIsAdministrator {
  -not (Test-Path (Join-Path $env:CULVERT_TEST_WORLD 'not-an-administrator'))
}

function Invoke-SysMakeFolder([string]$Path, [string]$Rights) { throw 'that is for .NET Framework' }

function Invoke-SysMakeFolderCore([string]$Path, [string]$Rights) {
  Add-Call 'folder' $Path, $Rights
  Write-Right $Path $Rights
  $null = New-Item -ItemType Directory -Path $Path -Force
}

# ssh here looks at the mode, where that of Windows looks at the list.
function Invoke-SysWriteAccess([string]$File, [string]$Rights) {
  Add-Call 'rights' $File, $Rights
  if (-not (Test-Path -LiteralPath $File)) { throw "there is no $File" }
  [IO.File]::SetUnixFileMode($File, 'UserRead, UserWrite')
  Write-Right $File $Rights
}

# As Get-Acl shows them: with a group, and with the flags that Windows adds.
function Invoke-SysReadAccess([string]$Path) {
  $file = Get-RightFile $Path
  if (-not (Test-Path -LiteralPath $file)) { return 'O:S-1-5-21-1-2-3-1001G:DUD:AI(A;ID;FA;;;BU)' }
  [IO.File]::ReadAllText($file) -replace '^O:BAD:P', 'O:BAG:SYD:PAI'
}

function Invoke-SysFindCapability {
  Add-Call 'find-capability'
  $state = Read-State capabilities
  if ($state.Count -gt 0) { [pscustomobject]@{ Name = $state.Name } }
}

function Invoke-SysAddCapability([string]$Name) {
  Add-Call 'add-capability' $Name
  $state = Read-State capabilities
  if ($state['Error']) {
    throw (New-Object Runtime.InteropServices.COMException $state.Message, ([int]$state.Error))
  }
  Copy-Item -Recurse (Join-Path $env:CULVERT_TEST_WORLD 'openssh') `
    (Join-Path (Invoke-SysFolder System) 'OpenSSH')
}

function Invoke-SysFindService([string]$Name) {
  $service = (Read-State services)[$Name]
  if (-not $service) { return }
  $state = 'Stopped'
  if ($service.Pid -and (Get-Process -Id $service.Pid -ErrorAction Ignore)) { $state = 'Running' }
  [pscustomobject]@{
    Name = $Name; PathName = $service.PathName; State = $state; StartMode = 'Auto'
  }
}

function Invoke-SysMakeService([string]$Name, [string]$Command, [string]$Title) {
  Add-Call 'make-service' $Name, $Command, $Title
  $state = Read-State services
  if ($state[$Name]) { throw "The service $Name exists." }
  $state[$Name] = @{ PathName = $Command; Pid = 0 }
  Write-State services $state
}

# The service's own command line, with --console in place of --service NAME: that ends with its
# standard input, which a process of its own holds open.
function Invoke-SysStartService([string]$Name) {
  Add-Call 'start-service' $Name
  $state = Read-State services
  $command = $state[$Name].PathName -replace "--service $Name", '--console'
  $world = $env:CULVERT_TEST_WORLD
  $pids = /bin/sh -c "cd '$world' && rm -f stdin && mkfifo stdin &&
    { setsid sleep 100000 >stdin 2>/dev/null & echo `$!; } &&
    { setsid $command <stdin >>console 2>&1 & echo `$!; }"
  $state[$Name].Stdin, $state[$Name].Pid = [int[]]$pids
  Write-State services $state
}

function Invoke-SysStopService([string]$Name) {
  Add-Call 'stop-service' $Name
  $state = Read-State services
  Stop-Process -Id $state[$Name].Stdin
  Wait-Process -Id $state[$Name].Pid -Timeout 15 -ErrorAction Ignore
  $state[$Name].Pid = 0
  Write-State services $state
}

function Invoke-SysControl([string[]]$Words) {
  Add-Call 'sc.exe' $Words
  $state = Read-State services
  $name = $Words[1]
  if (-not $state[$name]) { return @{ Code = 1060; Output = 'no such service'; Errors = '' } }
  switch ($Words[0]) {
    'delete' { $state.Remove($name) }
    'config' { $state[$name].PathName = $Words[3] }
    { $_ -in 'description', 'privs', 'failure', 'failureflag' } { }
    default { throw "unexpected: sc.exe $Words" }
  }
  Write-State services $state
  @{ Code = 0; Output = ''; Errors = '' }
}

function Invoke-SysFindEventSource([string]$Name) { (Read-State sources).ContainsKey($Name) }

function Invoke-SysMakeEventSource([string]$Name) {
  Add-Call 'make-event-source' $Name
  $state = Read-State sources
  $state[$Name] = 'Application'
  Write-State sources $state
}

function Invoke-SysRemoveEventSource([string]$Name) {
  Add-Call 'remove-event-source' $Name
  $state = Read-State sources
  $state.Remove($Name)
  Write-State sources $state
}

# The program here is a script that has Mono run the real one, whose place its last word says.
function Invoke-SysLoad([string]$Program) {
  $real = ([IO.File]::ReadAllText($Program) -split "'")[1]
  [Reflection.Assembly]::Load([IO.File]::ReadAllBytes($real))
}
