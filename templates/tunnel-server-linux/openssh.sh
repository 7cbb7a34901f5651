
# ---- OpenSSH ----------------------------------------------------------------------------------

# Where no sshd was, none of the host's own starts: neither now nor at the next boot.
install_openssh() {
  local unit package
  phase 'OpenSSH'
  if [[ -x /usr/sbin/sshd ]]; then
    say 'It is here, and is left as it is.'
    return
  fi
  SECONDS_WAITED=0
  for unit in "${OWN_UNITS[@]}"; do
    [[ ! -e $UNITS/$unit && ! -L $UNITS/$unit ]] || continue
    record mask "$unit"
    run systemctl mask "$unit" || fail "$PACKAGES" "$unit cannot be masked." 'See above.'
  done
  say 'Installing openssh-server.'
  [[ -n $(coming_packages) ]] || patiently manage_packages update
  for package in $(coming_packages); do record package "$package"; done
  patiently manage_packages install openssh-server || {
    show_package_output
    fail "$PACKAGES" "$PACKAGE_MANAGER could not install openssh-server; see above why." \
      'Mend that, or install it yourself, and run this again.'
  }
  is_new_enough "$(openssh_version)" ||
    fail "$PACKAGES" "OpenSSH $(openssh_version) is too old." 'Use a host with 8.5 or later.'
}

# coming_packages: what comes with openssh-server, the last one; nothing where apt has no list.
coming_packages() {
  if [[ $PACKAGE_MANAGER == apt-get ]]; then
    manage_packages --simulate install openssh-server 2>/dev/null |
      awk '$1 == "Inst" { print $2 }'
  else
    tell openssh-server
  fi
}
