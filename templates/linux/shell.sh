
# ---- This shell -------------------------------------------------------------------------------

# Nothing of the caller's shell may change what the commands below mean.
settle_shell() {
  set +aCefxv -u -o pipefail
  shopt -u failglob nullglob nocaseglob nocasematch
  # shellcheck disable=SC2086 # each name is a word
  unset -v CDPATH BASH_ENV ENV GREP_OPTIONS ${!SYSTEMD_@}
  IFS=$' \t\n'
  PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
  export PATH LC_ALL=C
  umask 022
  exec </dev/null # the script itself may have come in here; no command may read the rest of it
}

# A private folder for the time of this run, the only place written to before the plan is shown.
make_scratch() {
  local base=${TMPDIR:-/tmp}
  # What root works on, private keys too, stays in memory there.
  ((EUID > 0)) || base=/run
  SCRATCH=$(mktemp -d "$base/culvert.XXXXXXXX") ||
    fail "$PREFLIGHT" "No temporary folder can be made in $base." 'Make room there.'
  trap 'rm -rf -- "$SCRATCH"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}
