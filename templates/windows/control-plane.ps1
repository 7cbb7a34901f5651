
# ---- Talking to the control plane -------------------------------------------------------------

# Send-Call PATH [LINES] [-WithToken]: asks the control plane, sends it lines, shows it the token.
# Returns whether there is an answer; its lines are then in the run's Answer. It counts only when
# its last line is end=1: one that was cut, or that a captive portal made up, does not have it.
function Send-Call([string]$Path, [string]$Body, [switch]$WithToken) {
  $Run.Answer = @{}
  $token = ''
  if ($WithToken) { $token = $Run.Token }
  $got = Get-Web "$PublicUrl/t/$TunnelId/v1/$Path" -Body $Body -Token $token
  if ($got.Problem) {
    $Run.AnswerProblem = $got.Problem
    return $false
  }
  $lines = $got.Text -replace "`r", '' -split "`n" | Where-Object { $_ }
  if ($lines -and @($lines)[-1] -eq 'end=1') {
    foreach ($line in $lines) {
      $name, $value = $line -split '=', 2
      if ($name -cmatch '^[a-z_]+$') { $Run.Answer[$name] = ConvertTo-Printable $value }
    }
    return $true
  }
  $Run.AnswerProblem = "it answered with the HTTP status $($got.Status), and not as Culvert does"
  if ($got.Status -eq 407) {
    $Run.AnswerProblem = $RefusedByProxy
  } elseif ($got.Status -lt 300) {
    $Run.AnswerProblem = 'what answered there is not Culvert, or its answer was cut on the way'
  }
  $false
}

$RefusedByProxy = 'the HTTP proxy on the way there refused the user or the password'

# Why there is no answer at all: what .NET says, but for the one that has a remedy of its own.
function Get-Problem([string]$Message) {
  if ($Message -match '\b407\b') { return $RefusedByProxy }
  $Message.TrimEnd('.')
}

# Get-Web URL [BODY [TOKEN]]: Status, Bytes, Text of what is there, or the Problem of getting it.
# HttpWebRequest, as only this one takes the authorities of one request on .NET Framework 4.6.
function Get-Web([string]$Url, [string]$Body, [string]$Token, [int]$Limit = 65536) {
  $request = [Net.WebRequest]::CreateHttp($Url)
  $request.AllowAutoRedirect = $false
  $request.Timeout = 30000
  $request.ReadWriteTimeout = 30000
  $request.KeepAlive = $false
  $request.UserAgent = "Culvert installer $TemplateVersion"
  $request.Proxy = Get-WebProxy
  if ($Token) { $request.Headers['Authorization'] = "Bearer $Token" }
  if ($Run.Authorities) {
    $request.ServerCertificateValidationCallback = Get-AuthorityCheck
  }
  try {
    if ($Body) { Write-Request $request $Body }
    Read-Response ($request.GetResponse()) $Limit
  } catch {
    $failure = Get-WebFailure $_.Exception
    if ($failure.PSObject.Properties['Response'] -and $failure.Response) {
      return Read-Response $failure.Response $Limit
    }
    @{ Problem = Get-Problem (ConvertTo-Printable (Get-Deepest $failure).Message) }
  }
}

function Write-Request($Request, [string]$Body) {
  $bytes = [Text.Encoding]::ASCII.GetBytes($Body)
  $Request.Method = 'POST'
  $Request.ContentType = 'text/plain'
  $Request.ContentLength = $bytes.Length
  # .NET Framework would first ask whether it may, which some proxies refuse.
  $Request.ServicePoint.Expect100Continue = $false
  $stream = $Request.GetRequestStream()
  $stream.Write($bytes, 0, $bytes.Length)
  $stream.Close()
}

function Read-Response($Response, [int]$Limit) {
  try {
    $stream = $Response.GetResponseStream()
    $text = New-Object IO.MemoryStream
    $buffer = New-Object byte[] 8192
    while ($text.Length -lt $Limit) {
      $count = $stream.Read($buffer, 0, $buffer.Length)
      if ($count -eq 0) { break }
      $text.Write($buffer, 0, $count)
    }
    @{
      Status = [int]$Response.StatusCode
      Refusal = "$($Response.Headers['Culvert-Error'])"
      Bytes = $text.ToArray()
      Text = [Text.Encoding]::UTF8.GetString($text.ToArray())
      Problem = ''
    }
  } finally {
    $Response.Close()
  }
}

# PowerShell wraps what .NET throws.
function Get-WebFailure([Exception]$Exception) {
  while ($Exception.InnerException -and $Exception -isnot [Net.WebException]) {
    $Exception = $Exception.InnerException
  }
  $Exception
}

function Get-Deepest([Exception]$Exception) {
  while ($Exception.InnerException) { $Exception = $Exception.InnerException }
  $Exception
}

# The answer's value of that name, as text that is safe to print; empty when it has none.
function Get-Answer([string]$Name) { "$($Run.Answer[$Name])" }

# The same for a number; 0 for anything else.
function Get-Number([string]$Name) {
  if ((Get-Answer $Name) -match '^[1-9][0-9]{0,11}$') { return [long](Get-Answer $Name) }
  [long]0
}

# This slot's state as the vendor sees it, and our key's, when its fingerprint is known.
function Get-VendorView {
  $key = ''
  if ($Run.Fingerprint) { $key = "&key=$($Run.Fingerprint)" }
  Send-Call "status?slot=$Slot$key"
}

# The authorities to trust: those that were given, else those of the settings, else those that an
# earlier run kept, else those of Windows.
function Find-Authority {
  $Run.Authorities = $CaCertificates
  if (-not $Run.Authorities) { $Run.Authorities = Read-Text $Paths.Authorities }
  if (-not $Given.CaFile) { return }
  $Run.Authorities = Read-Text $Given.CaFile
  if ($Run.Authorities -notmatch '-----BEGIN CERTIFICATE-----') {
    fail "-CaFile: no certificate can be read from $(ConvertTo-Printable $Given.CaFile)." `
      'Name a file of certificates in PEM.' -Code $Exit.Usage
  }
}

# It is called on another thread, where no script can run: so it is a part of the service host.
function Get-AuthorityCheck {
  if (-not $Run.AuthorityCheck) {
    $kind = (Invoke-SysLoad (Get-HostProgram)).GetType('Culvert.PinnedAuthorities')
    $Run.AuthorityCheck = $kind.GetMethod('CheckBy').Invoke($null, @([string]$Run.Authorities))
  }
  $Run.AuthorityCheck
}
