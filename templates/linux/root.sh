
# ---- Root -------------------------------------------------------------------------------------

# What the root part needs to know besides the functions.
CARRIED=(
  TEMPLATE_VERSION RENDER PUBLIC_URL INSTALLER_URL VENDOR_NAME SERVICE
  TUNNEL_ID TUNNEL_NAME INSTANCE SLOT SSH_CONFIG KNOWN_HOSTS TUNNEL_UNIT UMBRELLA_UNIT MODE TOKEN
  USAGE UNSUPPORTED PREFLIGHT PACKAGES ENROLMENT TUNNEL DATABASE
  http_proxy https_proxy no_proxy CULVERT_CA_FILE
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
  carry "$1" | sudo bash -s
  local status=$?
  # None of our own exit codes is 1: that is sudo's way to say no.
  ((status != 1)) ||
    fail "$PREFLIGHT" 'sudo did not let this script become root; nothing was changed.' \
      "As root: curl -fsSL $INSTALLER_URL -o install.sh; bash install.sh"
  return "$status"
}

carry() {
  local name
  printf '{\n'
  declare -f
  for name in "${CARRIED[@]}"; do
    [[ -z ${!name-} ]] || declare -p "$name"
  done
  printf 'settle_shell\nmake_scratch\nname_paths\n%s\nexit\n}\n' "$1"
}
