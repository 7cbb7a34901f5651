
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
  OS_NAME FAMILY PACKAGE_MANAGER KEY_TYPE PROGRAM MAY_BE_PLAIN ENABLE_EPEL
  REVIEWERS APPROVALS
  CULVERT_LOCK_SECONDS
  FINGERPRINT SCRATCH_OF_CALLER CULVERT_CA_FILE CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
  http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY ALL_PROXY NO_PROXY
)

how_to_be_root() { tell "As root: curl -fsSL $INSTALLER_URL -o install.sh; bash install.sh"; }

# What the root part begins with.
settle_run() {
  make_scratch
  name_paths
  find_way_out
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
