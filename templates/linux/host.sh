
# ---- This host --------------------------------------------------------------------------------

# Which system this is.
detect_host() {
  ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)) ||
    fail "$UNSUPPORTED" "bash $BASH_VERSION is too old." 'Use a host with bash 4.2 or later.'
  has curl || [[ $(wget --version 2>/dev/null) == 'GNU Wget 1'* ]] ||
    fail "$PREFLIGHT" 'Neither curl nor GNU wget is here.' \
      'Install the package curl or wget and run this again; wget2 and BusyBox will not do.'
  read_os_release
  KEY_TYPE=ed25519
  [[ $(cat /proc/sys/crypto/fips_enabled 2>/dev/null) != 1 ]] || KEY_TYPE=ecdsa
}

# Whether it can run a service of ours.
judge_host() {
  say "This host: $(uname -n), ${OS_NAME:-unknown system}, as $(id -un)"
  [[ $KEY_TYPE == ed25519 ]] || say 'FIPS mode is on: the key will be ECDSA P-256.'
  [[ $MODE != run ]] || return 0
  say_what_contains_it

  [[ -n $FAMILY ]] ||
    unsupported "this installer does not know ${OS_NAME:-this system}" \
      'Use Debian, RHEL or a relative of theirs, or hold the tunnel with: install.sh run'
  [[ -z $FAMILY || -n $PACKAGE_MANAGER ]] ||
    unsupported 'this host has no package manager that this installer knows' \
      'Use a host with apt, dnf or yum, or hold the tunnel with: install.sh run'
  [[ -d /run/systemd/system ]] ||
    unsupported 'systemd does not manage this host, so no service can be installed' \
      "Hold the tunnel yourself with: install.sh run   ($PUBLIC_URL/t/$TUNNEL_ID says how)"
}

say_what_contains_it() {
  local kind
  kind=$(systemd-detect-virt --container 2>/dev/null)
  case $kind in
    '' | none) ;;
    wsl) say 'This is WSL: the tunnel is up only while Windows keeps WSL running.' ;;
    *) say "This is a container ($kind): the tunnel is up only while the container runs." ;;
  esac
}

# unsupported WHAT NEXT: ends an installation; a check goes on and lists it with the rest.
unsupported() {
  [[ $MODE == check ]] || fail "$UNSUPPORTED" "${1^}." "$2"
  finding "$1" "$2"
}

# The paths of this tunnel. The same names are in the files of the settings.
name_paths() {
  SHARED_FOLDERS=("/etc/$SERVICE" "/var/lib/$SERVICE" "/usr/local/lib/$SERVICE")
  CONFIG_FOLDER=/etc/$SERVICE/$INSTANCE
  STATE_FOLDER=/var/lib/$SERVICE/$INSTANCE
  KEPT_FOLDER=$CONFIG_FOLDER
  KEY=$STATE_FOLDER/key
  RECORD=$STATE_FOLDER/installed
  APPLIED=$STATE_FOLDER/applied
  OLD_KEY=$STATE_FOLDER/key.old
  SERIAL_FILE=$STATE_FOLDER/serial
  NEXT_FOLDER=$STATE_FOLDER/next
  LOCAL_CONFIG=$CONFIG_FOLDER/local.conf
  PIN_FILE=/etc/$SERVICE/$VENDOR.reviewers
  CODE_FOLDER=/usr/local/lib/$SERVICE/$INSTANCE
  DISPATCHER_FILE=/usr/local/sbin/$SERVICE
  UNIT=$SERVICE@$INSTANCE.service
  UNIT_FILE=/etc/systemd/system/$UNIT
  HOST_FILE=$UNIT_FILE.d/host.conf
  UMBRELLA_FILE=/etc/systemd/system/$SERVICE.service
}

# is_link FOLDER: whether one of the shared folders, or this tunnel's in it, leads elsewhere.
is_link() { [[ -L $1 || -L $1/$INSTANCE ]]; }

is_installed() { [[ -e $UNIT_FILE ]]; }
