# What PSScriptAnalyzer is to look for in the scripts for Windows. A rule is left out only for a
# reason that stands with it.
@{
  IncludeDefaultRules = $true
  Rules = @{
    PSUseCompatibleSyntax = @{ Enable = $true; TargetVersions = @('5.1', '7.0') }
  }
  ExcludeRules = @(
    # It does not follow a script's parameters into the block and the functions that read them.
    'PSReviewUnusedParameter'
    # It is about cmdlets. Here -WhatIf is the script's own, and ends the run before any change.
    'PSUseShouldProcessForStateChangingFunctions'
    # It is about commands whose parameters a reader may not know. It cannot tell the script's own,
    # which take two or three words in an order that stands where they are defined.
    'PSAvoidUsingPositionalParameters'
  )
}
