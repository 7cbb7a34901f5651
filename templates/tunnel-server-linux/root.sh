
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

# as_root FUNCTION: runs it as root, in one shell, so that sudo asks once. Functions, settings and
# token go in over a pipe, as one block again; sudo logs argv, and anyone can read an environment.
as_root() {
  if ((EUID == 0)); then
    "$1"
    return
  fi
  has sudo ||
    fail "$PREFLIGHT" 'This needs root, and there is no sudo.' 'Run it as root.'
  say 'The next steps need root; sudo may ask for your password.' >&2
  SCRATCH_OF_CALLER=$SCRATCH
  carry "$1" | sudo bash -s
  local status=$?
  [[ -e $SCRATCH/became-root ]] ||
    fail "$PREFLIGHT" 'sudo did not let this script become root; nothing was changed.' \
      'Run it as root.'
  return "$status"
}

carry() {
  local name
  # shellcheck disable=SC2016 # the shell that reads it expands it
  printf '{\nbuiltin unset -f $(compgen -A function)\n'
  declare -f
  for name in EXIT_CODES "${EXIT_CODES[@]}" "${SETTINGS[@]}" "${CARRIED[@]}"; do
    [[ -z ${!name+set} ]] || declare -p "$name"
  done
  # shellcheck disable=SC2016
  printf 'settle_shell\n: >"$SCRATCH_OF_CALLER/became-root"\n'
  printf 'make_scratch\nname_paths\n%s\nexit\n}\n' "$1"
}

# One run at a time changes this host.
take_turn() {
  exec 9</etc
  flock -w 300 9 ||
    fail "$PREFLIGHT" 'Another run has been changing this host for 5 minutes.' \
      'See what it waits for, and run this again.'
}

# record KIND NAME: notes what is about to be made, before it is made, so that an uninstallation
# removes exactly that, even after a crash in between.
record() {
  grep -qsxF -- "$1 $2" "$RECORD" && return
  printf '%s %s\n' "$1" "$2" >>"$RECORD" && sync "$RECORD" ||
    fail "$PACKAGES" "$RECORD cannot be written." 'Check disk and rights of that folder.'
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
