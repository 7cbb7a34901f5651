
# ---- This host --------------------------------------------------------------------------------

# Nothing of the caller's shell may change what the commands below mean.
settle_shell() {
  set +aCefxv -u -o pipefail
  shopt -u failglob nullglob nocaseglob nocasematch
  # shellcheck disable=SC2086 # each name is a word
  unset -v CDPATH BASH_ENV ENV GREP_OPTIONS ${!SYSTEMD_@}
  IFS=$' \t\n'
  PATH=$UNIT_PATH
  export PATH LC_ALL=C
  umask 022
  exec </dev/null # the script itself may have come in here; no command may read the rest of it
}

# The PATH that systemd gives to services.
UNIT_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# A private folder for the time of this run, the only place written to before the plan is shown.
make_scratch() {
  local base=${TMPDIR:-/tmp}
  ((EUID > 0)) || base=/run
  SCRATCH=$(mktemp -d "$base/culvert.XXXXXXXX") ||
    fail "$PREFLIGHT" "No temporary folder can be made in $base." 'Make room there.'
  trap 'rm -rf -- "$SCRATCH"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

name_paths() {
  FOLDER=/etc/culvert-sshd
  RECORD=$FOLDER/installed
  APPLIED=$FOLDER/applied
  STATE_FOLDER=/var/lib/culvert-agent
  LOG_FOLDER=/var/log/culvert-sshd
  RUN_FOLDER=/run/culvert-sshd
  PAM_FILE=/etc/pam.d/culvert-sshd
  UNITS=/etc/systemd/system
  FOLDERS_FILE=/etc/tmpfiles.d/culvert-sshd.conf
  SYSCTL_FILE=/etc/sysctl.d/90-culvert-sshd.conf
}

# Which system this is; ends the run on one that is not known.
detect_host() {
  ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)) ||
    fail "$UNSUPPORTED" "bash $BASH_VERSION is too old." 'Use a host with bash 4.2 or later.'
  read_os_release
  say "This host: $(uname -n), ${OS_NAME:-unknown system}, as $(id -un)"
  [[ -n $FAMILY && -n $PACKAGE_MANAGER ]] ||
    fail "$UNSUPPORTED" "This installer does not know ${OS_NAME:-this system}." \
      'Use Debian, RHEL or a relative of theirs, or run culvert tunnel-server by hand.'
  [[ -d /run/systemd/system ]] ||
    fail "$UNSUPPORTED" 'systemd does not manage this host.' \
      'Run culvert tunnel-server by hand.'
}

# The system's name, its family, its package manager, and the units of its own sshd.
read_os_release() {
  local release=/etc/os-release ids id
  [[ -r $release ]] || release=/usr/lib/os-release
  # shellcheck source=/dev/null # read in a shell of its own, so that its names touch none of ours
  OS_NAME=$(unset PRETTY_NAME && . "$release" 2>/dev/null && printf '%s' "${PRETTY_NAME-}")
  # shellcheck source=/dev/null
  ids=$(
    unset ID ID_LIKE
    . "$release" 2>/dev/null && printf '%s %s' "${ID-}" "${ID_LIKE-}"
  )
  FAMILY='' PACKAGE_MANAGER='' OWN_UNITS=()
  for id in $ids; do
    case $id in
      debian | ubuntu) FAMILY=debian ;;
      rhel | fedora | centos | rocky | almalinux | ol | amzn) FAMILY=rhel ;;
      *) continue ;;
    esac
    break
  done
  case $FAMILY in
    debian)
      OWN_UNITS=(ssh.service ssh.socket)
      first_of PACKAGE_MANAGER apt-get
      ;;
    rhel)
      OWN_UNITS=(sshd.service sshd.socket)
      first_of PACKAGE_MANAGER dnf yum
      ;;
  esac
}

# first_of VARIABLE COMMAND...: puts the first of them that this host has into the variable.
first_of() {
  local variable=$1
  shift
  while (($# > 0)) && ! has "$1"; do shift; done
  printf -v "$variable" '%s' "${1-}"
}

# printable: text that a terminal takes as text, from standard input.
printable() { tr -d '\n' | tr -c '[:print:]' '?'; }

is_installed() { [[ -s $RECORD ]]; }

# Whose credential was lost has not; only root and the agent can see that.
has_joined() {
  grep -qsx "joined $REGION" "$RECORD" &&
    [[ ! -x $STATE_FOLDER || -s $STATE_FOLDER/membership.json ]]
}

is_enforcing() { [[ $(cat /sys/fs/selinux/enforce 2>/dev/null) == 1 ]]; }
