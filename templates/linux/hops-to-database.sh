
# ---- The hops to the database, there and as the vendor sees it --------------------------------

try_forward() {
  local port="port $TUNNEL_PORT of the tunnel server"
  if [[ $OUR_SESSION == yes ]]; then
    passes forward "$port leads here$(since session_since)"
  elif [[ $FORWARD_PORT != "$TUNNEL_PORT" ]]; then
    breaks forward "the port of this tunnel is not that of RemoteForward, ${FORWARD_PORT:-none}" \
      "Correct RemoteForward in the ssh_config: it is to listen on port $TUNNEL_PORT."
  elif [[ -n $BROKEN ]]; then
    skips forward 'an earlier hop is broken'
  elif [[ -n $VIEW_PROBLEM ]]; then
    explain_by_log "$port"
  else
    explain_by_view "$port"
  fi
}

# What ssh said last, if it is not long ago: it tries again and again.
recent_error() { is_hand_made || last_error --since=-40s; }

# For how many seconds the ssh of the service has run; nothing when there is none.
age_of_ssh() {
  local main
  is_hand_made && return
  main=$(of_unit MainPID)
  ps -o comm=,etimes= -p "$main" --ppid "$main" 2>/dev/null | awk '$1 == "ssh" { print $2; exit }'
}

# A ssh that is refused its port ends, and so does one that has not got through after 20 seconds.
explain_by_log() {
  local error age
  age=$(age_of_ssh)
  error=$(recent_error)
  if ((${age:-0} > 30)); then
    passes forward "$1 leads here as far as this host knows, for $age seconds"
  elif [[ -n $error ]]; then
    breaks forward "$error" "$(in_plain_words "$error")"
  else
    skips forward "only $VENDOR_NAME knows whether $1 leads here"
  fi
}

explain_by_view() {
  local error
  case $(answer session) in
    taken)
      breaks forward "something else listens on $1" "Tell $VENDOR_NAME: its port has to be freed."
      return
      ;;
    up)
      breaks forward "a host with another key, $(answer session_key), holds $1" \
        "Stop the tunnel there, or ask $VENDOR_NAME for a second slot."
      return
      ;;
  esac
  error=$(recent_error)
  if [[ -n $error ]]; then
    breaks forward "$error" "$(in_plain_words "$error")"
  elif is_hand_made; then
    breaks forward "nothing holds $1" 'Start your ssh, and read what it says.'
  else
    breaks forward "nothing holds $1, as $VENDOR_NAME sees it" \
      "Run this again in a minute. If it stays: $SERVICE logs $INSTANCE"
  fi
}

# found_by CHECK: a check of the preflight, made silently; what it finds is then in PROBLEM, and
# what to do in REMEDY.
found_by() {
  local QUIET=yes TOKEN='' FINDINGS=()
  "$1"
  PROBLEM=${FINDINGS[0]-}
  REMEDY=${PROBLEM#*$'\n'}
  PROBLEM=${PROBLEM%%$'\n'*}
  REMEDY=${REMEDY#"${REMEDY%%[! ]*}"}
}

try_database() {
  if [[ -z $FORWARD_PORT ]]; then
    skips database 'the ssh_config does not say where it is'
    return
  fi
  found_by check_database
  if [[ -n $PROBLEM ]]; then
    breaks database "$PROBLEM" "$REMEDY"
  else
    passes database "${DATABASE_SOCKET:-$DATABASE_HOST port $DATABASE_PORT} answers this host"
  fi
}

# ask_vendor: what the vendor's side sees; VIEW_PROBLEM says why it cannot be known.
ask_vendor() {
  found_by check_control_plane
  VIEW_PROBLEM=$PROBLEM VIEW_REMEDY=$REMEDY
  [[ -z $PROBLEM && $(answer session) == unknown ]] || return 0
  VIEW_PROBLEM="$VENDOR_NAME's tunnel server has not reported$(since agent_at)"
  VIEW_REMEDY="Tell $VENDOR_NAME. The tunnel itself may well be up."
}

tell_control_plane() {
  if [[ -n $VIEW_PROBLEM ]]; then
    breaks control-plane "$VIEW_PROBLEM" "$VIEW_REMEDY"
  else
    passes control-plane "$PUBLIC_URL"
  fi
}

tell_vendors_database() {
  local words
  if [[ -n $VIEW_PROBLEM || $OUR_SESSION == no ]]; then
    skips vendor-database 'it is asked through the tunnel'
    return
  fi
  words="$(database_in_words)$(at database_at)"
  case $(answer database) in
    answers) passes vendor-database "$words" ;;
    refuses)
      breaks vendor-database "the database $words" "$(how_to_let_in "$(answer reason)")"
      ;;
    silent)
      breaks vendor-database "the database $words" \
        'See that it is a database of that type, and neither overloaded nor starting.'
      ;;
    *)
      breaks vendor-database "the database $words" \
        "Run this again in half a minute; if it stays, tell $VENDOR_NAME."
      ;;
  esac
}
