
# ---- The plan: every change, before the first one ---------------------------------------------

print_plan() {
  phase "What this will do for tunnel '$TUNNEL_NAME' of $ACCOUNT_NAME"
  ! is_installed || say '  It is installed: what is as it should be stays, the key too.'
  plan_packages
  say "  user       $SERVICE, a system user without login or home"
  say "  folders    /etc/$SERVICE with a README, $CONFIG_FOLDER (settings),"
  say "             $STATE_FOLDER (key, record),"
  say "             $CODE_FOLDER (programs)"
  say "  files      $CONFIG_FOLDER/ssh_config, known_hosts, local.conf, endpoints"
  [[ -z $HTTP_PROXY_HOST ]] ||
    say "             $CONFIG_FOLDER/http-proxy: where it is, its user and password"
  [[ -z $CA_FILE ]] || say "             $CONFIG_FOLDER/ca.pem: the authorities to trust"
  say "             $CODE_FOLDER/connect: carries ssh past dead endpoints and HTTP proxies"
  say "             $KEY, key.pub: a new $KEY_TYPE key that never leaves this host"
  say "             $RECORD, $APPLIED: what was made, and what runs"
  say "             $UNIT_FILE"
  say "             $UMBRELLA_FILE"
  say "             $HOST_FILE,"
  say "             only if this host's systemd cannot do all of the unit"
  say "             $CODE_FOLDER/tunnel and $DISPATCHER_FILE: the command"
  say "             $SERVICE, for status, doctor, logs, rotate-key, upgrade, uninstall"
  say "  service    $UNIT, started now and at every boot"
  say '  network    out to the first of these that answers, while the tunnel is up:'
  endpoints | sed 's/^\(.*\) \(.*\)$/             \1 port \2/'
  [[ -z $HTTP_PROXY_HOST ]] ||
    say "             all through the HTTP proxy $HTTP_PROXY_HOST port $HTTP_PROXY_PORT"
  say "             to $PUBLIC_URL go the public key and this installer's digest"
  say "  as root    the package manager, groupadd and useradd, ssh-keygen, writing these files,"
  say "             systemctl daemon-reload, enable and restart of the service"
}

plan_packages() {
  local packages
  packages=$(missing_packages | tr '\n' ' ')
  packages=${packages% }
  say "  packages   ${packages:-none; all are here}${packages:+, with $PACKAGE_MANAGER}"
  [[ $packages == *autossh ]] || return 0
  [[ $ENABLE_EPEL == no ]] ||
    say '             epel-release before, which adds the package source EPEL'
  [[ $MAY_BE_PLAIN == no ]] ||
    say '             (no autossh if no package source here has it: then plain ssh)'
}
