
# ---- The plan: every change, before the first one ---------------------------------------------

print_plan() {
  phase "What this will do for tunnel '$TUNNEL_NAME' of $ACCOUNT_NAME"
  ! is_installed || say '  It is installed: what is as it should be stays, the key too.'
  plan_packages
  plan user "$SERVICE, a system user without login or home"
  plan folders "/etc/$SERVICE" "$CONFIG_FOLDER" "/var/lib/$SERVICE" "$STATE_FOLDER" \
    "/usr/local/lib/$SERVICE" "$CODE_FOLDER"
  plan files "/etc/$SERVICE/README" \
    "$CONFIG_FOLDER/ssh_config" "$CONFIG_FOLDER/known_hosts" \
    "$CONFIG_FOLDER/endpoints" "$LOCAL_CONFIG"
  [[ -z $HTTP_PROXY_HOST ]] || plan '' "$CONFIG_FOLDER/http-proxy, with its user and password"
  [[ -z $CA_FILE ]] || plan '' "$CONFIG_FOLDER/ca.pem, the authorities to trust"
  plan '' "$KEY, a new $KEY_TYPE key that never leaves this host, and" "$KEY.pub" \
    "$RECORD, what was made here, and" "$APPLIED, what runs" \
    "$CODE_FOLDER/connect, which takes ssh past dead endpoints and HTTP proxies" \
    "$CODE_FOLDER/tunnel and" "$DISPATCHER_FILE, the command for status and the rest" \
    "$UNIT_FILE" "$UMBRELLA_FILE" \
    "$HOST_FILE," '  only where systemd cannot do all of the unit'
  plan service "$UNIT, started now and at every boot"
  plan network 'out to the first of these that answers, while the tunnel is up:'
  endpoints | sed 's/^\(.*\) \(.*\)$/               \1 port \2/'
  [[ -z $HTTP_PROXY_HOST ]] ||
    plan '' "all through the HTTP proxy $HTTP_PROXY_HOST port $HTTP_PROXY_PORT"
  plan '' "to $PUBLIC_URL go the public key and this installer's digest"
  plan 'as root' 'the package manager, useradd, ssh-keygen, writing these files,' \
    'systemctl daemon-reload, enable and restart of the service'
}

# plan TITLE LINE...: one entry of it.
plan() {
  local title=$1 line
  for line in "${@:2}"; do
    say "$(printf '  %-10s %s' "$title" "$line")"
    title=''
  done
}

plan_packages() {
  local packages
  packages=$(missing_packages | tr '\n' ' ')
  packages=${packages% }
  plan packages "${packages:-none; all are here}${packages:+, with $PACKAGE_MANAGER}"
  [[ $packages == *autossh ]] || return 0
  [[ $ENABLE_EPEL == no ]] || plan '' 'epel-release before, which adds the package source EPEL'
  [[ $MAY_BE_PLAIN == no ]] ||
    plan '' '(no autossh if no package source here has it: then plain ssh)'
}
