
# ---- Root -------------------------------------------------------------------------------------

# All settings and what the root part needs to know of this run.
SETTINGS=(
  REGION CONTROL_PLANE LOGIN SSHD_PORT FIRST_TUNNEL_PORT LAST_TUNNEL_PORT BIND_ADDRESS
  LISTEN_ADDRESS SSHD_CONFIG SSHD_CONFIG_BEFORE_9_8 CHOOSE_CONFIG LOGIN_HOOK PAM_SERVICE SSHD_UNIT
  AGENT_UNIT AGENT_ENVIRONMENT FOLDERS
)
CARRIED=(
  UNIT_PATH MODE TOKEN REMOVE_PACKAGES QUIET VERBOSE PHASE PHASES PHASE_BEGAN BOLD PLAIN
  FAMILY PACKAGE_MANAGER OWN_UNITS CULVERT ADOPTED CULVERT_LOCK_SECONDS SCRATCH_OF_CALLER
)

how_to_be_root() { tell 'Run it as root.'; }

# One run at a time changes this host.
take_turn() {
  exec 9</etc
  flock -w 300 9 ||
    fail "$PREFLIGHT" 'Another run has been changing this host for 5 minutes.' \
      'See what it waits for, and run this again.'
}

# The first thing made is the folder that holds the record; it appears with it.
begin_record() {
  local aside=/etc/.culvert-sshd.new
  if ! is_installed; then
    rm -rf -- "$aside" && mkdir -m 0755 "$aside" &&
      printf 'folder %s\n' "$FOLDER" >"$aside/installed" && sync "$aside/installed" &&
      mv -T "$aside" "$FOLDER" ||
      fail "$PACKAGES" "$FOLDER cannot be made." 'Check the disk and its mount options.'
  fi
  record file "$APPLIED"
}

# write_file PATH MODE GROUP CONTENT: leaves a file alone that is as it should be, sets its rights
# in any case, and never leaves half a file.
write_file() {
  record file "$1"
  printf '%s' "$4" >"$SCRATCH/file"
  if [[ ! -L $1 ]] && cmp -s "$SCRATCH/file" "$1"; then
    chown "root:$3" "$1" && chmod "$2" "$1"
    return
  fi
  rm -f -- "$1.new" && install -m "$2" -g "$3" "$SCRATCH/file" "$1.new" && sync "$1.new" &&
    mv -fT "$1.new" "$1" ||
    fail "$PACKAGES" "$1 cannot be written." 'Check the disk and its mount options.'
  say "Wrote $1."
}

# write_link PATH TARGET: at every moment there is one.
write_link() {
  record file "$1"
  [[ $(readlink "$1") != "$2" ]] || return 0
  rm -f -- "$1.new" && ln -s "$2" "$1.new" && mv -fT "$1.new" "$1" ||
    fail "$PACKAGES" "$1 cannot be written." 'Check the disk and its mount options.'
}
