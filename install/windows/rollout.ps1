#Requires -Version 5
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Installs or upgrades bloxdrop on this computer without asking anything.

.DESCRIPTION
Run it as an administrator, or by the means with which you roll out software. It
installs the .msi, puts your config in place where there is none, stores the
secrets, looks at everything with the service's account, and starts the service.
Run once more it brings all of that up to date, and sends nothing twice.

Secrets come from files, so that they stand on no command line. Delete these
files afterwards: bloxdrop keeps its own, encrypted for this computer.

.EXAMPLE
.\rollout.ps1 -Msi .\bloxdrop_0.1.0_windows_amd64.msi -Config .\config.toml -ApiKeyFile .\key.txt -ApiSecretFile .\secret.txt -Account "OFFICE\bloxdrop$"
#>
param(
    [Parameter(Mandatory)] [string] $Msi,
    [string] $Config,                # taken where %ProgramData%\bloxdrop\config.toml is not there, or with -ReplaceConfig
    [switch] $ReplaceConfig,
    [string] $ApiKeyFile,
    [string] $ApiSecretFile,
    [string] $Account = '',          # a gMSA, DOMAIN\name$, or DOMAIN\name with -PasswordFile; default: NT SERVICE\bloxdrop
    [string] $PasswordFile = ''
)
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false                # what bloxdrop ends with is looked at below
$OutputEncoding = New-Object System.Text.UTF8Encoding $false   # for what goes to bloxdrop

# What rolls out software is often a program of 32 bits, whose ProgramFiles is another.
$programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
$bloxdrop = Join-Path $programs 'bloxdrop\bloxdrop.exe'
$target = Join-Path $env:ProgramData 'bloxdrop\config.toml'
$had = Test-Path -LiteralPath $target
$ran = (Get-Service bloxdrop -ErrorAction SilentlyContinue).Status -eq 'Running'

# The whole path, also of a share; whatever is missing ends this before anything is done.
function Get-WholePath([string] $path) {
    if (-not $path) { return '' }
    if (-not (Test-Path -LiteralPath $path)) { throw "there is no $path" }
    return (Resolve-Path -LiteralPath $path).ProviderPath
}
$Msi = Get-WholePath $Msi
$Config = Get-WholePath $Config
$ApiKeyFile = Get-WholePath $ApiKeyFile
$ApiSecretFile = Get-WholePath $ApiSecretFile
$PasswordFile = Get-WholePath $PasswordFile

# 1. The program and its service.
$log = Join-Path $env:TEMP 'bloxdrop-msi.log'
$arguments = @('/i', "`"$Msi`"", '/qn', '/norestart', '/l*v', "`"$log`"")
if ($Account) { $arguments += "ACCOUNT=`"$Account`"" }
if ($PasswordFile) { $arguments += "PASSWORDFILE=`"$PasswordFile`"" }
$code = (Start-Process msiexec.exe -ArgumentList $arguments -Wait -PassThru).ExitCode
if ($code -notin 0, 3010) { throw "msiexec ended with $code; $log says why, and so may: & '$bloxdrop' install" }

# 2. The config. What an administrator has changed here stays.
if ($Config -and (-not $had -or $ReplaceConfig)) { Copy-Item -Force -LiteralPath $Config -Destination $target }

# 3. The secrets.
function Set-BloxdropSecret([string] $name, [string] $file) {
    if (-not $file) { return }
    Get-Content -Raw -Encoding UTF8 -LiteralPath $file | & $bloxdrop set-secret $name
    if ($LASTEXITCODE -ne 0) { throw "$name was not stored" }
}
Set-BloxdropSecret 'api_key' $ApiKeyFile
Set-BloxdropSecret 'api_secret' $ApiSecretFile

# 4. What the service will meet, with its own account. It must stand still for that.
& $bloxdrop stop
if ($LASTEXITCODE -ne 0) { throw 'bloxdrop does not stop' }
& $bloxdrop check --as-service
if ($LASTEXITCODE -ne 0) {
    if ($ran) { & $bloxdrop start }   # what ran goes on as well as it can: a share or Bloxs may just be away
    throw 'bloxdrop check has found errors, see above; mend them, and run this once more'
}

# 5. Go.
& $bloxdrop start
if ($LASTEXITCODE -ne 0) { throw 'bloxdrop does not start' }
& $bloxdrop status
