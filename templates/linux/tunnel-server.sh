
# ---- Preflight: the tunnel server -------------------------------------------------------------

# Tries every endpoint at the same time. One that works is enough; a host key that is not pinned
# is never passed over, for somebody may be in between.
check_tunnel_server() {
  local all=() number reasons=() works=no server reason
  write_way_out "$SCRATCH" && printf '%s' "$KNOWN_HOSTS" >"$SCRATCH/known_hosts"
  mapfile -t all < <(endpoints)
  for number in "${!all[@]}"; do
    # shellcheck disable=SC2086 # host and port are two words
    try_endpoint ${all[number]} >"$SCRATCH/endpoint.$number" 2>&1 &
  done
  wait
  for number in "${!all[@]}"; do
    server="tunnel server ${all[number]/ / port }"
    reason=$(reason_of "$SCRATCH/endpoint.$number")
    case $reason in
      pinned) ok "$server, its pinned host key" ;;
      unproved) ok "$server (its host key is checked once ssh is installed)" ;;
      stranger)
        finding "$server shows a host key that is not pinned" \
          "Somebody may be in between. Ask $VENDOR_NAME before you go on."
        ;;
      *)
        reasons+=("$reason")
        continue
        ;;
    esac
    works=yes
  done
  tell_dead_endpoints "$works" "${reasons[@]+"${reasons[@]}"}"
}

# try_endpoint HOST PORT: what ssh has to say, by the way that the service will go. No key of ours
# is offered: a server that refuses us has shown its own key and passed.
try_endpoint() {
  cd "$SCRATCH" || return
  if ! has ssh; then
    timeout 12 bash ./connect . "$1" "$2"
    return
  fi
  SHELL=/bin/sh timeout 15 ssh -F /dev/null -T -o BatchMode=yes \
    -o ProxyCommand="bash ./connect . $1 $2" -o ConnectTimeout=12 \
    -o PreferredAuthentications=none -o HostKeyAlias=tunnel -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile=./known_hosts -o GlobalKnownHostsFile=./known_hosts \
    "$LOGIN@tunnel"
}

# reason_of FILE: "pinned", "unproved" (no ssh here to look closer), "stranger", or why not.
reason_of() {
  local said
  said=$(tr -d '\r\0' <"$1")
  case $said in
    *'Host key verification failed'* | *'REMOTE HOST IDENTIFICATION'*) said=stranger ;;
    *"$LOGIN@tunnel: Permission denied"*) said=pinned ;;
    SSH-*) said=unproved ;;
    'connect: '*) said=${said%%$'\n'*} && said=${said#connect: } ;;
    *) said="tunnel server: ${said##*$'\n'}" ;;
  esac
  printable <<<"$said"
}

# tell_dead_endpoints WORKS REASON...: where another endpoint works, these are worth a note.
tell_dead_endpoints() {
  local works=$1 list reason
  shift
  (($# > 0)) || return 0
  if [[ $works == yes ]]; then
    for reason; do note "$reason"; done
    return
  fi
  printf -v list '; %s' "$@"
  finding "${list#; }" \
    'Allow one of these ways, with no inspection of SSH on it, or set CULVERT_HTTP_PROXY.'
}
