
# ---- Preflight: everything that is needed, before the first change ----------------------------

preflight() {
  phase 'Checking what is needed'
  [[ -z $HTTP_PROXY_HOST ]] ||
    note "by way of the HTTP proxy $HTTP_PROXY_HOST port $HTTP_PROXY_PORT"
  [[ ! -d $KEPT_FOLDER || -x $KEPT_FOLDER ]] ||
    note 'the HTTP proxy and certificates that an earlier run kept, if any, only root can read'
  check_disk
  check_control_plane
  check_tunnel_server
  check_database
  check_reviewers
  [[ $MODE == run ]] || check_for_strangers
  [[ $MODE == run ]] || check_slot
}

check_disk() {
  [[ $MODE != run ]] || return 0
  local folder free
  for folder in /etc /var/lib; do
    free=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
    ((${free:-0} >= 51200)) ||
      finding "less than 50 MB are free in $folder" 'Make room there.'
  done
  for folder in /etc /var/lib /usr/local; do
    is_read_only "$folder" &&
      finding "$folder cannot be written: it is mounted read-only" 'Mount it writable.'
  done
  return 0
}

# is_read_only FOLDER: by the options of the mount that it lies on.
is_read_only() { [[ ,$(findmnt -nro OPTIONS -T "$1" | tail -n 1), == *,ro,* ]]; }

check_control_plane() {
  local skew
  if ! ask_status; then
    finding "control plane $PUBLIC_URL: $ANSWER_PROBLEM" \
      'Allow this host to reach it, or set CULVERT_HTTP_PROXY or CULVERT_CA_FILE; see --help.'
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
    finding "the enrolment token was refused: $(answer detail)" "$(answer next)" "$ENROLMENT"
  fi
}

# A unit or a user of that name that this installer did not make is somebody's: hands off.
check_for_strangers() {
  local unit text folder
  for unit in "$UNIT" "$SERVICE.service"; do
    text=$(systemctl cat "$unit" 2>/dev/null)
    [[ -z $text || $text == *'Made by Culvert'* ]] ||
      finding "a unit $unit exists and is not Culvert's" 'Rename or remove that unit first.'
  done
  for folder in "${SHARED_FOLDERS[@]}"; do
    ! is_link "$folder" ||
      finding "$folder is, or holds, a symbolic link" 'Remove that link first.'
  done
  [[ ! -e $DISPATCHER_FILE ]] || grep -qs 'Made by Culvert' "$DISPATCHER_FILE" ||
    finding "$DISPATCHER_FILE exists and is not Culvert's" 'Rename or remove that file first.'
  for folder in "${SHARED_FOLDERS[@]}"; do
    [[ ! -e $folder || -L $folder ]] || [[ -d $folder && -z $(ls -A "$folder" 2>/dev/null) ]] ||
      is_marked ||
      finding "$folder exists and is not Culvert's" 'Rename or remove that folder first.'
  done
  if getent passwd "$SERVICE" >/dev/null || getent group "$SERVICE" >/dev/null; then
    is_marked ||
      finding "a user or group $SERVICE exists and is not Culvert's" 'Rename or remove it first.'
  fi
}

# Asked last of all: a run at the same moment sets the mark first, and makes the rest later.
is_marked() {
  grep -qs 'Made by Culvert' "/etc/$SERVICE/README"
}

# An ordinary user hears of it behind sudo, also before the first change.
check_slot() {
  local held
  held=$(other_slot)
  [[ -z $held ]] ||
    finding "this host holds slot $held of this tunnel already" \
      'A second proxy is another host. To have this slot here, uninstall the other one first.'
}

# print_ticket: what the network and database teams need to know to help.
print_ticket() {
  local here proxy=
  here=$(hostname -I 2>/dev/null | tr -s ' ' | sed 's/ $//')
  [[ -z $HTTP_PROXY_HOST ]] || proxy="HTTP proxy $HTTP_PROXY_HOST port $HTTP_PROXY_PORT"
  phase 'Ticket for the network and database teams'
  say "Please allow these connections, all outgoing from $(uname -n) (${here:-address unknown}):"
  if [[ -n $proxy ]]; then
    say "  0. TCP to the $proxy. It must allow CONNECT to what 1 lists."
  fi
  say "  1. The SSH tunnel to $VENDOR_NAME. One of these is enough, more of them are safer:"
  endpoints | sed 's/^\(.*\) \(.*\)$/     TCP to \1 port \2/'
  say '     It must pass as it is: a firewall that inspects or rewrites SSH breaks it.'
  say "  2. HTTP to $PUBLIC_URL: installation and status."
  if [[ -n $DATABASE_SOCKET ]]; then
    say "  3. The Unix socket $DATABASE_SOCKET of the database, on this host."
  else
    say "  3. TCP to $DATABASE_HOST port $DATABASE_PORT: the $DATABASE_TYPE database."
    [[ $DATABASE_TYPE == tcp ]] || say "     $(how_to_let_in)"
  fi
  say 'Nothing has to be allowed inwards. To the database, every query comes from this host.'
  ((${#EGRESS_ADDRESSES[@]} == 0)) ||
    say "For your records: $VENDOR_NAME's own servers have ${EGRESS_ADDRESSES[*]}."
}
