
# ---- This host --------------------------------------------------------------------------------

# Nothing of the caller's shell may change what the commands below mean.
settle_shell() {
  set +aefxv -u -o pipefail
  unset -v CDPATH BASH_ENV ENV GREP_OPTIONS
  IFS=$' \t\n'
  PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
  export PATH LC_ALL=C
  umask 022
  exec </dev/null # the script itself came in here; no command may read the rest of it
}

# A private folder for the time of this run, the only place written to before the plan is shown.
make_scratch() {
  local base=${TMPDIR:-/tmp}
  # Root works on a copy of the private key, which stays in memory there.
  ((EUID > 0)) || base=/run
  SCRATCH=$(mktemp -d "$base/culvert.XXXXXXXX") ||
    fail "$PREFLIGHT" "No temporary folder can be made in $base." 'Make room there.'
  trap 'rm -rf -- "$SCRATCH"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# Which system this is, and whether it can run a service of ours.
detect_host() {
  ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)) ||
    fail "$UNSUPPORTED" "bash $BASH_VERSION is too old." 'Use a host with bash 4.2 or later.'
  has curl || fail "$PREFLIGHT" 'curl is missing.' 'Install the package curl and run this again.'

  local release=/etc/os-release
  [[ -r $release ]] || release=/usr/lib/os-release
  # shellcheck source=/dev/null # read in a shell of its own, so that its names touch none of ours
  OS_NAME=$(unset PRETTY_NAME && . "$release" 2>/dev/null && printf '%s' "${PRETTY_NAME-}")
  # shellcheck source=/dev/null
  OS_IDS=$(
    unset ID ID_LIKE
    . "$release" 2>/dev/null && printf ' %s %s ' "${ID-}" "${ID_LIKE-}"
  )
  say "This host: $(uname -n), ${OS_NAME:-unknown system}, as $(id -un)"
  [[ $MODE != run ]] || return 0

  [[ $OS_IDS == *' debian '* ]] ||
    unsupported "this installer does not know ${OS_NAME:-this system}" \
      'Run it on Debian or a system derived from it, or use: install.sh run'
  [[ -d /run/systemd/system ]] ||
    unsupported 'systemd does not manage this host, so no service can be installed' \
      'Use a host with systemd, or hold the tunnel open yourself with: install.sh run'
}

# unsupported WHAT NEXT: ends an installation; a check goes on and lists it with the rest.
unsupported() {
  [[ $MODE == check ]] || fail "$UNSUPPORTED" "${1^}." "$2"
  finding "$1" "$2"
}

# The paths of this tunnel. The same names are in the files of the settings.
name_paths() {
  CONFIG_FOLDER=/etc/$SERVICE/$INSTANCE
  STATE_FOLDER=/var/lib/$SERVICE/$INSTANCE
  KEY=$STATE_FOLDER/key
  RECORD=$STATE_FOLDER/installed
  APPLIED=$STATE_FOLDER/applied
  OLD_KEY=$STATE_FOLDER/key.old
  NEXT_FOLDER=$STATE_FOLDER/next
  LOCAL_CONFIG=$CONFIG_FOLDER/local.conf
  PROGRAM_FOLDER=/usr/local/lib/$SERVICE/$INSTANCE
  DISPATCHER_FILE=/usr/local/sbin/$SERVICE
  UNIT=$SERVICE@$INSTANCE.service
  UNIT_FILE=/etc/systemd/system/$UNIT
  UMBRELLA_FILE=/etc/systemd/system/$SERVICE.service
}

is_installed() { [[ -e $UNIT_FILE ]]; }
