
# ---- Preflight: everything that is needed, before the first change ----------------------------

FINDINGS=()
TOKEN_REFUSED=no

# finding WHAT NEXT: notes what is wrong and goes on, so that all of it is listed at once.
finding() {
  FINDINGS+=("$1"$'\n'"       $2")
  say "  no   $1"
}

ok() { say "  ok   $*"; }

preflight() {
  phase 'Checking what is needed'
  check_disk
  check_control_plane
  check_tunnel_server
  check_database
  [[ $MODE == run ]] || check_for_strangers
}

# Ends the run when anything was found.
stop_on_findings() {
  ((${#FINDINGS[@]} > 0)) || return 0
  local code=$PREFLIGHT
  [[ $TOKEN_REFUSED == no ]] || ((${#FINDINGS[@]} > 1)) || code=$ENROLMENT
  {
    printf '\nerror: nothing was changed; %s found:\n' "${#FINDINGS[@]}"
    printf '  %s\n' "${FINDINGS[@]}"
  } >&2
  exit "$code"
}

check_disk() {
  [[ $MODE != run ]] || return 0
  local folder free
  for folder in /etc /var/lib; do
    free=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
    ((${free:-0} >= 51200)) ||
      finding "less than 50 MB are free in $folder" 'Make room there.'
  done
}

check_control_plane() {
  local skew
  if ! ask_status; then
    finding "control plane $PUBLIC_URL: $ANSWER_PROBLEM" \
      "Allow this host to reach it, or set https_proxy."
    return
  fi
  if [[ -n $(answer error) ]]; then
    finding "control plane: $(answer detail)" "$(answer next)"
    return
  fi
  ok "control plane $PUBLIC_URL"
  skew=$(($(date +%s) - $(number now)))
  ((skew > -300 && skew < 300)) ||
    finding "this host's clock is off by ${skew#-} seconds" 'Set it, for example with chrony.'
  [[ -z $TOKEN ]] || may_be_enrolled || check_token
}

# A refused token ends the run with a code of its own, unless something else is wrong, too.
check_token() {
  if ! test_token; then
    finding "control plane: $ANSWER_PROBLEM" 'Run this again.'
  elif [[ $(answer field) == public_key ]]; then
    ok 'enrolment token'
  else
    finding "the enrolment token was refused: $(answer detail)" "$(answer next)"
    TOKEN_REFUSED=yes
  fi
}

check_tunnel_server() {
  local host=${TUNNEL_HOSTS[0]} port=${TUNNEL_PORTS[0]} banner said
  # shellcheck disable=SC2016 # the inner shell expands these
  banner=$(
    timeout 10 bash -c 'exec 3<>"/dev/tcp/$0/$1" && read -r line <&3 && echo "$line"' \
      "$host" "$port" 2>/dev/null | printable
  )
  if [[ $banner != SSH-2.0-* ]]; then
    finding "tunnel server $host port $port: no SSH server answers there" \
      "Allow outgoing TCP from this host to $host port $port, without inspection of SSH."
    return
  fi
  if ! has ssh; then
    ok "tunnel server $host port $port (its key is checked once ssh is installed)"
    return
  fi
  # No key of ours is offered: a server that refuses us has shown its own key and passed.
  printf '%s' "$KNOWN_HOSTS" >"$SCRATCH/known_hosts"
  said=$(timeout 25 ssh -F /dev/null -T -p "$port" -o BatchMode=yes \
    -o PreferredAuthentications=none -o ConnectTimeout=10 \
    -o HostKeyAlias=tunnel -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile="$SCRATCH/known_hosts" -o GlobalKnownHostsFile="$SCRATCH/known_hosts" \
    "$LOGIN@$host" 2>&1)
  case $said in
    *'Host key verification failed'* | *'REMOTE HOST IDENTIFICATION'*)
      finding "tunnel server $host port $port shows a host key that is not pinned" \
        "Somebody may be in between. Ask $VENDOR_NAME before you go on."
      ;;
    *"$LOGIN@$host: Permission denied"*)
      ok "tunnel server $host port $port, its pinned host key"
      ;;
    *) finding "tunnel server $host port $port: $(printable <<<"${said##*$'\n'}")" \
      "Allow outgoing SSH from this host to $host port $port." ;;
  esac
}

check_database() {
  if [[ -n $DATABASE_SOCKET ]]; then
    if [[ -S $DATABASE_SOCKET ]]; then
      ok "database socket $DATABASE_SOCKET"
    else
      finding "database socket $DATABASE_SOCKET does not exist" 'Start the database here.'
    fi
    return
  fi
  local place="$DATABASE_TYPE database $DATABASE_HOST port $DATABASE_PORT"
  if leads_to_link_local "$DATABASE_HOST"; then
    finding "$place: the name leads to a link-local address" "Ask $VENDOR_NAME to correct it."
    return
  fi
  case $(knock) in
    answers) ok "$place" ;;
    open)
      finding "$place: something accepts connections but does not speak its protocol" \
        "Check host and port, and that the database is up."
      ;;
    *) finding "$place cannot be reached from this host" \
      "Allow TCP from this host to $DATABASE_HOST port $DATABASE_PORT, and start the database." ;;
  esac
}

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
  getent ahosts "$1" |
    grep -qiE '^([0-9a-f:]*:)?(169\.254\.|a9fe:)|^fe[89ab].:|^fd00:ec2::254 |^fd20:ce::254 '
}

# A unit or a user of that name that this installer did not make is somebody's: hands off.
check_for_strangers() {
  local unit text folder
  for unit in "$UNIT" "$SERVICE.service"; do
    text=$(systemctl cat "$unit" 2>/dev/null)
    [[ -z $text || $text == *'Made by Culvert'* ]] ||
      finding "a unit $unit exists and is not Culvert's" 'Rename or remove that unit first.'
  done
  grep -qs 'Made by Culvert' "/etc/$SERVICE/README" && return
  for folder in "/etc/$SERVICE" "/var/lib/$SERVICE"; do
    [[ ! -e $folder ]] || [[ -d $folder && -z $(ls -A "$folder" 2>/dev/null) ]] ||
      finding "$folder exists and is not Culvert's" 'Rename or remove that folder first.'
  done
  if getent passwd "$SERVICE" >/dev/null || getent group "$SERVICE" >/dev/null; then
    finding "a user or group $SERVICE exists and is not Culvert's" 'Rename or remove it first.'
  fi
}

# print_ticket: what the network and database teams need to know to help.
print_ticket() {
  local here
  here=$(hostname -I 2>/dev/null | tr -s ' ' | sed 's/ $//')
  phase 'Ticket for the network and database teams'
  say "Please allow these connections, all outgoing from $(uname -n) (${here:-address unknown}):"
  say "  1. TCP to ${TUNNEL_HOSTS[0]} port ${TUNNEL_PORTS[0]}: the SSH tunnel to $VENDOR_NAME."
  say "     It must pass as it is: a firewall that inspects or rewrites SSH breaks it."
  say "  2. HTTP to $PUBLIC_URL: installation and status."
  if [[ -n $DATABASE_SOCKET ]]; then
    say "  3. The Unix socket $DATABASE_SOCKET of the database, on this host."
  else
    say "  3. TCP to $DATABASE_HOST port $DATABASE_PORT: the $DATABASE_TYPE database."
  fi
  say 'Nothing has to be allowed inwards. To the database, every query comes from this host.'
  ((${#EGRESS_ADDRESSES[@]} == 0)) ||
    say "For your records: $VENDOR_NAME's own servers have ${EGRESS_ADDRESSES[*]}."
}
