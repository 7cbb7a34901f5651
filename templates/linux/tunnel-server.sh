
# ---- Preflight: the tunnel server -------------------------------------------------------------

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
