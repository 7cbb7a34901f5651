#!/bin/bash
#
# Carries one SSH connection from this host to its tunnel server. ssh runs it as ProxyCommand.
# Made by Culvert: run its installer again, do not edit this.
#
#   connect FOLDER             to the first that answers of those in FOLDER/endpoints
#   connect FOLDER HOST PORT   to this one and no other
#
# FOLDER/endpoints has a line "HOST PORT" for each way to the tunnel server, the best one first.
# Where FOLDER/http-proxy exists, each goes through that HTTP proxy by CONNECT. Its lines are
# host, port, and perhaps user and password: so they stand in no argv and no environment.

set -u
LC_ALL=C # bash's own messages are read below
PATH=${PATH:-/usr/bin:/bin}

# Seconds. Each endpoint has a head start on the next; after 20 ssh ends it all (ConnectTimeout).
HEAD_START=0.5
PATIENCE=10

main() {
  local endpoints=("${*:2}")
  read_http_proxy "$1/http-proxy"
  (($# == 3)) || mapfile -t endpoints <"$1/endpoints" || exit

  # What ssh says to us: bash would give a background process an empty standard input instead.
  exec 4<&0
  # What attempts tell (9), and the word that one may go on (8). Opened for both directions, a
  # pipe neither blocks nor ends.
  exec 8<> <(:) 9<> <(:)

  PIDS=()
  TOLD=()
  trap 'stop_all' EXIT
  trap 'exit 1' HUP INT TERM
  try_in_order
  explain
  exit 1
}

read_http_proxy() {
  PROXY_HOST='' PROXY_PORT=''
  [[ -e $1 ]] || return 0
  {
    IFS= read -r PROXY_HOST
    IFS= read -r PROXY_PORT
    IFS= read -r PROXY_USER
    IFS= read -r PROXY_PASSWORD
  } <"$1"
  [[ -n $PROXY_PORT ]] && return
  printf 'connect: %s does not name an HTTP proxy\n' "$1" >&2
  exit 1
}

# Sets one off after the other, the next as soon as those before have failed or had their head
# start. The first that answers carries the connection, and the others end.
try_in_order() {
  local number
  for number in "${!endpoints[@]}"; do
    # shellcheck disable=SC2086 # host and port are two words
    attempt "$number" ${endpoints[number]} 2>/dev/null &
    PIDS[number]=$!
    listen "$HEAD_START"
  done
  local deadline=$((SECONDS + PATIENCE))
  while ((SECONDS < deadline && ${#TOLD[@]} < ${#endpoints[@]})); do
    listen 1
  done
}

# listen SECONDS: takes what an attempt has to tell, if one tells something in that time.
listen() {
  local number what
  read -r -t "$1" number what <&9 || return 0
  [[ $what != ready ]] || carry_by "$number"
  TOLD[number]=$what
}

carry_by() {
  local winner=${PIDS[$1]}
  unset -v "PIDS[$1]"
  stop_all
  PIDS=("$winner")
  printf 'go\n' >&8
  exec 0<&- 1>&- 4<&-
  wait "$winner"
  exit
}

stop_all() {
  ((${#PIDS[@]} > 0)) || return 0
  # Without this bash would report each as terminated.
  { kill "${PIDS[@]}" && wait "${PIDS[@]}"; } 2>/dev/null
}

# Says each reason once: behind a dead HTTP proxy all have the same.
explain() {
  local number what said=' '
  for number in "${!endpoints[@]}"; do
    what=${TOLD[number]-"$(name_of "${endpoints[number]}"): no answer within $PATIENCE seconds"}
    [[ $said != *" $what "* ]] || continue
    said+="$what "
    printf 'connect: %s\n' "$what" >&2
  done
}

# name_of "HOST PORT"
name_of() { printf 'tunnel server %s port %s' "${1% *}" "${1#* }"; }

# ---- One attempt, a process of its own ---------------------------------------------------------

# attempt NUMBER HOST PORT: tells "ready" once an SSH server has answered, and then waits for its
# turn; or tells why not, and ends. What bash itself says of a broken connection is not shown.
attempt() {
  trap '' PIPE
  NUMBER=$1
  local banner=
  if [[ -z $PROXY_HOST ]]; then
    dial "$2" "$3" "$(name_of "$2 $3")"
  else
    dial "$PROXY_HOST" "$PROXY_PORT" "HTTP proxy $PROXY_HOST port $PROXY_PORT"
    ask_http_proxy "$2" "$3"
  fi
  IFS= read -r -t "$((PATIENCE - 1))" banner <&3
  [[ $banner == SSH-* ]] ||
    give_up "$(name_of "$2 $3")${PROXY_HOST:+ through $PROXY_HOST}: no SSH server answers there"
  printf '%s ready\n' "$NUMBER" >&9
  read -r <&8
  printf '%s\n' "$banner"
  relay
}

give_up() {
  printf '%s %s\n' "$NUMBER" "$1" >&9
  exit 1
}

# dial HOST PORT NAME: a connection as descriptor 3.
dial() {
  local said=
  exec 7<> <(:)
  { exec 3<>"/dev/tcp/$1/$2"; } 2>&7 && return
  IFS= read -r -t 1 said <&7
  case $said in
    *refused*) give_up "$3: the connection is refused" ;;
    *known | *resolution | *hostname) give_up "$3: its name does not resolve" ;;
    *unreachable* | *'No route'*) give_up "$3: there is no route to it" ;;
    # Reset before bash had it or just after, it is the same: one that says nothing.
    *reset*) exec 3<>/dev/null ;;
    *) give_up "$3: no answer" ;;
  esac
}

# ask_http_proxy HOST PORT: has the HTTP proxy at descriptor 3 connect to it. The answer is read
# byte by byte, as bash does from a connection, so that nothing of what follows is swallowed.
ask_http_proxy() {
  local target="$1:$2" proxy="HTTP proxy $PROXY_HOST port $PROXY_PORT"
  local user='' status='' line=''
  [[ $1 != *:* ]] || target="[$1]:$2"
  [[ -z $PROXY_USER ]] || user="Proxy-Authorization: Basic $(
    printf '%s:%s' "$PROXY_USER" "$PROXY_PASSWORD" | base64 -w 0
  )"$'\r\n'
  printf 'CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n' "$target" "$target" "$user" >&3
  IFS= read -r -t "$((PATIENCE - 1))" status <&3
  case $status in
    "HTTP/1."?" 2"*) ;;
    "HTTP/1."?" 407"*)
      [[ -n $PROXY_USER ]] || give_up "$proxy asks for a user and a password"
      give_up "$proxy refused the user or the password"
      ;;
    "HTTP/1."?" 403"*) give_up "$proxy does not allow connections to $1 port $2" ;;
    HTTP/*) give_up "$proxy cannot connect to $1 port $2 (status ${status:9:3})" ;;
    '') give_up "$proxy: no answer to the request for $1 port $2" ;;
    *) give_up "$proxy: what answers there is not an HTTP proxy" ;;
  esac
  while IFS= read -r -t "$((PATIENCE - 1))" line <&3 && [[ -n ${line%$'\r'} ]]; do :; done
}

# Both directions until either ends, and then nothing is left behind. This process keeps no copy
# of the three ends, or it would hide from them that the other side has closed.
relay() {
  local up down
  cat <&4 >&3 4<&- 7>&- 8>&- 9>&- &
  up=$!
  cat <&3 3<&- 4<&- 7>&- 8>&- 9>&- &
  down=$!
  exec 0<&- 1>&- 3>&- 4<&- 7>&- 8>&- 9>&-
  # shellcheck disable=SC2064 # these two, whatever the names hold later
  trap "kill $up $down; wait" EXIT
  trap 'exit 1' HUP INT TERM
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 403)); then
    wait -n
  else
    while kill -0 "$up" && kill -0 "$down"; do sleep 1; done
  fi
  exit 0
}

main "$@"
