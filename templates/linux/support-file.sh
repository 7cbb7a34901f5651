
# ---- The support file: what a customer may send to the vendor ---------------------------------

# Opened before anything is tested, so that a bad name is refused at once. Only a file that was
# not there is written: no link is followed, and nobody's file is replaced.
open_support_file() {
  local before
  [[ ! -e $SUPPORT_FILE && ! -L $SUPPORT_FILE ]] ||
    fail "$USAGE" "$SUPPORT_FILE exists." 'Name a file that does not.'
  before=$(umask)
  umask 077
  set -o noclobber
  { exec 8>"$SUPPORT_FILE"; } 2>/dev/null ||
    fail "$USAGE" "$SUPPORT_FILE cannot be written." 'Name a file in a folder that can be.'
  set +o noclobber
  umask "$before"
}

# These fields and no others: no key, token, host name, address or line of a log.
write_support_file() {
  local number name
  {
    support installer "$TEMPLATE_VERSION"
    support tunnel "$INSTANCE"
    support os "$OS_NAME"
    support bash "$BASH_VERSION"
    support ssh "$(ssh -V 2>&1)"
    support systemd "$(systemctl --version 2>/dev/null | head -n 1)"
    support autossh "$(autossh -V 2>&1 | head -n 1)"
    support service "${SERVICE_STATE-}"
    support at_boot "${AT_BOOT-}"
    for number in "${!HOPS[@]}"; do
      support "hop_${HOPS[number]//-/_}" "${RESULTS[number]}"
    done
    support broken "${BROKEN:-nothing}"
    for name in now key session session_since database database_at reason agent_at; do
      support "vendor_$name" "$(answer "$name")"
    done
  } >&8
  exec 8>&-
  [[ $JSON == yes ]] || tell "Wrote $SUPPORT_FILE: read it before you send it to $VENDOR_NAME."
}

# support NAME VALUE: one line.
support() { printf '%s=%s\n' "$1" "$(printf '%.200s' "$2" | printable)"; }
