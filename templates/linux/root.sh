
# ---- Root -------------------------------------------------------------------------------------

# All settings: with the functions they make the command that stays on this host.
SETTINGS=(
  TEMPLATE_VERSION BODY_SHA256 RENDER PUBLIC_URL INSTALLER_URL VENDOR VENDOR_NAME ACCOUNT_NAME
  SERVICE TUNNEL_ID TUNNEL_NAME INSTANCE SLOT TUNNEL_HOSTS TUNNEL_PORTS LOGIN TUNNEL_PORT
  EGRESS_ADDRESSES DATABASE_TYPE DATABASE_HOST DATABASE_PORT DATABASE_SOCKET
  SSH_CONFIG SSH_CONFIG_RUN KNOWN_HOSTS TUNNEL_UNIT PLAIN_UNIT UMBRELLA_UNIT DISPATCHER CONNECT
  PLAN CA_CERTIFICATES
)

# What the root part needs to know of this run.
CARRIED=(
  MODE TOKEN REMOVE_PACKAGES DEFER_DATABASE JSON FOLLOW SUPPORT_FILE GIVEN_CONFIG QUIET VERBOSE
  PHASE PHASES PHASE_BEGAN BOLD PLAIN GIVEN_HTTP_PROXY
  OS_NAME FAMILY PACKAGE_MANAGER SSH_PACKAGE KEY_TYPE PROGRAM MAY_BE_PLAIN ENABLE_EPEL
  REVIEWERS APPROVALS
  CULVERT_LOCK_SECONDS
  FINGERPRINT SCRATCH_OF_CALLER CULVERT_CA_FILE CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
  http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY ALL_PROXY NO_PROXY
)

# as_root FUNCTION: runs it as root, in one shell, so that sudo asks once. Functions, settings and
# token go in over a pipe, as one block again; sudo logs argv, and anyone can read an environment.
as_root() {
  if ((EUID == 0)); then
    "$1"
    return
  fi
  has sudo ||
    fail "$PREFLIGHT" 'This needs root, and there is no sudo.' \
      "As root: curl -fsSL $INSTALLER_URL -o install.sh; bash install.sh"
  say 'The next steps need root; sudo may ask for your password.' >&2
  SCRATCH_OF_CALLER=$SCRATCH
  carry "$1" | sudo bash -s
  local status=$?
  [[ -e $SCRATCH/became-root ]] ||
    fail "$PREFLIGHT" 'sudo did not let this script become root; nothing was changed.' \
      "As root: curl -fsSL $INSTALLER_URL -o install.sh; bash install.sh"
  return "$status"
}

carry() {
  printf '{\n'
  knowledge "${CARRIED[@]}"
  # shellcheck disable=SC2016 # the root shell expands it
  printf 'settle_shell\n: >"$SCRATCH_OF_CALLER/became-root"\n'
  printf 'make_scratch\nname_paths\nfind_way_out\n%s\nexit\n}\n' "$1"
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

# One run at a time changes this host. The lock goes with the last process that holds it: also
# with an apt that outlives an installer killed by -9.
take_turn() {
  exec 9</var/lib
  flock -n 9 && return
  say 'Another run is changing the tunnels of this host; waiting for it, 5 minutes at the most.'
  flock -w 300 9 ||
    fail "$PREFLIGHT" 'Another run has been changing the tunnels of this host for 5 minutes.' \
      'See what it waits for, and run this again.'
}
