
# ---- The plan: every change, before the first one ---------------------------------------------

# What is the same on every host stands in the settings; what only this one can say comes first.
print_plan() {
  phase "What this will do for tunnel '$TUNNEL_NAME' of $ACCOUNT_NAME"
  ! is_installed || say '  It is installed: what is as it should be stays, the key too.'
  say '  On this host:'
  plan_packages
  plan key "$KEY_TYPE"
  [[ -z $HTTP_PROXY_HOST ]] ||
    plan 'way out' "through the HTTP proxy $HTTP_PROXY_HOST port $HTTP_PROXY_PORT"
  plan_reviewers
  [[ -z $CA_FILE ]] || plan trusted "for the vendor's address, the authorities in $CA_FILE"
  say '  In all:'
  say "${PLAN%$'\n'}"
}

# plan TITLE TEXT: one entry of it.
plan() { say "$(printf '    %-10s %s' "$1" "$2")"; }

plan_packages() {
  local packages
  packages=$(missing_packages | tr '\n' ' ')
  packages=${packages% }
  plan packages "${packages:-none; all are here}${packages:+, with $PACKAGE_MANAGER}"
  [[ $packages != *autossh || $ENABLE_EPEL == no ]] ||
    plan '' 'epel-release before, which adds the package source EPEL'
}
