
# ---- The plan: every change, before the first one ---------------------------------------------

# The commands whose package is missing here, and that package.
missing_packages() {
  [[ -x /usr/bin/ssh && -x /usr/bin/ssh-keygen ]] || say openssh-client
  [[ -x /usr/bin/autossh ]] || say autossh
}

print_plan() {
  local packages
  packages=$(missing_packages | tr '\n' ' ')
  phase "What this will do for tunnel '$TUNNEL_NAME' of $ACCOUNT_NAME"
  ! is_installed || say '  It is installed: what is as it should be stays, the key too.'
  say "  packages   ${packages:-none; all are here}"
  say "  user       $SERVICE, a system user without login or home"
  say "  folders    /etc/$SERVICE with a README, $CONFIG_FOLDER (settings),"
  say "             $STATE_FOLDER (key, record), $PROGRAM_FOLDER"
  say "  files      $CONFIG_FOLDER/ssh_config, known_hosts, local.conf"
  say "             $KEY, key.pub: a new Ed25519 key that never leaves this host"
  say "             $RECORD, $APPLIED: what was made, and what runs"
  say "             $UNIT_FILE"
  say "             $UMBRELLA_FILE"
  say "             $PROGRAM_FOLDER/tunnel and $DISPATCHER_FILE: the command"
  say "             $SERVICE, for status, doctor, logs, rotate-key, upgrade, uninstall"
  say "  service    $UNIT, started now and at every boot"
  say "  network    out to ${TUNNEL_HOSTS[0]} port ${TUNNEL_PORTS[0]}, while the tunnel is up;"
  say "             to $PUBLIC_URL go the public key and this installer's digest"
  say "  as root    apt-get install, groupadd and useradd, ssh-keygen, writing the files above,"
  say "             systemctl daemon-reload, enable and restart of the service"
}
