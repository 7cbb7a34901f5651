
# ---- Preflight: the database ------------------------------------------------------------------

# With --defer-database a database that is not there yet is no reason to stop.
check_database() {
  local found=finding
  [[ $DEFER_DATABASE == no ]] || found=owed
  if [[ -n $DATABASE_SOCKET ]]; then
    # The unit's PrivateTmp and ProtectHome.
    case $MODE$DATABASE_SOCKET in
      install/tmp/* | install/var/tmp/* | install/home/* | install/root/* | install/run/user/*)
        finding "database socket $DATABASE_SOCKET: a service cannot see that folder" \
          'Have the database make its socket elsewhere, for example under /run.'
        return
        ;;
    esac
    if [[ -S $DATABASE_SOCKET ]]; then
      ok "database socket $DATABASE_SOCKET"
    else
      "$found" "database socket $DATABASE_SOCKET does not exist" 'Start the database here.'
    fi
    return
  fi
  local place="$DATABASE_TYPE database $DATABASE_HOST port $DATABASE_PORT"
  if leads_to_link_local "$DATABASE_HOST"; then
    finding "$place: the name leads to a link-local address" "Ask $VENDOR_NAME to correct it."
    return
  fi
  if ! timeout 10 getent ahosts "$DATABASE_HOST" >/dev/null; then
    "$found" "$place: its name does not resolve on this host" \
      "Let this host's DNS know $DATABASE_HOST, or ask $VENDOR_NAME to correct the name."
    return
  fi
  local heard
  heard=$(knock)
  case $heard in
    answers) ok "$place" ;;
    refuses*)
      "$found" "$place answers, but $(why_refused "${heard#* }")" "$(how_to_let_in "${heard#* }")"
      ;;
    open)
      "$found" "$place: something accepts connections but does not speak its protocol" \
        "Check host and port, and that the database is up."
      ;;
    *)
      "$found" "$place cannot be reached from this host" \
        "Allow TCP from this host to $DATABASE_HOST port $DATABASE_PORT, and start the database."
      ;;
  esac
}

# owed WHAT NEXT: noted as still to be done.
owed() { note "$1 (still owed). $2"; }

# knock: prints "answers", "refuses REASON", "open" (a connection, not the protocol), or nothing.
knock() {
  timeout 8 bash -c "$(declare -f knock_at login_in_vain); knock_at \"\$@\"" bash \
    "$DATABASE_HOST" "$DATABASE_PORT" "$DATABASE_TYPE" 2>/dev/null
}

# knock_at HOST PORT TYPE: of a type that is not here, a connection must do.
knock_at() {
  local reply
  exec 3<>"/dev/tcp/$1/$2" || return
  case $3 in
    postgresql)
      # PostgreSQL says S or N to the request for TLS (SSLRequest, 80877103).
      printf '\0\0\0\10\4\322\26\57' >&3
      reply=$(timeout 5 head -c 1 <&3)
      [[ $reply == [SN] ]] && echo answers || echo open
      ;;
    mysql)
      # It speaks first: behind length and number a version of the protocol, or 255 and an error.
      reply=$(timeout 5 head -c 7 <&3 | od -An -tx1)
      case $reply in
        *' 00 ff 10 04') echo refuses too-many-connections ;;
        *' 00 ff 69 04') echo refuses host-blocked ;;
        *' 00 ff '*) echo refuses host-refused ;;
        *' 00 0a '*) echo answers && login_in_vain >&3 && timeout 5 cat <&3 >/dev/null ;;
        *) echo open ;;
      esac
      ;;
    redis)
      printf 'PING\r\n' >&3
      IFS= read -r -t 5 reply <&3
      case $reply in
        '-DENIED '*) echo refuses host-refused ;;
        +PONG* | -[A-Z]*) echo answers ;;
        *) echo open ;;
      esac
      ;;
    *) echo answers ;;
  esac
}

# A MySQL that nobody logs in to counts that against this host, and blocks it in the end. So these
# are a login of a user that there is not, and what to say if another proof of it is asked for.
login_in_vain() {
  printf '\131\0\0\1\1\202\10\0\0\0\0\1\41'
  head -c 23 /dev/zero
  printf 'culvert-probe\0\24%020d%s\0' 7 mysql_native_password
  printf '\40\0\0\3%032d\1\0\0\5\2' 7
}

# why_refused REASON: what a database has against this host, to stand behind "answers, but".
why_refused() {
  case "$DATABASE_TYPE $1" in
    *' host-blocked') tell 'blocks this host, after too many connections that broke off' ;;
    *' too-many-connections') tell 'has too many connections already' ;;
    postgresql*) tell 'its pg_hba.conf lets no user culvert-probe in from here' ;;
    mysql*) tell 'has no user that may come from this host' ;;
    redis*) tell 'is in protected mode, which lets no other host in' ;;
    *) tell 'turns this host away' ;;
  esac
}

# how_to_let_in [REASON]: what its administrator sees to, so that it lets this host in.
how_to_let_in() {
  case "$DATABASE_TYPE ${1-}" in
    *' host-blocked')
      tell 'Unblock it there: FLUSH HOSTS, or TRUNCATE TABLE performance_schema.host_cache.'
      ;;
    *' too-many-connections') tell 'Find out there who holds them, or raise its limit.' ;;
    postgresql*)
      tell "Add a line for the user culvert-probe and this host's address to its pg_hba.conf."
      ;;
    mysql*)
      tell "Create the user of $VENDOR_NAME there for this host's address: 'user'@'address'."
      ;;
    sqlserver*)
      tell "Let this host through its firewall to TCP/IP, and give $VENDOR_NAME a login there."
      ;;
    oracle*)
      tell 'Where its listener checks nodes (TCP.VALIDNODE_CHECKING), invite this host.'
      ;;
    mongodb*)
      tell 'Have it listen to this host (net.bindIp), and let the user come from here.'
      ;;
    redis*) tell 'Have it listen to this host (bind), and set a password there.' ;;
    clickhouse*)
      tell 'Have it listen to this host (listen_host), and let the user come from here.'
      ;;
    *) tell 'Have it let this host in.' ;;
  esac
}

leads_to_link_local() {
  local addresses
  addresses=$(getent ahosts "$1")
  grep -qiE '^([0-9a-f:]*:)?(169\.254\.|a9fe:)|^fe[89ab].:|^fd00:ec2::254 |^fd20:ce::254 ' \
    <<<"$addresses"
}
