#!/bin/bash -p
# Culvert's login hook. PAM (pam_exec) runs it as root, as a child of sshd's privileged process of a
# connection: the key is proved by then, and the session does not exist yet. It needs no agent.
#
# The newest session of a tunnel port has it. So it ends the one before, which may hang on a dead
# connection: the port is free when the new one asks for it. A session whose key was removed, or that
# was barred, is refused.
#
# Beside this file: keys/<fingerprint>, what sshd looks keys up in; sessions/<port>, the session that
# has the port: "<pid> <start> <fingerprint> <address> <port>"; bars/<port>: "<address> <until>". All it takes
# from a client is a key that sshd has checked; that names a file of ours, and the file names the port.

LC_ALL=C
PATH=/usr/bin:/bin
# The agent's group may read what is written here, where the folder is of that group.
umask 027
HERE=${0%/*}
MONITOR=$PPID

main() {
  local fingerprint port start before='' start_before='' client_port
  if ! find_fingerprint || ! find_port || is_barred || ! stat_of "$MONITOR"; then refuse; fi
  start=${STAT[19]}
  # Two logins at once are one after the other here.
  exec 9<>"$HERE/sessions/$port" || refuse
  flock -w 10 9 || refuse
  IFS=' ' read -r before start_before _ <&9
  [[ -z $start_before ]] || end_session "$before" "$start_before" || refuse
  # Where the client's end of the connection is: "<address> <port> <address here> <port here>".
  IFS=' ' read -r _ client_port _ <<<"${SSH_CONNECTION-}"
  printf '%s %s %s %s %s\n' "$MONITOR" "$start" "$fingerprint" "${PAM_RHOST//[^0-9a-fA-F.:]/}" \
    "${client_port//[^0-9]/}" >"$HERE/sessions/$port"
  # Removed meanwhile? The agent takes the key's file away first, and looks at the sessions then.
  find_port || refuse
}

# sshd would let a session go on that PAM refuses, only without its rights.
refuse() {
  # Only while it is our parent: ended meanwhile, its number may be another's.
  if stat_of "$$" && [[ ${STAT[1]} == "$MONITOR" ]]; then kill -KILL "$MONITOR"; fi
  exit 1
}

# Fingerprint, in base64, of the key that sshd has just checked the signature of. It is computed here,
# as ssh-keygen takes twice the time, and every login waits for it.
find_fingerprint() {
  local method blob digest at bits
  local letters=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/
  read -r method _ blob _ <<<"${SSH_AUTH_INFO_0-}"
  [[ $method == publickey ]] || return 1
  digest=$(base64 -d <<<"$blob" | sha256sum) || return 1
  [[ $digest =~ ^([0-9a-f]{64})\  ]] || return 1
  # Three hexadecimal digits are two letters; of the last four bits is the last one.
  digest=${BASH_REMATCH[1]} fingerprint=''
  for ((at = 0; at < 63; at += 3)); do
    bits=$((16#${digest:at:3}))
    fingerprint+=${letters:bits>>6:1}${letters:bits&63:1}
  done
  bits=$((16#${digest:63}))
  fingerprint+=${letters:bits<<2:1}
}

# The port that the key may listen on, while it has its file.
find_port() {
  local line=''
  { IFS= read -r line <"$HERE/keys/SHA256:$fingerprint"; } 2>/dev/null || return 1
  [[ $line =~ permitlisten=\"[0-9.]+:([1-9][0-9]{0,4})\" ]] && port=${BASH_REMATCH[1]}
}

# State and start time of a process, which no later one of its number has too: proc_pid_stat(5).
stat_of() {
  local stat
  { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # The name stands in parentheses and may hold some: the last one closes it.
  read -r -a STAT <<<"${stat##*) }"
}

# Nothing of a zombie listens any more.
is_running() { stat_of "$1" && [[ ${STAT[0]} != [ZX] && ${STAT[19]} == "$2" ]]; }

is_stopped() { ! is_running "$1" "$2" || [[ ${STAT[0]} == T ]]; }

# Ends a session by its privileged process. That one is stopped first: it has no other child then
# than those that are seen. Its child is the one that listens, and would go on without it.
end_session() {
  local monitor=$1 start=$2 children=() child starts=()
  is_running "$monitor" "$start" || return 0
  kill -STOP "$monitor"
  wait_until is_stopped "$monitor" "$start" || return 1
  read -r -a children <"/proc/$monitor/task/$monitor/children"
  for child in "${children[@]}"; do
    stat_of "$child" || STAT=()
    starts+=("${STAT[19]-}")
  done
  kill -KILL "${children[@]}" "$monitor" 2>/dev/null
  for child in "${!children[@]}"; do
    wait_until has_ended "${children[child]}" "${starts[child]}" || return 1
  done
  wait_until has_ended "$monitor" "$start"
}

has_ended() { ! is_running "$1" "$2"; }

# Up to two seconds.
wait_until() {
  local tries
  for ((tries = 0; tries < 1000; tries++)); do
    ! "$@" || return 0
    ((tries < 20)) || sleep 0.002
  done
  return 1
}

# Whether sessions from this address are kept away from the port for now.
is_barred() {
  local address='' until='' now
  [[ -f $HERE/bars/$port ]] || return 1
  read -r address until <"$HERE/bars/$port"
  printf -v now '%(%s)T' -1
  [[ $address == "$PAM_RHOST" && $until =~ ^[0-9]{1,12}$ ]] && ((now < until))
}

main
