
# ---- The hops to the tunnel server ------------------------------------------------------------

try_dns() {
  local address
  if goes_by_command || goes_by_jump; then
    skips dns "$SERVER_HOST: left to ProxyCommand or ProxyJump"
    return
  fi
  address=$(timeout 10 getent ahosts "$SERVER_HOST" | awk 'NR == 1 { print $1 }')
  if [[ -n $address ]]; then
    passes dns "$SERVER_HOST is $address"
    return
  fi
  give_up dns "the name $SERVER_HOST does not resolve on this host" \
    "Check /etc/resolv.conf and the DNS server: getent ahosts $SERVER_HOST must give an address."
}

# can_go_on HOP: whether the way leads as far as that; if not, it is skipped.
can_go_on() {
  [[ -z $WAY_ENDS ]] && return
  skips "$1" "$WAY_ENDS"
  return 1
}

# give_up HOP DETAIL NEXT: nothing behind it on the way can be tested.
give_up() {
  WAY_ENDS='an earlier hop is broken'
  breaks "$@"
}

# One connection answers for this hop and the next three.
try_tcp() {
  local place="$SERVER_HOST port $SERVER_PORT"
  ! goes_by_jump || WAY_ENDS='by way of ProxyJump, which needs a login of its own'
  can_go_on tcp || return 0
  ask_server
  if server_said 'Connection established.'; then
    passes tcp "$place accepts connections"
  elif server_said 'Remote protocol version'; then
    passes tcp "$place, by way of ProxyCommand"
  else
    give_up tcp "$place: $(said_reason)" \
      "Allow outgoing TCP from this host to $place. If it is, ask $VENDOR_NAME whether it runs."
  fi
}

try_ssh() {
  local software
  can_go_on ssh || return 0
  software=$(sed -n 's/^debug1: .*remote software version //p' <<<"$SAID" | printable)
  if server_said 'Remote protocol version'; then
    passes ssh "the server is ${software:-without a name}"
  else
    give_up ssh "$SERVER_HOST port $SERVER_PORT accepts connections, but is no SSH server" \
      'Have the firewall let SSH pass there as it is, and check the address.'
  fi
}

try_host_key() {
  local shown
  can_go_on host-key || return 0
  shown=$(sed -n 's/^debug1: Server host key: //p' <<<"$SAID" | printable)
  if grep -q '^debug1: Host .* is known and matches' <<<"$SAID"; then
    passes host-key "$shown, which is pinned"
  elif [[ $SAID == *'Host key verification failed'* ]]; then
    give_up host-key "the server shows $shown, which is not pinned" \
      "Somebody may be in between. Ask $VENDOR_NAME for its host keys before anything else."
  else
    give_up host-key "the server did not get as far as its host key: $(said_reason)" \
      "Tell $VENDOR_NAME what stands here."
  fi
}

try_authentication() {
  can_go_on authentication || return 0
  if [[ $OUR_SESSION == yes ]]; then
    passes authentication 'the session that is up was let in with the key of this host'
  elif ((${#PUBLIC_KEYS[@]} == 0)); then
    give_up authentication 'neither half of a key of this tunnel can be read' \
      "Run this as the user of the key, and see that the file exists."
  elif server_said 'Server accepts key'; then
    passes authentication 'the server would take the key of this host'
  elif [[ $SAID == *'Permission denied'* ]]; then
    explain_refused_key
  else
    give_up authentication "the server ended it: $(said_reason)" \
      "Run this again in a minute; if it stays, tell $VENDOR_NAME."
  fi
}

explain_refused_key() {
  local state=unknown
  [[ -n $VIEW_PROBLEM ]] || state=$(answer key)
  case $state in
    removed)
      give_up authentication "$VENDOR_NAME has removed the key of this host" \
        "Uninstall, then install with a new token from $VENDOR_NAME."
      ;;
    waiting)
      give_up authentication "$VENDOR_NAME has yet to accept the key of this host" \
        "Give them this fingerprint: $FINGERPRINT."
      ;;
    *)
      give_up authentication 'the server does not take the key of this host' \
        "Ask $VENDOR_NAME about the key $FINGERPRINT."
      ;;
  esac
}
