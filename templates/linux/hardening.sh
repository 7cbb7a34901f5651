
# ---- What this host cannot do of the unit -----------------------------------------------------

# Before systemd 240 a service that dies at once has started all the same.
restart_unit() {
  {
    systemctl start "$SERVICE.service" && systemctl restart "$UNIT"
  } >"$SCRATCH/systemctl" 2>&1 || return
  (($(systemd_version) >= 240)) || sleep 1
  ! lacks_namespace
}

systemd_version() { systemctl --version | sed -n '1s/^systemd \([1-9][0-9]*\).*/\1/p'; }

# Containers and hardened hosts keep some of its protection from a service: exit status 217, USER,
# or 226, NAMESPACE.
lacks_namespace() { [[ $(of_unit ExecMainStatus) =~ ^(217|226)$ ]]; }

# of_unit PROPERTY: what systemd knows of the service.
of_unit() { systemctl show -p "$1" "$UNIT" 2>/dev/null | sed "s/^$1=//"; }

# do_without WHAT LINE...: one protection less is better than no tunnel.
do_without() {
  say "This host gives a service no $1: doing without."
  shift
  fit_unit_to_host "$@" && run systemctl daemon-reload
}

# fit_unit_to_host [LINE...]: switches off what this host cannot do, in a file beside the unit.
# What an earlier run found out stays.
fit_unit_to_host() {
  local version text
  version=$(systemd_version)
  text=$(
    ((version >= 240)) || tell 'Type=simple'
    ((version >= 239)) || tell 'SystemCallFilter='
    grep -sxE 'PrivateUsers=no|TemporaryFileSystem=|BindReadOnlyPaths=' "$HOST_FILE"
    (($# == 0)) || printf '%s\n' "$@"
  )
  if [[ -z $text ]]; then
    rm -f -- "$HOST_FILE"
    return
  fi
  record folder "${HOST_FILE%/*}"
  mkdir -p "${HOST_FILE%/*}"
  write_own "$HOST_FILE" 0644 root \
    $'# What this host cannot do of the unit. Made by Culvert.\n[Service]\n'"$text"$'\n'
}
