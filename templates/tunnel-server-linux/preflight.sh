
# ---- Preflight: everything that is needed, before the first change ----------------------------

preflight() {
  phase 'Checking what is needed'
  [[ $DRY_RUN == yes ]] || find_token
  check_disk
  find_culvert
  check_openssh
  check_port
  check_address
  check_control_plane
  check_selinux
  check_for_strangers
}

check_disk() {
  local folder free
  for folder in /etc /var; do
    free=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
    ((${free:-0} >= 102400)) ||
      finding "less than 100 MB are free in $folder" 'Make room there.'
    [[ ,$(findmnt -nro OPTIONS -T "$folder" | tail -n 1), != *,ro,* ]] ||
      finding "$folder cannot be written: it is mounted read-only" 'Mount it writable.'
  done
}

# Which culvert the agent is: root's alone to change, and fit to be run by a service.
find_culvert() {
  local place said
  local install='Install Node 24 or later for all users, then: npm install --global culvert'
  CULVERT=${GIVEN_CULVERT:-$(command -v culvert)}
  if [[ $CULVERT != /* || ! -x $CULVERT ]]; then
    finding "there is no command culvert${GIVEN_CULVERT:+ at $GIVEN_CULVERT}" \
      "$install. Or name it: --culvert FILE, an absolute path."
    return
  fi
  place=$(open_to_others "$CULVERT" "$(readlink -f "$CULVERT")") && {
    finding "others than root can change $place, which culvert is run from" \
      'Install it as root, in a folder of root.'
    return
  }
  said=$(as_nobody env -i PATH="$UNIT_PATH" "$CULVERT" tunnel-server join --help 2>&1) || {
    finding "$CULVERT does not run as it must: $(tail -n 1 <<<"$said" | printable)" "$install"
    return
  }
  ok "culvert $("$CULVERT" --version | printable), $CULVERT"
}

# open_to_others PATH...: prints the first file or folder on the way to them that others than root
# may change; fails if there is none.
open_to_others() {
  local path
  for path; do
    while :; do
      [[ -n $(find "$path" -maxdepth 0 -user root \( -type l -o ! -perm /022 \)) ]] || {
        tell "$path"
        return
      }
      [[ $path != / ]] || break
      path=${path%/*}
      path=${path:-/}
    done
  done
  return 1
}

as_nobody() {
  if ((EUID > 0)); then
    "$@"
  else
    runuser -u nobody -- "$@"
  fi
}

check_openssh() {
  local version
  if [[ ! -x /usr/sbin/sshd ]]; then
    note 'sshd is missing and will be installed'
    return
  fi
  version=$(openssh_version)
  if ! is_new_enough "$version"; then
    finding "OpenSSH ${version:-of an unknown version} is too old" 'Use a host with 8.5 or later.'
    return
  fi
  ok "OpenSSH $version"
  [[ -n $(find /lib/ /usr/lib /lib64/ /usr/lib64 -maxdepth 3 -name pam_exec.so 2>/dev/null) ]] ||
    finding 'PAM has no pam_exec.so here' 'Install the package with PAM modules.'
}

# Up to 9.2 -V is refused as unknown, and the refusal names the version.
openssh_version() {
  local said
  said=$(/usr/sbin/sshd -V 2>&1)
  [[ $said =~ OpenSSH_([0-9]+\.[0-9]+) ]] && tell "${BASH_REMATCH[1]}"
}

# is_new_enough VERSION: PerSourceMaxStartups and LogVerbose came with 8.5.
is_new_enough() {
  [[ $1 =~ ^([0-9]{1,3})\.([0-9]{1,3})$ ]] &&
    ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 8005))
}

check_port() {
  ! systemctl -q is-active culvert-sshd.service || return 0
  if is_taken "$SSHD_PORT"; then
    finding "port $SSHD_PORT is taken by another program" \
      "See which: ss -ltnp 'sport = :$SSHD_PORT'. An agent that was run by hand has to end first."
  else
    ok "port $SSHD_PORT is free"
  fi
}

# is_taken PORT: whether anything listens on it, on any address: proc_pid_net(5).
is_taken() {
  local hex
  printf -v hex ':%04X' "$1"
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port="$hex\$" '$2 ~ port && $4 == "0A" { found = 1 } END { exit !found }'
}

# Both are IPv4 addresses of this host, or 127.0.0.1 and 0.0.0.0.
check_address() {
  local address
  for address in "$LISTEN_ADDRESS" "$BIND_ADDRESS"; do
    [[ $address != 0.0.0.0 ]] || continue
    grep -qsE "[|]-- ${address//./[.]}\$" /proc/net/fib_trie ||
      finding "this host has no address $address" \
        'Render this script with --listen-address, or for a region with another bind address.'
  done
}

check_control_plane() {
  local said
  if has curl; then
    said=$(curl -fsS --max-time 20 "$CONTROL_PLANE/healthz" 2>&1 >/dev/null)
  elif has wget; then
    said=$(wget -q -T 20 -O /dev/null "$CONTROL_PLANE/healthz" 2>&1)
  else
    note 'neither curl nor wget is here: joining will show whether the control plane answers'
    return
  fi && ok "control plane $CONTROL_PLANE" ||
    finding "the control plane $CONTROL_PLANE does not answer: $(printable <<<"$said")" \
      'See that it runs, and that this host reaches it.'
}

check_selinux() {
  is_enforcing || return 0
  has semanage ||
    finding 'SELinux is enforcing, and semanage is missing' \
      'Install the package policycoreutils-python-utils.'
}

# What has our names and was not made by this installer is somebody's: hands off.
check_for_strangers() {
  local unit text path
  for unit in culvert-sshd.service culvert-agent.service; do
    text=$(systemctl cat "$unit" 2>/dev/null)
    [[ -z $text || $text == *'Made by Culvert: run its installer'* ]] ||
      finding "a unit $unit exists, and not from this installer" 'Stop and remove it first.'
  done
  for path in "$FOLDER" "$STATE_FOLDER" "$LOG_FOLDER" "$PAM_FILE"; do
    [[ ! -e $path && ! -L $path ]] || is_installed ||
      finding "$path exists, and not from this installer" 'Rename or remove it first.'
  done
  [[ $(id -u "$LOGIN" 2>/dev/null) != 0 ]] ||
    finding "the login of this region, $LOGIN, is root here" 'Make a region with another login.'
  ! getent passwd culvert-agent >/dev/null || is_installed ||
    finding 'a user culvert-agent exists, and not from this installer' 'Remove that user first.'
}
