
# ---- Uninstallation: what was recorded, and nothing else --------------------------------------

uninstall() {
  phase "Removing the tunnel '$TUNNEL_NAME' from this host"
  [[ -r $RECORD ]] ||
    fail "$USAGE" 'This tunnel is not installed on this host.' 'There is nothing to remove.'
  if systemctl cat "$UNIT" >/dev/null 2>&1; then
    run systemctl disable --now "$UNIT" ||
      fail "$TUNNEL" "$UNIT does not stop." "See: systemctl status $UNIT"
  fi
  withdraw_key
  remove_recorded
  systemctl daemon-reload
  systemctl reset-failed "$UNIT" 2>/dev/null
  say 'Removed.'
}

# The vendor forgets the key that this host proves it holds. If that cannot be, the rest goes on.
withdraw_key() {
  if copy_key && ssh-keygen -y -f "$SCRATCH/key" >"$SCRATCH/key.pub" 2>/dev/null; then
    FINGERPRINT=$(fingerprint_of "$SCRATCH/key.pub")
    (prove_possession "culvert-key-v1 remove $TUNNEL_ID $SLOT $FINGERPRINT")
    printf 'op=remove\nslot=%s\ntarget=%s\nproof=%s\nend=1\n' \
      "$SLOT" "$FINGERPRINT" "$(cat "$SCRATCH/key-cert.pub")" >"$SCRATCH/withdrawal"
    if call keys --header 'Content-Type: text/plain' --data-binary "@$SCRATCH/withdrawal" &&
      [[ $(answer result) == removed || $(answer error) == key-removed ]]; then
      say "$VENDOR_NAME has removed this host's key."
      return
    fi
  fi
  warn "$VENDOR_NAME could not be told: ask them to remove the key ${FINGERPRINT:-of this host}."
}

# Last made, first removed. What other tunnels use too goes with the last of them.
remove_recorded() {
  local kind name last=yes other heir=
  for other in "/var/lib/$SERVICE"/*/installed; do
    [[ -e $other && $other != "$RECORD" ]] || continue
    last=no
    heir=$other
  done
  tac "$RECORD" >"$SCRATCH/recorded"
  while read -r kind name; do
    case $kind in
      file) remove_file "$name" ;;
      folder) [[ $name == "$STATE_FOLDER" ]] || remove_folder "$name" ;;
      shared) [[ $last == no ]] || remove_shared "$name" ;;
      user) [[ $last == no ]] || run userdel "$SERVICE" || warn "The user $name was left." ;;
      package) take_back_package "$name" "$heir" ;;
    esac
  done <"$SCRATCH/recorded"
  rm -rf -- "$STATE_FOLDER/new" "/etc/.$SERVICE.new"
  remove_file "$RECORD"
  remove_folder "$STATE_FOLDER"
  if [[ $last == yes ]]; then
    remove_folder "/etc/$SERVICE"
    remove_folder "/var/lib/$SERVICE"
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

# The record is only believed about places that this script writes to, and not through a link.
remove_file() {
  case $1 in
    *..*) return ;;
    "/etc/$SERVICE/"* | "/var/lib/$SERVICE/"*) ;;
    "/etc/systemd/system/$SERVICE@"*.service | "/etc/systemd/system/$SERVICE.service") ;;
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
