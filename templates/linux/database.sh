
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
  case $(knock) in
    answers) ok "$place" ;;
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

# knock: prints "answers", "open" (a connection, but not the protocol), or nothing.
# PostgreSQL says S or N to the request for TLS (SSLRequest, 80877103).
knock() {
  # shellcheck disable=SC2016 # the inner shell expands it
  timeout 8 bash -c '
    exec 3<>"/dev/tcp/$0/$1" || exit
    [[ $2 == postgresql ]] || { echo answers; exit; }
    printf "\0\0\0\10\4\322\26\57" >&3
    reply=$(timeout 5 head -c 1 <&3)
    [[ $reply == [SN] ]] && echo answers || echo open
  ' "$DATABASE_HOST" "$DATABASE_PORT" "$DATABASE_TYPE" 2>/dev/null
}

leads_to_link_local() {
  local addresses
  addresses=$(getent ahosts "$1")
  grep -qiE '^([0-9a-f:]*:)?(169\.254\.|a9fe:)|^fe[89ab].:|^fd00:ec2::254 |^fd20:ce::254 ' \
    <<<"$addresses"
}
