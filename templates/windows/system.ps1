
# ---- Windows itself: every call that only Windows has -----------------------------------------

# Each does one thing and decides nothing, so that the rest can be tried anywhere.

function Invoke-SysFolder([string]$Name) { [Environment]::GetFolderPath($Name) }

function Invoke-SysVersion {
  Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
}

function Invoke-SysIsAdministrator {
  $user = [Security.Principal.WindowsIdentity]::GetCurrent()
  $role = [Security.Principal.WindowsBuiltInRole]::Administrator
  (New-Object Security.Principal.WindowsPrincipal $user).IsInRole($role)
}

# Makes a folder that nobody else could enter in between: with its rights, in one call.
function Invoke-SysMakeFolder([string]$Path, [string]$Rights) {
  $security = New-Object Security.AccessControl.DirectorySecurity
  $security.SetSecurityDescriptorSddlForm($Rights)
  $null = [IO.Directory]::CreateDirectory($Path, $security)
}

# The same where PowerShell runs on .NET instead of .NET Framework.
function Invoke-SysMakeFolderCore([string]$Path, [string]$Rights) {
  $security = New-Object Security.AccessControl.DirectorySecurity
  $security.SetSecurityDescriptorSddlForm($Rights)
  $null = [IO.FileSystemAclExtensions]::CreateDirectory($security, $Path)
}

function Invoke-SysWriteAccess([string]$File, [string]$Rights) {
  $security = New-Object Security.AccessControl.FileSecurity
  $security.SetSecurityDescriptorSddlForm($Rights)
  Set-Acl -LiteralPath $File -AclObject $security
}

function Invoke-SysReadAccess([string]$Path) { (Get-Acl -LiteralPath $Path).Sddl }

function Invoke-SysFindCapability { Get-WindowsCapability -Online -Name 'OpenSSH.Client*' }

function Invoke-SysAddCapability([string]$Name) {
  $null = Add-WindowsCapability -Online -Name $Name
}

function Invoke-SysFindService([string]$Name) {
  Get-CimInstance -ClassName Win32_Service -Filter "Name='$Name'"
}

function Invoke-SysMakeService([string]$Name, [string]$Command, [string]$Title) {
  $null = New-Service -Name $Name -BinaryPathName $Command -DisplayName $Title `
    -StartupType Automatic
}

function Invoke-SysStartService([string]$Name) { Start-Service -Name $Name }

function Invoke-SysStopService([string]$Name) { Stop-Service -Name $Name -Force }

# Invoke-SysControl WORD...: what only sc.exe can set.
function Invoke-SysControl([string[]]$Words) {
  Invoke-Program (Join-Path (Invoke-SysFolder System) 'sc.exe') $Words
}

function Invoke-SysFindEventSource([string]$Name) { [Diagnostics.EventLog]::SourceExists($Name) }

function Invoke-SysMakeEventSource([string]$Name) {
  [Diagnostics.EventLog]::CreateEventSource($Name, 'Application')
}

function Invoke-SysRemoveEventSource([string]$Name) {
  [Diagnostics.EventLog]::DeleteEventSource($Name)
}

function Invoke-SysLoad([string]$Program) {
  [Reflection.Assembly]::Load([IO.File]::ReadAllBytes($Program))
}
