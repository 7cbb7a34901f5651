
# ---- The plan: every change, before the first one ---------------------------------------------

# What only this host can say comes first; the rest stands in the settings.
print_plan() {
  phase "What this will do for the region $REGION"
  ! is_installed ||
    say '  It is installed: what is as it should be stays, host keys and tunnels too.'
  say '  On this host:'
  if [[ -x /usr/sbin/sshd ]]; then
    plan packages 'none; sshd is here'
  else
    plan packages "openssh-server, with $PACKAGE_MANAGER"
    plan '' "${OWN_UNITS[*]} masked, for this host had no sshd"
  fi
  plan culvert "$CULVERT"
  [[ -z $ADOPTED ]] || plan adopted "host keys and membership of $ADOPTED, which stay there, too"
  say '  In all:'
  say "${PLAN%$'\n'}"
}

# plan TITLE TEXT: one entry of it.
plan() { say "$(printf '    %-10s %s' "$1" "$2")"; }
