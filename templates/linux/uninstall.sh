
# ---- Uninstallation: what was recorded, and nothing else --------------------------------------

uninstall() {
  need_installed
  take_turn
  PHASES=1
  phase "Removing the tunnel '$TUNNEL_NAME' from this host"
  check_owner
  if systemctl cat "$UNIT" >/dev/null 2>&1; then
    run systemctl disable --now "$UNIT" ||
      fail "$TUNNEL" "$UNIT does not stop." "See: systemctl status $UNIT"
  fi
  withdraw_keys
  remove_recorded
  systemctl daemon-reload
  systemctl reset-failed "$UNIT" 2>/dev/null
  end_phase
  say 'Removed.'
}

# The vendor forgets the keys that this host proves it holds. If that cannot be, the rest goes on.
withdraw_keys() {
  local key
  for key in "$OLD_KEY" "$KEY"; do
    [[ -e $key ]] || continue
    if copy_key "$key" "$SCRATCH/key"; then
      (remove_at_vendor "$(fingerprint_of "$SCRATCH/key.pub")" "$SCRATCH/key") &&
        say "$VENDOR_NAME has removed this host's key."
    else
      warn "$VENDOR_NAME could not be told: ask them to remove the key of this host."
    fi
  done
}

# Last made, first removed. What other tunnels use too goes with the last of them.
remove_recorded() {
  local kind name last=yes other heir='' vendor_heir='' folder
  for other in "/var/lib/$SERVICE"/*/installed; do
    [[ -e $other && $other != "$RECORD" ]] || continue
    last=no
    heir=$other
    [[ ${other#"/var/lib/$SERVICE/"} != "${VENDOR}_"* ]] || vendor_heir=$other
  done
  tac "$RECORD" >"$SCRATCH/recorded"
  while read -r kind name; do
    case $kind in
      file) remove_file "$name" ;;
      folder) [[ $name == "$STATE_FOLDER" ]] || remove_folder "$name" ;;
      shared) [[ $last == no ]] || remove_shared "$name" ;;
      user) [[ $last == no ]] || run userdel "$SERVICE" || warn "The user $name was left." ;;
      package) take_back_package "$name" "$heir" ;;
      reviewers) take_back_reviewers "$name" "$vendor_heir" ;;
    esac
  done <"$SCRATCH/recorded"
  rm -rf -- "$NEXT_FOLDER" "/etc/.$SERVICE.new"
  remove_file "$RECORD"
  remove_folder "$STATE_FOLDER"
  if [[ $last == yes ]]; then
    for folder in "${SHARED_FOLDERS[@]}"; do remove_folder "$folder"; done
  fi
}

# take_back_package NAME HEIR: another tunnel needs the package too, and then keeps it in mind.
take_back_package() {
  if [[ -n $2 ]]; then
    printf 'package %s\n' "$1" >>"$2"
  elif [[ $REMOVE_PACKAGES == yes ]]; then
    remove_package "$1"
  else
    say "The package $1 was left; uninstall --packages takes it away, too."
  fi
}

# take_back_reviewers FILE HEIR: another tunnel of the same vendor needs it, too, and keeps it in
# mind.
take_back_reviewers() {
  if [[ -z $2 ]]; then
    remove_file "$1"
  else
    grep -qsxF "reviewers $1" "$2" || printf 'reviewers %s\n' "$1" >>"$2"
  fi
}

# The record is only believed about places that this script writes to, and not through a link.
remove_file() {
  case $1 in
    *..*) return ;;
    "/etc/$SERVICE/"* | "/var/lib/$SERVICE/"* | "/usr/local/lib/$SERVICE/"*) ;;
    "/etc/systemd/system/$SERVICE@"*.service.d/host.conf) ;;
    "/etc/systemd/system/$SERVICE@"*.service | "/etc/systemd/system/$SERVICE.service") ;;
    "/usr/local/sbin/$SERVICE") ;;
    *) return ;;
  esac
  [[ -L ${1%/*} ]] || rm -f -- "$1" "$1.new"
}

remove_shared() {
  [[ $1 != "$UMBRELLA_FILE" ]] || run systemctl disable --now "$SERVICE.service"
  remove_file "$1"
}

remove_folder() {
  [[ ! -d $1 ]] || rmdir -- "$1" 2>/dev/null ||
    warn "$1 holds files that are not ours and was left."
}
