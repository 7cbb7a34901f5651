
# ---- Root -------------------------------------------------------------------------------------

# What the root part needs to know besides the functions.
CARRIED=(
  TEMPLATE_VERSION RENDER PUBLIC_URL INSTALLER_URL VENDOR_NAME SERVICE
  TUNNEL_ID TUNNEL_NAME INSTANCE SLOT SSH_CONFIG KNOWN_HOSTS TUNNEL_UNIT UMBRELLA_UNIT
  MODE TOKEN REMOVE_PACKAGES
  USAGE UNSUPPORTED PREFLIGHT PACKAGES ENROLMENT TUNNEL DATABASE
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
  say 'The next steps need root; sudo may ask for your password.'
  SCRATCH_OF_CALLER=$SCRATCH
  carry "$1" | sudo bash -s
  local status=$?
  [[ -e $SCRATCH/became-root ]] ||
    fail "$PREFLIGHT" 'sudo did not let this script become root; nothing was changed.' \
      "As root: curl -fsSL $INSTALLER_URL -o install.sh; bash install.sh"
  return "$status"
}

carry() {
  local name
  printf '{\n'
  declare -f
  for name in "${CARRIED[@]}"; do
    [[ -z ${!name+set} ]] || declare -p "$name"
  done
  # shellcheck disable=SC2016 # the root shell expands it
  printf 'settle_shell\n: >"$SCRATCH_OF_CALLER/became-root"\n'
  printf 'make_scratch\nname_paths\n%s\nexit\n}\n' "$1"
}
