
# ---- Other programs and files -----------------------------------------------------------------

# Invoke-Program FILE ARGUMENTS [BYTES]: runs it to its end; these bytes are all that it can read.
# Gives Code and what it wrote: Output and Errors.
function Invoke-Program([string]$File, [string[]]$Arguments, [byte[]]$Bytes, [int]$Seconds = 60) {
  Complete-Program (Open-Program $File $Arguments $Bytes) $Seconds
}

# Open-Program: starts it; several can then run at once. With -Greeting only the first line that
# it writes is wanted, and it may go on reading until then.
function Open-Program([string]$File, [string[]]$Arguments, [byte[]]$Bytes, [switch]$Greeting) {
  $start = New-Object Diagnostics.ProcessStartInfo $File
  $start.Arguments = ($Arguments | ForEach-Object { ConvertTo-Argument $_ }) -join ' '
  $start.UseShellExecute = $false
  $start.CreateNoWindow = $true
  $start.RedirectStandardInput = $true
  $start.RedirectStandardOutput = $true
  $start.RedirectStandardError = $true
  if ($Bytes) { Use-PlainInput }
  $process = [Diagnostics.Process]::Start($start)
  $program = @{
    Process = $process; Errors = $process.StandardError.ReadToEndAsync(); Greets = [bool]$Greeting
  }
  if ($Greeting) {
    $program.Output = $process.StandardOutput.ReadLineAsync()
  } else {
    Write-Input $process.StandardInput $Bytes
    $program.Output = $process.StandardOutput.ReadToEndAsync()
  }
  $program
}

# Where the console is in UTF-8, .NET Framework would put a byte order mark in front.
function Use-PlainInput {
  if ([Console]::InputEncoding.GetPreamble().Length -eq 0) { return }
  [Console]::InputEncoding = New-Object Text.UTF8Encoding $false
}

# One that ends before it has read all has its reason, which its exit code tells.
function Write-Input([IO.StreamWriter]$To, [byte[]]$Bytes) {
  try {
    if ($Bytes) { $To.BaseStream.Write($Bytes, 0, $Bytes.Length) }
    $To.Close()
  } catch [IO.IOException] {
    return
  }
}

function Complete-Program($Program, [int]$Seconds) {
  $process = $Program.Process
  if ($Program.Greets) {
    $null = $Program.Output.Wait($Seconds * 1000)
    $process.StandardInput.Close()
  }
  if (-not $process.WaitForExit($Seconds * 1000)) { $process.Kill() }
  # A program that it started may hold the pipes open: what that one writes is not waited for.
  $null = [Threading.Tasks.Task]::WaitAll(@($Program.Output, $Program.Errors), 2000)
  $result = @{ Code = -1; Output = ''; Errors = '' }
  if ($process.WaitForExit(2000)) { $result.Code = $process.ExitCode }
  foreach ($name in 'Output', 'Errors') {
    if ($Program[$name].IsCompleted) { $result[$name] = "$($Program[$name].Result)" }
  }
  $result
}

# As Windows programs split their command line: CommandLineToArgvW.
function ConvertTo-Argument([string]$Text) {
  if ($Text -match '^[^\s"]+$') { return $Text }
  '"' + (($Text -replace '(\\*)"', '$1$1\"') -replace '(\\+)$', '$1$1') + '"'
}

# A path as ssh takes it, which reads a backslash as something else.
function ConvertTo-Slash([string]$Path) { $Path -replace '\\', '/' }

# Get-Digest -File PATH or -Text TEXT: its SHA-256, 64 hex digits.
function Get-Digest([string]$File, [string]$Text) {
  $bytes = [Text.Encoding]::UTF8.GetBytes($Text)
  if ($File) { $bytes = [IO.File]::ReadAllBytes($File) }
  ConvertTo-Hex (Get-Sha256 $bytes)
}

# The one implementation that a host in FIPS mode allows on .NET Framework.
function Get-Sha256([byte[]]$Bytes) {
  $algorithm = New-Object Security.Cryptography.SHA256CryptoServiceProvider
  , $algorithm.ComputeHash($Bytes)
}

function ConvertTo-Hex([byte[]]$Bytes) {
  [BitConverter]::ToString($Bytes).Replace('-', '').ToLower()
}

# The whole of a small file; nothing where there is none.
function Read-Text([string]$File) {
  if (Test-Path -LiteralPath $File -PathType Leaf) { return [IO.File]::ReadAllText($File) }
  ''
}

# Write-Whole FILE TEXT: a power cut leaves the old text or the new one.
function Write-Whole([string]$File, [string]$Text) {
  $aside = "$File.new"
  $bytes = [Text.Encoding]::UTF8.GetBytes($Text)
  $stream = [IO.File]::Create($aside)
  try {
    $stream.Write($bytes, 0, $bytes.Length)
    $stream.Flush($true)
  } finally {
    $stream.Close()
  }
  Move-Over $aside $File
}

# Move-Over FROM TO: .NET Framework moves no file onto another one by itself. Windows refuses for
# as long as somebody reads that one, which the service host does for a moment now and then.
function Move-Over([string]$From, [string]$To) {
  foreach ($attempt in 1..10) {
    try {
      if (Test-Path -LiteralPath $To) {
        [IO.File]::Replace($From, $To, [NullString]::Value)
      } else {
        [IO.File]::Move($From, $To)
      }
      return
    } catch {
      if ($attempt -eq 10) { throw }
      Start-Sleep -Milliseconds 100
    }
  }
}

function Remove-Quietly([string]$Path) {
  if (Test-Path -LiteralPath $Path) { Remove-Item -LiteralPath $Path -Recurse -Force }
}
