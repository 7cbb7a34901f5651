
# ---- Hop by hop, from this host to the database as the vendor sees it -------------------------

# passes HOP DETAIL
passes() { note_hop "$1" ok "$2"; }

# breaks HOP DETAIL NEXT: the first that does is the verdict.
breaks() {
  note_hop "$1" no "$2"
  [[ -z $BROKEN ]] || return 0
  BROKEN=$1 VERDICT=$2 NEXT=$3
}

# skips HOP DETAIL: it cannot be tested, mostly because an earlier one is broken.
skips() { note_hop "$1" untested "$2"; }

note_hop() {
  HOPS+=("$1") RESULTS+=("$2") DETAILS+=("$3")
  [[ $JSON == yes ]] || printf '  %-2s   %-15s  %s\n' "${2/untested/--}" "$1" "$3"
}

# The way can be tested with the service stopped; each hop on the way needs the one before.
walk_hops() {
  is_hand_made || try_service
  find_our_session
  WAY_ENDS=''
  try_dns
  try_tcp
  try_ssh
  try_host_key
  try_authentication
  try_forward
  try_database
  tell_control_plane
  tell_vendors_database
}

try_service() {
  local boot='starts at boot' restarts status
  restarts=$(of_unit NRestarts)
  status=$(of_unit ExecMainStatus)
  [[ $AT_BOOT == enabled ]] && systemctl -q is-enabled "$SERVICE.service" 2>/dev/null ||
    boot="does not start at boot (mend: systemctl enable $SERVICE.service $UNIT)"
  # ssh or autossh ends with 1 or 255; from 200 to 243 systemd says that it could not run it.
  case $SERVICE_STATE/$status in
    activating/2[0-4]?)
      breaks service "systemd cannot run what $UNIT names (status $status)" \
        "Mend it: $SERVICE upgrade $INSTANCE"
      ;;
    # A ssh that ends at once is started again after a pause: the hops to come say why.
    active/* | activating/* | reloading/*)
      passes service "$SERVICE_STATE, $boot, restarts: ${restarts:-unknown}"
      ;;
    *)
      breaks service "$UNIT is ${SERVICE_STATE:-not there}, $boot" \
        "Start it: systemctl start $UNIT. If it does not stay up: $SERVICE logs $INSTANCE"
      ;;
  esac
}

# A session that the vendor sees, by one of our keys. With the service stopped it can only be one
# that has not been missed yet.
find_our_session() {
  OUR_SESSION=no
  [[ -z $BROKEN && -z $VIEW_PROBLEM && $(answer session) == up ]] || return 0
  [[ " ${FINGERPRINTS[*]-} " != *" $(answer session_key) "* ]] || OUR_SESSION=yes
}
