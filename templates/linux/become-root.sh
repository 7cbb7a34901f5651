
# ---- Becoming root, once ----------------------------------------------------------------------

# as_root FUNCTION: runs it as root, in one shell, so that sudo asks once. Functions, settings and
# token go in over a pipe, as one block again; sudo logs argv, and anyone can read an environment.
as_root() {
  if ((EUID == 0)); then
    "$1"
    return
  fi
  has sudo ||
    fail "$PREFLIGHT" 'This needs root, and there is no sudo.' "$(how_to_be_root)"
  say 'The next steps need root; sudo may ask for your password.' >&2
  SCRATCH_OF_CALLER=$SCRATCH
  carry "$1" | sudo bash -s
  local status=$?
  [[ -e $SCRATCH/became-root ]] ||
    fail "$PREFLIGHT" 'sudo did not let this script become root; nothing was changed.' \
      "$(how_to_be_root)"
  return "$status"
}

carry() {
  printf '{\n'
  knowledge "${CARRIED[@]}"
  # shellcheck disable=SC2016 # the root shell expands it
  printf 'settle_shell\n: >"$SCRATCH_OF_CALLER/became-root"\nsettle_run\n%s\nexit\n}\n' "$1"
}

# knowledge NAME...: this script's functions and settings, and variables besides, as bash reads
# them back.
knowledge() {
  local name
  # shellcheck disable=SC2016 # the shell that reads it expands it
  printf 'builtin unset -f $(compgen -A function)\n'
  declare -f
  for name in SETTINGS CARRIED EXIT_CODES "${SETTINGS[@]}" "${EXIT_CODES[@]}" "$@"; do
    [[ -z ${!name+set} ]] || declare -p "$name"
  done
}
