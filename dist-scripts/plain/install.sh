#!/usr/bin/env bash
#
# Opens one tunnel: from this host, which can reach your database, out to your vendor's tunnel
# server. Nothing connects in from outside. Made by Culvert.
#
#   bash install.sh              install, repair or upgrade; asks for the enrolment token
#   bash install.sh check        change nothing; say what the network and the database must allow
#   bash install.sh --dry-run    change nothing; list every change that an installation makes here
#   bash install.sh run          no root, no package, no service: a tunnel for as long as this runs
#   bash install.sh uninstall    remove what was installed, and nothing else
#   bash install.sh --help       everything else
#
# How to review it: the settings below hold every value that is yours, and each file as it will be
# written. All that follows them is the same for every customer of every vendor, and this prints
# its digest, which the settings state as BODY_SHA256:
#
#   sed '1,/^  # ---- The same for everyone/d' install.sh | sha256sum
#
# What follows is a guard for other shells, then one block: cut off anywhere on its way here, it
# does nothing.

{
  if [ -z "${BASH_VERSION-}" ]; then
    echo 'error: this script needs bash. Run it again and end the line with: | bash' >&2
    exit 2
  fi
  set +o posix # where sh is bash, "curl | sh" starts it in a mode that reads the rest differently
}

# The settings are read further down, some functions run as root only, and "a && b || fail" means
# what it says: fail if either did.
# shellcheck disable=SC2034,SC2317,SC2015
{
  # ---- Settings: every value of this tunnel -----------------------------------------------------

  TEMPLATE_VERSION='2.1.0'
  BODY_SHA256='6cfb9c6edab903d94bbab068360dab1b2f57cf7fac1b24b5ccc62768630d56cc'
  RENDER='617e7a3dc92d8ef6e2ca73411d1b914247836ed10c77fcf7b0f5dd6f06ec3e8e'

  PUBLIC_URL='https://culvert.example'
  CA_CERTIFICATES=''
  INSTALLER_URL='https://culvert.example/t/tun_00000000000000000000000000/install.sh'
  VENDOR='acme'
  VENDOR_NAME='Acme'
  ACCOUNT_NAME='Globex'
  SERVICE='h_autossh'

  TUNNEL_ID='tun_00000000000000000000000000'
  TUNNEL_NAME='Orders'
  INSTANCE='acme_orders'
  SLOT='1'

  TUNNEL_HOSTS=(
    't1.culvert.example'
    '192.0.2.10'
    '2001:db8::10'
    't2.culvert.example'
  )
  TUNNEL_PORTS=(
    '50022'
    '443'
  )
  LOGIN='tunnel'
  TUNNEL_PORT='20000'
  EGRESS_ADDRESSES=(
    '192.0.2.1'
  )

  DATABASE_TYPE='postgresql'
  DATABASE_HOST='db.internal'
  DATABASE_PORT='5432'
  DATABASE_SOCKET=''

  # The files, each as it will be written.

  SSH_CONFIG='# How this proxy reaches its tunnel server: see ssh_config(5). Made by Culvert.
Host tunnel
  HostName t1.culvert.example
  Port 50022
  User tunnel

  # Who we are: this key, and no other way in.
  IdentityFile /var/lib/h_autossh/acme_orders/key
  IdentitiesOnly yes
  PreferredAuthentications publickey
  BatchMode yes

  # Who the server must be: one of the pinned host keys, and nothing learned later or elsewhere.
  HostKeyAlias tunnel
  StrictHostKeyChecking yes
  UserKnownHostsFile /etc/h_autossh/acme_orders/known_hosts
  GlobalKnownHostsFile /etc/h_autossh/acme_orders/known_hosts
  UpdateHostKeys no
  VerifyHostKeyDNS no

  # What the tunnel carries: the server'\''s port on the left leads to the database on the right.
  RemoteForward 127.0.0.1:20000 db.internal:5432
  ExitOnForwardFailure yes

  # Nothing else.
  ForwardAgent no
  ForwardX11 no
  PermitLocalCommand no
  Tunnel no
  ControlMaster no
  ControlPath none
  RequestTTY no
  EscapeChar none

  # A dead connection is noticed within a minute, a dead attempt within 20 seconds.
  ServerAliveInterval 15
  ServerAliveCountMax 3
  ConnectTimeout 20
  TCPKeepAlive yes
  AddressFamily any

  # What only this host knows, such as an HTTP proxy. The first value wins, so it overrides nothing.
  Include /etc/h_autossh/acme_orders/local.conf
'

  SSH_CONFIG_RUN='# How this proxy reaches its tunnel server: see ssh_config(5). Made by Culvert.
Host tunnel
  HostName t1.culvert.example
  Port 50022
  User tunnel

  # Who we are: this key, and no other way in.
  IdentityFile ~/.local/state/h_autossh/acme_orders/key
  IdentitiesOnly yes
  PreferredAuthentications publickey
  BatchMode yes

  # Who the server must be: one of the pinned host keys, and nothing learned later or elsewhere.
  HostKeyAlias tunnel
  StrictHostKeyChecking yes
  UserKnownHostsFile ~/.local/state/h_autossh/acme_orders/known_hosts
  GlobalKnownHostsFile ~/.local/state/h_autossh/acme_orders/known_hosts
  UpdateHostKeys no
  VerifyHostKeyDNS no

  # What the tunnel carries: the server'\''s port on the left leads to the database on the right.
  RemoteForward 127.0.0.1:20000 db.internal:5432
  ExitOnForwardFailure yes

  # Nothing else.
  ForwardAgent no
  ForwardX11 no
  PermitLocalCommand no
  Tunnel no
  ControlMaster no
  ControlPath none
  RequestTTY no
  EscapeChar none

  # A dead connection is noticed within a minute, a dead attempt within 20 seconds.
  ServerAliveInterval 15
  ServerAliveCountMax 3
  ConnectTimeout 20
  TCPKeepAlive yes
  AddressFamily any
'

  KNOWN_HOSTS='# The only host keys this tunnel trusts: the active and the spare one of each server.
tunnel ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB
tunnel ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
tunnel ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD
tunnel ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE
'

  # One of these two: with autossh, or with plain ssh.
  TUNNEL_UNIT='# Keeps one tunnel up. Made by Culvert: run its installer again, do not edit this.
[Unit]
Description=Tunnel acme_orders
Wants=network-online.target
After=network-online.target nss-lookup.target
PartOf=h_autossh.service
StartLimitIntervalSec=0

[Service]
Type=exec
User=h_autossh
Group=h_autossh
# A silent name server costs 2 seconds a question, not 5: ssh does nothing else meanwhile.
Environment=SHELL=/bin/sh "RES_OPTIONS=timeout:2 attempts:2"
# autossh: no monitor port, a first failure is not final, at most 5 seconds between attempts.
Environment=AUTOSSH_GATETIME=0 AUTOSSH_POLL=5
ExecStart=/usr/bin/autossh -M 0 -N -T -F /etc/h_autossh/acme_orders/ssh_config tunnel
Restart=always
RestartSec=5
SuccessExitStatus=1 255
KillMode=control-group
TimeoutStopSec=10

# It sees the folders of its own tunnel and of no other.
TemporaryFileSystem=/etc/h_autossh:ro /var/lib/h_autossh:ro
BindReadOnlyPaths=/etc/h_autossh/acme_orders /var/lib/h_autossh/acme_orders

# It may open connections, and nothing else.
AmbientCapabilities=
CapabilityBoundingSet=
DevicePolicy=closed
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateMounts=yes
PrivateTmp=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077

[Install]
WantedBy=h_autossh.service
'

  PLAIN_UNIT='# Keeps one tunnel up. Made by Culvert: run its installer again, do not edit this.
[Unit]
Description=Tunnel acme_orders
Wants=network-online.target
After=network-online.target nss-lookup.target
PartOf=h_autossh.service
StartLimitIntervalSec=0

[Service]
Type=exec
User=h_autossh
Group=h_autossh
# A silent name server costs 2 seconds a question, not 5: ssh does nothing else meanwhile.
Environment=SHELL=/bin/sh "RES_OPTIONS=timeout:2 attempts:2"
ExecStart=/usr/bin/ssh -N -T -F /etc/h_autossh/acme_orders/ssh_config tunnel
Restart=always
RestartSec=5
SuccessExitStatus=1 255
KillMode=control-group
TimeoutStopSec=10

# It sees the folders of its own tunnel and of no other.
TemporaryFileSystem=/etc/h_autossh:ro /var/lib/h_autossh:ro
BindReadOnlyPaths=/etc/h_autossh/acme_orders /var/lib/h_autossh/acme_orders

# It may open connections, and nothing else.
AmbientCapabilities=
CapabilityBoundingSet=
DevicePolicy=closed
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateMounts=yes
PrivateTmp=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077

[Install]
WantedBy=h_autossh.service
'

  UMBRELLA_UNIT='# Starts and stops every tunnel of this host together. Made by Culvert.
# It is active even while a tunnel is down: ask the unit of each tunnel.
[Unit]
Description=All tunnels of h_autossh
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/true
RemainAfterExit=yes

[Install]
WantedBy=multi-user.target
'

  DISPATCHER='#!/usr/bin/env bash
#
# Looks after the tunnels of this host. Each tunnel, of whichever vendor, has a program of its own;
# this one finds it by the name that this file has, hands over, and does nothing else.
# Made by Culvert.

{
  service=${0##*/}
  programs=/usr/local/lib/$service

  print_help() {
    printf "%s\n" \
      "Usage: $service COMMAND [TUNNEL] [OPTION...]" \
      "" \
      "  status [--json]     whether the service runs, the tunnel is up, the database answers" \
      "  doctor [--json]     walks every hop, says which one is broken and what to do" \
      "  logs [--follow]     what the tunnel has logged, and what its last error means" \
      "  rotate-key          makes a new key pair; removes the old key once the new one works" \
      "  upgrade             fetches the installer of this tunnel anew, and runs it" \
      "  uninstall           removes the tunnel from this host, and its key at the vendor" \
      "" \
      "TUNNEL may be left out where there is only one; status then shows all of them." \
      "" \
      "Tunnels of this host:"
    printf "  %s\n" "${tunnels[@]:-none}"
  }

  find_tunnels() {
    local program
    tunnels=()
    for program in "$programs"/*/tunnel; do
      program=${program%/tunnel}
      [[ ! -x $program/tunnel ]] || tunnels+=("${program##*/}")
    done
  }

  # choose NAME: the tunnels that NAME may mean, <vendor>_<tunnel> or <tunnel> alone.
  choose() {
    local tunnel
    chosen=()
    for tunnel in "${tunnels[@]}"; do
      [[ $tunnel != "$1" && ${tunnel#*_} != "$1" ]] || chosen+=("$tunnel")
    done
  }

  refuse() {
    printf "error: %s\n       %s\n" "$1" "$2" >&2
    exit 2
  }

  main() {
    local command=${1-} tunnel code=0 worst=0
    find_tunnels
    case $command in
      status | doctor | logs | rotate-key | upgrade | uninstall) shift ;;
      "" | help | -h | --help)
        print_help
        return
        ;;
      *) refuse "There is no command ${command//[![:print:]]/?}." "See: $service --help" ;;
    esac

    chosen=("${tunnels[@]}")
    ((${#chosen[@]} > 0)) || refuse "No tunnel is installed on this host." "Ask your vendor."
    if (($# > 0)) && [[ $1 != -* ]]; then
      choose "$1"
      ((${#chosen[@]} > 0)) ||
        refuse "There is no tunnel ${1//[![:print:]]/?} on this host." "See: $service --help"
      shift
    fi
    [[ $command == status || ${#chosen[@]} == 1 ]] ||
      refuse "Which tunnel? There are: ${chosen[*]}." "Say: $service $command TUNNEL"

    ((${#chosen[@]} > 1)) || exec "$programs/${chosen[0]}/tunnel" "$command" "$@"
    for tunnel in "${chosen[@]}"; do
      "$programs/$tunnel/tunnel" "$command" "$@" || code=$?
      ((code <= worst)) || worst=$code
    done
    return "$worst"
  }

  # Root alone may read the programs: each names its tunnel to the vendor.
  if ((EUID > 0)); then
    type -P sudo >/dev/null || refuse "This needs root, and there is no sudo." "Become root first."
    exec sudo -- "$0" "$@"
  fi
  main "$@"
  exit
}
'

  CONNECT='#!/bin/bash
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
LC_ALL=C # bash'\''s own messages are read below
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
  trap '\''stop_all'\'' EXIT
  trap '\''exit 1'\'' HUP INT TERM
  try_in_order
  explain
  exit 1
}

read_http_proxy() {
  PROXY_HOST='\'''\'' PROXY_PORT='\'''\''
  [[ -e $1 ]] || return 0
  {
    IFS= read -r PROXY_HOST
    IFS= read -r PROXY_PORT
    IFS= read -r PROXY_USER
    IFS= read -r PROXY_PASSWORD
  } <"$1"
  [[ -n $PROXY_PORT ]] && return
  printf '\''connect: %s does not name an HTTP proxy\n'\'' "$1" >&2
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
  printf '\''go\n'\'' >&8
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
  local number what said='\'' '\''
  for number in "${!endpoints[@]}"; do
    what=${TOLD[number]-"$(name_of "${endpoints[number]}"): no answer within $PATIENCE seconds"}
    [[ $said != *" $what "* ]] || continue
    said+="$what "
    printf '\''connect: %s\n'\'' "$what" >&2
  done
}

# name_of "HOST PORT"
name_of() { printf '\''tunnel server %s port %s'\'' "${1% *}" "${1#* }"; }

# ---- One attempt, a process of its own ---------------------------------------------------------

# attempt NUMBER HOST PORT: tells "ready" once an SSH server has answered, and then waits for its
# turn; or tells why not, and ends. What bash itself says of a broken connection is not shown.
attempt() {
  trap '\'''\'' PIPE
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
  printf '\''%s ready\n'\'' "$NUMBER" >&9
  read -r <&8
  printf '\''%s\n'\'' "$banner"
  relay
}

give_up() {
  printf '\''%s %s\n'\'' "$NUMBER" "$1" >&9
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
    *unreachable* | *'\''No route'\''*) give_up "$3: there is no route to it" ;;
    # Reset before bash had it or just after, it is the same: one that says nothing.
    *reset*) exec 3<>/dev/null ;;
    *) give_up "$3: no answer" ;;
  esac
}

# ask_http_proxy HOST PORT: has the HTTP proxy at descriptor 3 connect to it. The answer is read
# byte by byte, as bash does from a connection, so that nothing of what follows is swallowed.
ask_http_proxy() {
  local target="$1:$2" proxy="HTTP proxy $PROXY_HOST port $PROXY_PORT"
  local user='\'''\'' status='\'''\'' line='\'''\''
  [[ $1 != *:* ]] || target="[$1]:$2"
  [[ -z $PROXY_USER ]] || user="Proxy-Authorization: Basic $(
    printf '\''%s:%s'\'' "$PROXY_USER" "$PROXY_PASSWORD" | base64 -w 0
  )"$'\''\r\n'\''
  printf '\''CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n'\'' "$target" "$target" "$user" >&3
  IFS= read -r -t "$((PATIENCE - 1))" status <&3
  case $status in
    "HTTP/1."?" 2"*) ;;
    "HTTP/1."?" 407"*)
      [[ -n $PROXY_USER ]] || give_up "$proxy asks for a user and a password"
      give_up "$proxy refused the user or the password"
      ;;
    "HTTP/1."?" 403"*) give_up "$proxy does not allow connections to $1 port $2" ;;
    HTTP/*) give_up "$proxy cannot connect to $1 port $2 (status ${status:9:3})" ;;
    '\'''\'') give_up "$proxy: no answer to the request for $1 port $2" ;;
    *) give_up "$proxy: what answers there is not an HTTP proxy" ;;
  esac
  while IFS= read -r -t "$((PATIENCE - 1))" line <&3 && [[ -n ${line%$'\''\r'\''} ]]; do :; done
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
  trap '\''exit 1'\'' HUP INT TERM
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 403)); then
    wait -n
  else
    while kill -0 "$up" && kill -0 "$down"; do sleep 1; done
  fi
  exit 0
}

main "$@"
'

  # Every change that an installation makes; --dry-run prints it.
  PLAN='    packages   those of these that are missing, and nothing else:
               openssh-client (openssh-clients where dnf or yum is)
               autossh; if no package source has it, plain ssh does its work
               epel-release, with --enable-epel alone: it adds the package source EPEL
    user       h_autossh, a system user without login or home
    folders    /etc/h_autossh
               /etc/h_autossh/acme_orders
               /var/lib/h_autossh
               /var/lib/h_autossh/acme_orders
               /usr/local/lib/h_autossh
               /usr/local/lib/h_autossh/acme_orders
    files      /etc/h_autossh/README
               /etc/h_autossh/acme_orders/ssh_config
               /etc/h_autossh/acme_orders/known_hosts
               /etc/h_autossh/acme_orders/endpoints
               /etc/h_autossh/acme_orders/local.conf
               /var/lib/h_autossh/acme_orders/key,
                 a new private key that never leaves this host
               /var/lib/h_autossh/acme_orders/key.pub
               /var/lib/h_autossh/acme_orders/installed, what was made here
               /var/lib/h_autossh/acme_orders/applied, what runs
               /usr/local/lib/h_autossh/acme_orders/connect,
                 which takes ssh past dead endpoints and HTTP proxies
               /usr/local/lib/h_autossh/acme_orders/tunnel, which looks after this tunnel
               /usr/local/sbin/h_autossh, the command for status and the rest
               /etc/systemd/system/h_autossh@acme_orders.service
               /etc/systemd/system/h_autossh.service
    files      only with an HTTP proxy, with its user and password:
               /etc/h_autossh/acme_orders/http-proxy
               only where authorities to trust are given:
               /etc/h_autossh/acme_orders/ca.pem
               only with --reviewers, for all tunnels of this vendor here:
               /etc/h_autossh/acme.reviewers
               only where systemd cannot do all of the unit:
               /etc/systemd/system/h_autossh@acme_orders.service.d
               /etc/systemd/system/h_autossh@acme_orders.service.d/host.conf
    service    h_autossh@acme_orders.service, started now and at every boot
               h_autossh.service, which stands for all tunnels of this host
    network    nothing comes in; what goes out is all of this:
               by SSH to the first of these that answers, while the tunnel is up:
                 t1.culvert.example:50022
                 192.0.2.10:50022
                 [2001:db8::10]:50022
                 t2.culvert.example:50022
                 t1.culvert.example:443
                 192.0.2.10:443
                 [2001:db8::10]:443
                 t2.culvert.example:443
               to the database, when the vendor asks it something: db.internal:5432
               to the vendor, the public key and this installer'\''s digest: https://culvert.example
               to the package sources, if a package is missing; to DNS, for these names
    as root    apt-get update; apt-get install of the packages above
               or dnf install, or yum install, of the packages above
               dpkg --configure -a, where an earlier installation was cut short
               useradd --system --user-group --no-create-home --home-dir /nonexistent
                 --shell /usr/sbin/nologin h_autossh
               ssh-keygen, to make the key and to prove to the vendor that it is here
               mkdir, install, cp, mv, ln, rm, chown, chmod, sync on the files and folders above
               restorecon on them, with SELinux
               systemctl daemon-reload
               systemctl enable h_autossh.service h_autossh@acme_orders.service
               systemctl start h_autossh.service
               systemctl restart h_autossh@acme_orders.service
               flock on /var/lib, so that one run at a time changes this host
'

  # ---- The same for everyone from here on -------------------------------------------------------

  # ---- How this script speaks -------------------------------------------------------------------

  # Functions that the caller's shell exported are none of ours; a foreign curl must not come along.
  # shellcheck disable=SC2046 # each name is a word
  builtin unset -f $(compgen -A function)

  # say TEXT: what a person may want to follow; --quiet leaves it out.
  say() { [[ $QUIET == yes ]] || printf '%s\n' "$*"; }

  # tell TEXT: what was asked for, or must not be missed.
  tell() { printf '%s\n' "$*"; }

  warn() { printf 'warning: %s\n' "$*" >&2; }

  # fail CODE WHAT NEXT: says what happened and what to do about it, and ends.
  fail() {
    printf '\nerror: %s\n       %s\n' "$2" "$3" >&2
    exit "$1"
  }

  # Exit codes, the same for every way to run this.
  readonly USAGE=2 UNSUPPORTED=3 PREFLIGHT=4 PACKAGES=5 ENROLMENT=6 TUNNEL=7 DATABASE=8
  EXIT_CODES=(USAGE UNSUPPORTED PREFLIGHT PACKAGES ENROLMENT TUNNEL DATABASE)

  # phase TITLE: the next of $PHASES steps begins; how long the last one took, if it was noticeable.
  phase() {
    end_phase
    PHASE=$((PHASE + 1))
    PHASE_BEGAN=$(now)
    say
    say "${BOLD}[$PHASE/$PHASES] $1$PLAIN"
  }

  end_phase() {
    local seconds=$(($(now) - ${PHASE_BEGAN:-$(now)}))
    ((seconds == 0)) || say "     took $seconds s"
  }

  now() { printf '%(%s)T' -1; }

  # Bold where somebody looks and has not asked for plain text (https://no-color.org).
  choose_style() {
    BOLD='' PLAIN=''
    [[ -t 1 && -z ${NO_COLOR-} && ${TERM:-dumb} != dumb ]] || return 0
    BOLD=$'\e[1m' PLAIN=$'\e[0m'
  }

  # run COMMAND...: runs it quietly; only if it fails, or with --verbose, is its output shown.
  run() {
    local output
    if [[ $VERBOSE == yes ]]; then
      printf '  + %s\n' "$*" >&2
      "$@" >&2
      return
    fi
    output=$("$@" 2>&1) || {
      local status=$?
      printf '%s\n' "$output" >&2
      return "$status"
    }
  }

  # printable: text that a terminal takes as text, from standard input.
  printable() { tr -d '\n' | tr -c '[:print:]' '?'; }

  # quote_ssh: shows what ssh said, without letting a peer's text play with the terminal.
  quote_ssh() { tr -c '[:print:]\n' '?' | sed 's/^/  ssh: /' >&2; }

  has() { command -v "$1" >/dev/null 2>&1; }

  # ---- What is asked for ------------------------------------------------------------------------

  read_arguments() {
    MODE='' TOKEN_FILE='' PROGRAM='' SUPPORT_FILE='' GIVEN_CONFIG='' GIVEN_HOST=''
    REVIEWERS_FILE='' REVIEWERS='' APPROVALS=''
    DEFER_DATABASE=no DRY_RUN=no ENABLE_EPEL=no REMOVE_PACKAGES=no
    JSON=no FOLLOW=no QUIET=no VERBOSE=no
    while (($# > 0)); do
      case $1 in
        install | check | run | uninstall | status | doctor | logs | rotate-key | upgrade)
          [[ -z $MODE ]] || wrong "Choose one of $MODE and $1."
          MODE=$1
          ;;
        --dry-run) DRY_RUN=yes ;;
        --plain-ssh) choose_in_arguments ssh ;;
        --autossh) choose_in_arguments autossh ;;
        --enable-epel)
          ENABLE_EPEL=yes
          choose_in_arguments autossh
          ;;
        --defer-database) DEFER_DATABASE=yes ;;
        --packages) REMOVE_PACKAGES=yes ;;
        --json) JSON=yes ;;
        --follow) FOLLOW=yes ;;
        -q | --quiet) QUIET=yes ;;
        -v | --verbose) VERBOSE=yes ;;
        --token-file)
          (($# > 1)) || wrong '--token-file needs the name of a file.'
          TOKEN_FILE=$2
          shift
          ;;
        --token-file=*) TOKEN_FILE=${1#*=} ;;
        --support-file | --ssh-config | --host | --reviewers | --approvals)
          (($# > 1)) || wrong "$1 needs a value."
          take_value "$1" "$2"
          shift
          ;;
        --support-file=* | --ssh-config=* | --host=* | --reviewers=* | --approvals=*)
          take_value "${1%%=*}" "${1#*=}"
          ;;
        --version)
          tell "Culvert installer for Linux $TEMPLATE_VERSION"
          exit 0
          ;;
        -h | --help)
          print_help
          exit 0
          ;;
        *) wrong "There is no option or command '${1//[![:print:]]/?}'." ;;
      esac
      shift
    done
    MODE=${MODE:-install}
    goes_with --dry-run "$DRY_RUN" install
    goes_with --plain-ssh "${PROGRAM:-no}" install
    goes_with --defer-database "$DEFER_DATABASE" install check run
    goes_with --reviewers "${REVIEWERS_FILE:-no}" install
    [[ -z $APPROVALS || -n $REVIEWERS_FILE ]] || wrong '--approvals goes with --reviewers only.'
    APPROVALS=${APPROVALS:-1}
    goes_with --packages "$REMOVE_PACKAGES" uninstall
    goes_with --json "$JSON" status doctor
    goes_with --support-file "${SUPPORT_FILE:-no}" doctor
    goes_with --ssh-config "${GIVEN_CONFIG:-no}" doctor
    [[ -z $GIVEN_HOST || -n $GIVEN_CONFIG ]] || wrong '--host goes with --ssh-config only.'
    goes_with --follow "$FOLLOW" logs
    goes_with --quiet "$QUIET" install run rotate-key upgrade uninstall
  }

  take_value() {
    [[ -n $2 ]] || wrong "$1 needs a value."
    case $1 in
      --support-file) SUPPORT_FILE=$2 ;;
      --ssh-config) GIVEN_CONFIG=$2 ;;
      --host) GIVEN_HOST=$2 ;;
      --reviewers) REVIEWERS_FILE=$2 ;;
      --approvals) APPROVALS=$2 ;;
    esac
  }

  wrong() { fail "$USAGE" "$1" 'See --help.'; }

  # goes_with OPTION GIVEN MODE...: an option without effect was meant for something else.
  goes_with() {
    local option=$1 given=$2
    shift 2
    [[ $given == no || " $* " == *" $MODE "* ]] ||
      wrong "$option does not go with $MODE, only with: $*."
  }

  choose_in_arguments() {
    [[ -z $PROGRAM || $PROGRAM == "$1" ]] || wrong 'Choose one of autossh and plain ssh.'
    PROGRAM=$1
  }

  print_help() {
    printf '%s\n' \
      'Opens a tunnel from this host to your vendor, so that the vendor can query one database.' \
      '' \
      'Usage: install.sh [COMMAND] [OPTION...]' \
      '' \
      '  install        Install, repair or upgrade the tunnel as a service (the default).' \
      '  check          Change nothing. Test what an installation needs, and print a ticket for' \
      '                 the network and database teams. Needs no token and no root.' \
      '  run            Hold the tunnel open until you press Ctrl-C. Needs no root, installs' \
      '                 nothing; keeps its key in ~/.local/state.' \
      '' \
      'Where it is installed, each also as a command of its own:' \
      "  $SERVICE COMMAND $INSTANCE" \
      '' \
      '  status         Whether the service runs, the tunnel is up, the database answers.' \
      '  doctor         Walk every hop to the database; say which one is broken and what to do.' \
      '                 Changes nothing, and never logs in with the key of the tunnel.' \
      '  logs           What the tunnel has logged, and what its last error means.' \
      '  rotate-key     Make a new key pair; remove the old key once the new one works.' \
      '  upgrade        Fetch this installer anew, and run it; where reviewers are pinned, only' \
      '                 if they signed it.' \
      '  uninstall      Remove what an installation made, and the key at the vendor; leave other' \
      '                 tunnels alone.' \
      '' \
      '  --dry-run      install: change nothing; print each change that would be made here.' \
      '  --defer-database' \
      '                 Go on although the database does not answer yet, and say what is owed.' \
      '  --token-file FILE' \
      '                 Read the enrolment token from FILE. It can also be given in the' \
      '                 environment as CULVERT_TOKEN; else it is asked for on the terminal.' \
      '  --plain-ssh    install: hold the tunnel with ssh alone, under systemd, instead of' \
      '                 autossh; so it is, too, where no package source here has autossh.' \
      '  --autossh      install: hold it with autossh, also where it was plain ssh before.' \
      '  --enable-epel  install, on relatives of RHEL: add the package source EPEL, which has' \
      '                 autossh.' \
      '  --reviewers FILE [--approvals NUMBER]' \
      '                 install: pin the reviewers in FILE, for all tunnels of this vendor here:' \
      '                 a line NAME namespaces="culvert-approval-v1" TYPE KEY for each key. Then' \
      '                 "upgrade" runs only what NUMBER of them signed (1). Needs OpenSSH 8.1.' \
      '  --packages     uninstall: also remove the packages that the installation added, where' \
      '                 nothing else needs them.' \
      '  --json         status, doctor: one JSON object, for programs.' \
      '  --support-file FILE' \
      '                 doctor: also write a new file that you may send to your vendor: versions,' \
      '                 states and times, and nothing else.' \
      '  --ssh-config FILE [--host NAME]' \
      '                 doctor: examine a tunnel that was set up by hand, as that file says.' \
      '                 Needs no installation and no root.' \
      '  --follow       logs: go on printing until you press Ctrl-C.' \
      '  -q, --quiet    Say only what is wrong.' \
      '  -v, --verbose  Show each command that changes this host, and what it says.' \
      '  --version      Print the version of this installer.' \
      '' \
      'In the environment:' \
      '  CULVERT_HTTP_PROXY=http://[user:password@]host:port' \
      '                 The HTTP proxy by which this host reaches the vendor, for the tunnel too.' \
      '                 It is kept for later runs; "none" forgets it.' \
      '  CULVERT_CA_FILE' \
      '                 A file of certificate authorities to trust for the control plane; kept,' \
      '                 too.' \
      '  CULVERT_LOCK_SECONDS' \
      '                 How long to wait while others install packages (300).' \
      '  https_proxy, no_proxy' \
      '                 For requests to the control plane alone; they go before the above.' \
      '' \
      'Exit codes: 0 the vendor can query the database; 2 usage; 3 host not supported; 4 what' \
      'is needed is missing or cannot be reached; 5 packages; 6 enrolment; 7 tunnel; 8 database.' \
      '' \
      'Examples:' \
      '  curl -fsSL URL | bash' \
      '  curl -fsSL URL | CULVERT_TOKEN=cvt_... bash' \
      '  curl -fsSL URL | bash -s -- check'
  }

  # ---- This shell -------------------------------------------------------------------------------

  # Nothing of the caller's shell may change what the commands below mean.
  settle_shell() {
    set +aCefxv -u -o pipefail
    shopt -u failglob nullglob nocaseglob nocasematch
    # shellcheck disable=SC2086 # each name is a word
    unset -v CDPATH BASH_ENV ENV GREP_OPTIONS ${!SYSTEMD_@}
    IFS=$' \t\n'
    PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
    export PATH LC_ALL=C
    umask 022
    exec </dev/null # the script itself may have come in here; no command may read the rest of it
  }

  # A private folder for the time of this run, the only place written to before the plan is shown.
  make_scratch() {
    local base=${TMPDIR:-/tmp}
    # What root works on, private keys too, stays in memory there.
    ((EUID > 0)) || base=/run
    SCRATCH=$(mktemp -d "$base/culvert.XXXXXXXX") ||
      fail "$PREFLIGHT" "No temporary folder can be made in $base." 'Make room there.'
    trap 'rm -rf -- "$SCRATCH"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
  }

  # ---- This system ------------------------------------------------------------------------------

  # The system's name, its family and its package manager; empty where unknown.
  read_os_release() {
    local release=/etc/os-release ids id
    [[ -r $release ]] || release=/usr/lib/os-release
    # shellcheck source=/dev/null # read in a shell of its own, so that its names touch none of ours
    OS_NAME=$(unset PRETTY_NAME && . "$release" 2>/dev/null && printf '%s' "${PRETTY_NAME-}")
    # shellcheck source=/dev/null
    ids=$(
      unset ID ID_LIKE
      . "$release" 2>/dev/null && printf '%s %s' "${ID-}" "${ID_LIKE-}"
    )
    FAMILY=''
    PACKAGE_MANAGER=''
    # Its own name comes first, then those it is like, the closest first.
    for id in $ids; do
      case $id in
        debian | ubuntu) FAMILY=debian ;;
        rhel | fedora | centos | rocky | almalinux | ol | amzn) FAMILY=rhel ;;
        *) continue ;;
      esac
      break
    done
    case $FAMILY in
      debian) first_of PACKAGE_MANAGER apt-get ;;
      rhel) first_of PACKAGE_MANAGER dnf yum ;;
    esac
  }

  # first_of VARIABLE COMMAND...: puts the first of them that this host has into the variable.
  first_of() {
    local variable=$1
    shift
    while (($# > 0)) && ! has "$1"; do shift; done
    printf -v "$variable" '%s' "${1-}"
  }

  # ---- This host --------------------------------------------------------------------------------

  # Which system this is.
  detect_host() {
    ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)) ||
      fail "$UNSUPPORTED" "bash $BASH_VERSION is too old." 'Use a host with bash 4.2 or later.'
    has curl || [[ $(wget --version 2>/dev/null) == 'GNU Wget 1'* ]] ||
      fail "$PREFLIGHT" 'Neither curl nor GNU wget is here.' \
        'Install the package curl or wget and run this again; wget2 and BusyBox will not do.'
    read_os_release
    KEY_TYPE=ed25519
    [[ $(cat /proc/sys/crypto/fips_enabled 2>/dev/null) != 1 ]] || KEY_TYPE=ecdsa
  }

  # Whether it can run a service of ours.
  judge_host() {
    say "This host: $(uname -n), ${OS_NAME:-unknown system}, as $(id -un)"
    [[ $KEY_TYPE == ed25519 ]] || say 'FIPS mode is on: the key will be ECDSA P-256.'
    [[ $MODE != run ]] || return 0
    say_what_contains_it

    [[ -n $FAMILY ]] ||
      unsupported "this installer does not know ${OS_NAME:-this system}" \
        'Use Debian, RHEL or a relative of theirs, or hold the tunnel with: install.sh run'
    [[ -z $FAMILY || -n $PACKAGE_MANAGER ]] ||
      unsupported 'this host has no package manager that this installer knows' \
        'Use a host with apt, dnf or yum, or hold the tunnel with: install.sh run'
    [[ -d /run/systemd/system ]] ||
      unsupported 'systemd does not manage this host, so no service can be installed' \
        "Hold the tunnel yourself with: install.sh run   ($PUBLIC_URL/t/$TUNNEL_ID says how)"
  }

  say_what_contains_it() {
    local kind
    kind=$(systemd-detect-virt --container 2>/dev/null)
    case $kind in
      '' | none) ;;
      wsl) say 'This is WSL: the tunnel is up only while Windows keeps WSL running.' ;;
      *) say "This is a container ($kind): the tunnel is up only while the container runs." ;;
    esac
  }

  # unsupported WHAT NEXT: ends an installation; a check goes on and lists it with the rest.
  unsupported() {
    [[ $MODE == check ]] || fail "$UNSUPPORTED" "${1^}." "$2"
    finding "$1" "$2"
  }

  # The paths of this tunnel. The same names are in the files of the settings.
  name_paths() {
    SHARED_FOLDERS=("/etc/$SERVICE" "/var/lib/$SERVICE" "/usr/local/lib/$SERVICE")
    CONFIG_FOLDER=/etc/$SERVICE/$INSTANCE
    STATE_FOLDER=/var/lib/$SERVICE/$INSTANCE
    KEPT_FOLDER=$CONFIG_FOLDER
    KEY=$STATE_FOLDER/key
    RECORD=$STATE_FOLDER/installed
    APPLIED=$STATE_FOLDER/applied
    OLD_KEY=$STATE_FOLDER/key.old
    SERIAL_FILE=$STATE_FOLDER/serial
    NEXT_FOLDER=$STATE_FOLDER/next
    LOCAL_CONFIG=$CONFIG_FOLDER/local.conf
    PIN_FILE=/etc/$SERVICE/$VENDOR.reviewers
    CODE_FOLDER=/usr/local/lib/$SERVICE/$INSTANCE
    DISPATCHER_FILE=/usr/local/sbin/$SERVICE
    UNIT=$SERVICE@$INSTANCE.service
    UNIT_FILE=/etc/systemd/system/$UNIT
    HOST_FILE=$UNIT_FILE.d/host.conf
    UMBRELLA_FILE=/etc/systemd/system/$SERVICE.service
  }

  # is_link FOLDER: whether one of the shared folders, or this tunnel's in it, leads elsewhere.
  is_link() { [[ -L $1 || -L $1/$INSTANCE ]]; }

  is_installed() { [[ -e $UNIT_FILE ]]; }

  # ---- The HTTP proxy, where this host may not connect out by itself -----------------------------

  # It may come with a password, so from here on it is in a variable that no child inherits.
  take_http_proxy() {
    GIVEN_HTTP_PROXY=${CULVERT_HTTP_PROXY-}
    unset -v CULVERT_HTTP_PROXY
  }

  # The one that was given, else the one that an earlier run kept.
  find_http_proxy() {
    local kept=$KEPT_FOLDER/http-proxy
    HTTP_PROXY_HOST='' HTTP_PROXY_PORT='' HTTP_PROXY_USER='' HTTP_PROXY_PASSWORD=''
    case $GIVEN_HTTP_PROXY in
      none) ;;
      ?*)
        read_given_http_proxy || fail "$USAGE" \
          'CULVERT_HTTP_PROXY does not read http://[user:password@]host:port.' \
          'In user and password write each of % @ : / as %25 %40 %3A %2F.'
        ;;
      *)
        [[ ! -r $kept ]] || {
          IFS= read -r HTTP_PROXY_HOST
          IFS= read -r HTTP_PROXY_PORT
          IFS= read -r HTTP_PROXY_USER
          IFS= read -r HTTP_PROXY_PASSWORD
        } <"$kept"
        ;;
    esac
  }

  read_given_http_proxy() {
    local rest=${GIVEN_HTTP_PROXY#http://} login=
    rest=${rest%/}
    if [[ $rest == *@* ]]; then
      login=${rest%@*}
      rest=${rest##*@}
      HTTP_PROXY_USER=$(percent_decode "${login%%:*}") && [[ $HTTP_PROXY_USER == ?* ]] || return
      [[ $HTTP_PROXY_USER != *:* ]] || return
      login=${login#"${login%%:*}"}
      HTTP_PROXY_PASSWORD=$(percent_decode "${login#:}") || return
    fi
    HTTP_PROXY_HOST=${rest%:*}
    HTTP_PROXY_PORT=${rest##*:}
    if [[ $HTTP_PROXY_HOST =~ ^\[[0-9A-Fa-f:.]+\]$ ]]; then
      HTTP_PROXY_HOST=${HTTP_PROXY_HOST:1:-1}
    elif [[ ! $HTTP_PROXY_HOST =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$ ]]; then
      return 1
    fi
    [[ $GIVEN_HTTP_PROXY == http://* && $HTTP_PROXY_PORT =~ ^[1-9][0-9]{0,4}$ ]] &&
      ((HTTP_PROXY_PORT <= 65535))
  }

  # Text of a URL as it was meant. Control characters, which could begin a line, are refused.
  percent_decode() {
    local plain='^([^%[:cntrl:]]|%[2-9A-Fa-f][0-9A-Fa-f])*$'
    [[ $1 =~ $plain && $1 != *%7[Ff]* ]] || return
    local text=${1//\\/\\\\}
    printf '%b' "${text//%/\\x}"
  }

  percent_encode() {
    local rest=$1 code
    while [[ -n $rest ]]; do
      case $rest in
        [A-Za-z0-9._~-]*) printf '%s' "${rest:0:1}" ;;
        *)
          printf -v code '%d' "'${rest:0:1}"
          printf '%%%02X' "$((code & 255))"
          ;;
      esac
      rest=${rest:1}
    done
  }

  # The HTTP proxy as one line of a URL, in which no character can end a quotation.
  http_proxy_url() {
    local host=$HTTP_PROXY_HOST
    [[ $host != *:* ]] || host="[$host]"
    printf 'http://'
    if [[ -n $HTTP_PROXY_USER ]]; then
      percent_encode "$HTTP_PROXY_USER"
      printf ':'
      percent_encode "$HTTP_PROXY_PASSWORD"
      printf '@'
    fi
    printf '%s:%s' "$host" "$HTTP_PROXY_PORT"
  }

  # What the environment says of requests to the control plane goes first.
  environment_has_proxy() {
    case $PUBLIC_URL in
      https:*) [[ -n ${https_proxy-}${HTTPS_PROXY-}${all_proxy-}${ALL_PROXY-} ]] ;;
      *) [[ -n ${http_proxy-}${all_proxy-}${ALL_PROXY-} ]] ;;
    esac
  }

  # ---- Talking to the control plane -------------------------------------------------------------

  # The authorities to trust: those that were given, else those of the settings, else those that an
  # earlier run kept, else those of this host.
  find_certificates() {
    CA_FILE=$KEPT_FOLDER/ca.pem
    if [[ -n ${CULVERT_CA_FILE-} ]]; then
      CA_FILE=$CULVERT_CA_FILE
      grep -qs -e '-----BEGIN CERTIFICATE-----' "$CA_FILE" ||
        fail "$USAGE" "CULVERT_CA_FILE: no certificate can be read from $CA_FILE." \
          'Name a file of certificates in PEM.'
    elif [[ -n $CA_CERTIFICATES ]]; then
      CA_FILE=$SCRATCH/ca.pem
      printf '%s' "$CA_CERTIFICATES" >"$CA_FILE"
    elif [[ ! -r $CA_FILE ]]; then
      CA_FILE=
    fi
  }

  # call PATH [FILE [token]]: asks the control plane, sends it the lines of FILE, shows it the
  # token. The answer's lines are then in ANSWER. It counts only when its last line is end=1: one
  # that was cut, or that a captive portal made up, does not have it.
  call() {
    local asked=yes path=$1
    shift
    ask "$PUBLIC_URL/t/$TUNNEL_ID/v1/$path" "$@" || asked=no
    ANSWER=$(head -c 1048576 "$SCRATCH/answer" | tr -d '\r\0')
    [[ ${ANSWER##*$'\n'} != end=1 ]] || return 0
    ANSWER=
    case "$asked $STATUS $SAID" in
      'yes 407'* | *' 407 from proxy'* | *'response 407' | *'Proxy Authentication Required'*)
        ANSWER_PROBLEM='the HTTP proxy on the way there refused the user or the password'
        ;;
      no*) ANSWER_PROBLEM=${SAID%.} ;;
      'yes 2'*)
        ANSWER_PROBLEM='what answered there is not Culvert, or its answer was cut on the way'
        ;;
      *) ANSWER_PROBLEM="it answered with the HTTP status $STATUS, and not as Culvert does" ;;
    esac
    return 1
  }

  # ask URL [FILE [token]]: the same of any address; the answer is then in $SCRATCH/answer.
  ask() {
    : >"$SCRATCH/answer"
    if has curl; then ask_by_curl "$@"; else ask_by_wget "$@"; fi
  }

  # What must stand neither in an argv nor in an environment goes to both as lines of settings.
  ask_by_curl() {
    local options=(-q --silent --show-error --proto '=http,https' --config -)
    options+=(--connect-timeout 10 --max-time 30)
    options+=(--output "$SCRATCH/answer" --write-out '%{http_code}')
    [[ -z $CA_FILE ]] || options+=(--cacert "$CA_FILE")
    (($# == 1)) || options+=(--header 'Content-Type: text/plain' --data-binary "@$2")
    STATUS=$(
      {
        [[ ${3-} != token ]] || printf 'header = "Authorization: Bearer %s"\n' "$TOKEN"
        [[ -z $HTTP_PROXY_HOST ]] || environment_has_proxy ||
          printf 'proxy = "%s"\n' "$(http_proxy_url)"
      } | curl "${options[@]}" "$1" 2>"$SCRATCH/said"
    )
    local code=$?
    # The reason comes first; what follows may be general advice.
    SAID=$(head -n 1 "$SCRATCH/said" | printable)
    return "$code"
  }

  # wget reads its settings from a file alone: one that is gone from its folder before it is filled.
  ask_by_wget() {
    local options=(--config=/dev/fd/3 --no-verbose --server-response --content-on-error --tries=1)
    options+=(--dns-timeout=10 --connect-timeout=10 --read-timeout=30 --max-redirect=0)
    options+=(--output-document="$SCRATCH/answer")
    [[ -z $CA_FILE ]] || options+=(--ca-certificate="$CA_FILE")
    (($# == 1)) || options+=(--header='Content-Type: text/plain' --post-file="$2")
    (
      umask 077
      exec 3<>"$SCRATCH/settings" && rm -f "$SCRATCH/settings" || exit
      {
        [[ ${3-} != token ]] || printf 'header = Authorization: Bearer %s\n' "$TOKEN"
        [[ -z $HTTP_PROXY_HOST ]] || environment_has_proxy ||
          printf '%s_proxy = %s\n' "${PUBLIC_URL%%:*}" "$(http_proxy_url)"
      } >&3
      # It would keep a file of its own in the home folder.
      HOME=$SCRATCH exec timeout 30 wget "${options[@]}" "$1"
    ) 2>"$SCRATCH/said"
    local code=$?
    SAID=$(tail -n 1 "$SCRATCH/said" | printable)
    ((code != 124)) || SAID='no answer within 30 seconds'
    STATUS=$(sed -n 's|^ *HTTP/[0-9.]* \([0-9]*\).*|\1|p' "$SCRATCH/said" | tail -n 1)
    # A refusal is an answer, too, but of the one by 401 wget shows only the header.
    ((code != 6)) || sed -n 's/^ *WWW-Authenticate: Bearer .*description="\(.*\)"\r*$/\1/ip' \
      "$SCRATCH/said" | sed "s/.*/error=token\\ndetail=&\\nnext=Ask for a new token.\\nend=1/" \
      >"$SCRATCH/answer"
    ((code == 0 || code == 6 || code == 8))
  }

  # fetch URL: what is there is then in $SCRATCH/answer.
  fetch() {
    ask "$1" && [[ $STATUS == 200 ]] && return
    ANSWER_PROBLEM=$(tail -n 1 "$SCRATCH/said" | printable)
    ANSWER_PROBLEM=${ANSWER_PROBLEM:-HTTP status $STATUS}
    return 1
  }

  # answer NAME: one value of the last answer, as text that is safe to print.
  answer() { printf '%s\n' "$ANSWER" | sed -n "s/^$1=//p" | printable; }

  # number NAME: the same for a number; 0 for anything else, which no arithmetic may get to see.
  number() {
    local value
    value=$(answer "$1")
    [[ $value =~ ^[1-9][0-9]{0,11}$ ]] || value=0
    printf '%s' "$value"
  }

  # ask_status: this slot's state as the vendor sees it, and our key's, when FINGERPRINT is known.
  ask_status() { call "status?slot=$SLOT${FINGERPRINT:+&key=$FINGERPRINT}"; }

  # ---- The enrolment token ----------------------------------------------------------------------

  # From here on the token is in one variable that no child inherits. It goes to curl or wget on a
  # descriptor, to the root part on a pipe, and nowhere else.
  take_token() {
    unset -v TOKEN
    TOKEN=${CULVERT_TOKEN-}
    unset -v CULVERT_TOKEN
  }

  # find_token: from the environment, else the file, else the terminal.
  find_token() {
    if [[ -z $TOKEN && -n $TOKEN_FILE ]]; then
      [[ -r $TOKEN_FILE ]] ||
        fail "$USAGE" "The token file $TOKEN_FILE cannot be read." 'Check --token-file.'
      IFS=$' \t\r\n' read -r TOKEN <"$TOKEN_FILE"
    fi
    if [[ -z $TOKEN ]] && ! may_be_enrolled; then
      ask_for_token
    fi
    [[ -z $TOKEN || $TOKEN =~ ^cvt_[0-9a-z]{16}_[0-9a-z]{32}$ ]] ||
      fail "$ENROLMENT" 'What was given as enrolment token is not one.' \
        "A token looks like cvt_..., 53 characters; copy it again from $VENDOR_NAME."
  }

  ask_for_token() {
    (exec 3<>/dev/tty) 2>/dev/null ||
      fail "$USAGE" 'An enrolment token is needed, and there is no terminal to ask for it.' \
        'Set CULVERT_TOKEN, or give --token-file FILE.'
    printf 'Enrolment token from %s (not shown): ' "$VENDOR_NAME" >/dev/tty
    IFS=$' \t\r\n' read -rs TOKEN </dev/tty
    printf '\n' >/dev/tty
    [[ -n $TOKEN ]] || fail "$USAGE" 'No token was entered.' "Ask $VENDOR_NAME for one."
  }

  # Where an earlier run, also one that was cut short, has come as far as a key, only that key's
  # owner can find out whether it is enrolled: then no token is asked for here, and none is tested.
  may_be_enrolled() {
    if [[ $MODE == run ]]; then
      [[ -s $RUN_FOLDER/key ]]
    else
      [[ -d $CONFIG_FOLDER ]]
    fi
  }

  # test_token: asks the control plane about it, without a key, so nothing is spent. If all is well
  # with the token, the answer complains of the key.
  test_token() {
    printf 'slot=%s\npublic_key=\nrender=%s\nplatform=linux\nend=1\n' \
      "$SLOT" "$RENDER" >"$SCRATCH/question"
    call enrol "$SCRATCH/question" token
  }

  # ---- Findings: all that is wrong, listed at once ----------------------------------------------

  # finding WHAT NEXT [CODE]: notes what is wrong and goes on, so that all of it is listed at once.
  # The run ends with CODE if nothing else is wrong, else with $PREFLIGHT.
  finding() {
    FINDINGS+=("$1"$'\n'"       $2")
    CODE_OF_FINDING=${3-$PREFLIGHT}
    say "  no   $1"
  }

  ok() { say "  ok   $*"; }

  # note WHAT: not as it could be, but good enough to go on.
  note() { say "  note $*"; }

  # Ends the run when anything was found.
  stop_on_findings() {
    ((${#FINDINGS[@]} > 0)) || return 0
    local code=$PREFLIGHT
    ((${#FINDINGS[@]} > 1)) || code=$CODE_OF_FINDING
    {
      printf '\nerror: nothing was changed; %s found:\n' "${#FINDINGS[@]}"
      printf '  %s\n' "${FINDINGS[@]}"
    } >&2
    exit "$code"
  }

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

  # ---- Preflight: the database ------------------------------------------------------------------

  # With --defer-database a database that is not there yet is no reason to stop.
  check_database() {
    local found=finding
    [[ $DEFER_DATABASE == no ]] || found=owed
    if [[ -n $DATABASE_SOCKET ]]; then
      # The unit's PrivateTmp and ProtectHome.
      case $MODE$DATABASE_SOCKET in
        install/tmp/* | install/var/tmp/* | install/home/* | install/root/* | install/run/user/*)
          finding "database socket $DATABASE_SOCKET: a service cannot see that folder" \
            'Have the database make its socket elsewhere, for example under /run.'
          return
          ;;
      esac
      if [[ -S $DATABASE_SOCKET ]]; then
        ok "database socket $DATABASE_SOCKET"
      else
        "$found" "database socket $DATABASE_SOCKET does not exist" 'Start the database here.'
      fi
      return
    fi
    local place="$DATABASE_TYPE database $DATABASE_HOST port $DATABASE_PORT"
    if leads_to_link_local "$DATABASE_HOST"; then
      finding "$place: the name leads to a link-local address" "Ask $VENDOR_NAME to correct it."
      return
    fi
    if ! timeout 10 getent ahosts "$DATABASE_HOST" >/dev/null; then
      "$found" "$place: its name does not resolve on this host" \
        "Let this host's DNS know $DATABASE_HOST, or ask $VENDOR_NAME to correct the name."
      return
    fi
    local heard
    heard=$(knock)
    case $heard in
      answers) ok "$place" ;;
      refuses*)
        "$found" "$place answers, but $(why_refused "${heard#* }")" "$(how_to_let_in "${heard#* }")"
        ;;
      open)
        "$found" "$place: something accepts connections but does not speak its protocol" \
          "Check host and port, and that the database is up."
        ;;
      *)
        "$found" "$place cannot be reached from this host" \
          "Allow TCP from this host to $DATABASE_HOST port $DATABASE_PORT, and start the database."
        ;;
    esac
  }

  # owed WHAT NEXT: noted as still to be done.
  owed() { note "$1 (still owed). $2"; }

  # knock: prints "answers", "refuses REASON", "open" (a connection, not the protocol), or nothing.
  knock() {
    timeout 8 bash -c "$(declare -f knock_at login_in_vain); knock_at \"\$@\"" bash \
      "$DATABASE_HOST" "$DATABASE_PORT" "$DATABASE_TYPE" 2>/dev/null
  }

  # knock_at HOST PORT TYPE: of a type that is not here, a connection must do.
  knock_at() {
    local reply
    exec 3<>"/dev/tcp/$1/$2" || return
    case $3 in
      postgresql)
        # PostgreSQL says S or N to the request for TLS (SSLRequest, 80877103).
        printf '\0\0\0\10\4\322\26\57' >&3
        reply=$(timeout 5 head -c 1 <&3)
        [[ $reply == [SN] ]] && echo answers || echo open
        ;;
      mysql)
        # It speaks first: behind length and number a version of the protocol, or 255 and an error.
        reply=$(timeout 5 head -c 7 <&3 | od -An -tx1)
        case $reply in
          *' 00 ff 10 04') echo refuses too-many-connections ;;
          *' 00 ff 69 04') echo refuses host-blocked ;;
          *' 00 ff '*) echo refuses host-refused ;;
          *' 00 0a '*) echo answers && login_in_vain >&3 && timeout 5 cat <&3 >/dev/null ;;
          *) echo open ;;
        esac
        ;;
      redis)
        printf 'PING\r\n' >&3
        IFS= read -r -t 5 reply <&3
        case $reply in
          '-DENIED '*) echo refuses host-refused ;;
          +PONG* | -[A-Z]*) echo answers ;;
          *) echo open ;;
        esac
        ;;
      *) echo answers ;;
    esac
  }

  # A MySQL that nobody logs in to counts that against this host, and blocks it in the end. So these
  # are a login of a user that there is not, and what to say if another proof of it is asked for.
  login_in_vain() {
    printf '\131\0\0\1\1\202\10\0\0\0\0\1\41'
    head -c 23 /dev/zero
    printf 'culvert-probe\0\24%020d%s\0' 7 mysql_native_password
    printf '\40\0\0\3%032d\1\0\0\5\2' 7
  }

  # why_refused REASON: what a database has against this host, to stand behind "answers, but".
  why_refused() {
    case "$DATABASE_TYPE $1" in
      *' host-blocked') tell 'blocks this host, after too many connections that broke off' ;;
      *' too-many-connections') tell 'has too many connections already' ;;
      postgresql*) tell 'its pg_hba.conf lets no user culvert-probe in from here' ;;
      mysql*) tell 'has no user that may come from this host' ;;
      redis*) tell 'is in protected mode, which lets no other host in' ;;
      *) tell 'turns this host away' ;;
    esac
  }

  # how_to_let_in [REASON]: what its administrator sees to, so that it lets this host in.
  how_to_let_in() {
    case "$DATABASE_TYPE ${1-}" in
      *' host-blocked')
        tell 'Unblock it there: FLUSH HOSTS, or TRUNCATE TABLE performance_schema.host_cache.'
        ;;
      *' too-many-connections') tell 'Find out there who holds them, or raise its limit.' ;;
      postgresql*)
        tell "Add a line for the user culvert-probe and this host's address to its pg_hba.conf."
        ;;
      mysql*)
        tell "Create the user of $VENDOR_NAME there for this host's address: 'user'@'address'."
        ;;
      sqlserver*)
        tell "Let this host through its firewall to TCP/IP, and give $VENDOR_NAME a login there."
        ;;
      oracle*)
        tell 'Where its listener checks nodes (TCP.VALIDNODE_CHECKING), invite this host.'
        ;;
      mongodb*)
        tell 'Have it listen to this host (net.bindIp), and let the user come from here.'
        ;;
      redis*) tell 'Have it listen to this host (bind), and set a password there.' ;;
      clickhouse*)
        tell 'Have it listen to this host (listen_host), and let the user come from here.'
        ;;
      *) tell 'Have it let this host in.' ;;
    esac
  }

  leads_to_link_local() {
    local addresses
    addresses=$(getent ahosts "$1")
    grep -qiE '^([0-9a-f:]*:)?(169\.254\.|a9fe:)|^fe[89ab].:|^fd00:ec2::254 |^fd20:ce::254 ' \
      <<<"$addresses"
  }

  # ---- The plan: every change, before the first one ---------------------------------------------

  # What is the same on every host stands in the settings; what only this one can say comes first.
  print_plan() {
    phase "What this will do for tunnel '$TUNNEL_NAME' of $ACCOUNT_NAME"
    ! is_installed || say '  It is installed: what is as it should be stays, the key too.'
    say '  On this host:'
    plan_packages
    plan key "$KEY_TYPE"
    [[ -z $HTTP_PROXY_HOST ]] ||
      plan 'way out' "through the HTTP proxy $HTTP_PROXY_HOST port $HTTP_PROXY_PORT"
    plan_reviewers
    [[ -z $CA_FILE ]] || plan trusted "for the vendor's address, the authorities in $CA_FILE"
    say '  In all:'
    say "${PLAN%$'\n'}"
  }

  # plan TITLE TEXT: one entry of it.
  plan() { say "$(printf '    %-10s %s' "$1" "$2")"; }

  plan_packages() {
    local packages
    packages=$(missing_packages | tr '\n' ' ')
    packages=${packages% }
    plan packages "${packages:-none; all are here}${packages:+, with $PACKAGE_MANAGER}"
    [[ $packages != *autossh || $ENABLE_EPEL == no ]] ||
      plan '' 'epel-release before, which adds the package source EPEL'
  }

  # ---- Becoming root, once ----------------------------------------------------------------------

  # as_root FUNCTION: runs it as root, in one shell, so that sudo asks once. Functions, settings and
  # token go in over a pipe, as one block again; sudo logs argv, and anyone can read an environment.
  as_root() {
    if ((EUID == 0)); then
      "$1"
      return
    fi
    has sudo ||
      fail "$PREFLIGHT" 'This needs root, and there is no sudo.' "$(how_to_be_root)"
    say 'The next steps need root; sudo may ask for your password.' >&2
    SCRATCH_OF_CALLER=$SCRATCH
    carry "$1" | sudo bash -s
    local status=$?
    [[ -e $SCRATCH/became-root ]] ||
      fail "$PREFLIGHT" 'sudo did not let this script become root; nothing was changed.' \
        "$(how_to_be_root)"
    return "$status"
  }

  carry() {
    printf '{\n'
    knowledge "${CARRIED[@]}"
    # shellcheck disable=SC2016 # the root shell expands it
    printf 'settle_shell\n: >"$SCRATCH_OF_CALLER/became-root"\nsettle_run\n%s\nexit\n}\n' "$1"
  }

  # knowledge NAME...: this script's functions and settings, and variables besides, as bash reads
  # them back.
  knowledge() {
    local name
    # shellcheck disable=SC2016 # the shell that reads it expands it
    printf 'builtin unset -f $(compgen -A function)\n'
    declare -f
    for name in SETTINGS CARRIED EXIT_CODES "${SETTINGS[@]}" "${EXIT_CODES[@]}" "$@"; do
      [[ -z ${!name+set} ]] || declare -p "$name"
    done
  }

  # ---- Root -------------------------------------------------------------------------------------

  # All settings: with the functions they make the command that stays on this host.
  SETTINGS=(
    TEMPLATE_VERSION BODY_SHA256 RENDER PUBLIC_URL INSTALLER_URL VENDOR VENDOR_NAME ACCOUNT_NAME
    SERVICE TUNNEL_ID TUNNEL_NAME INSTANCE SLOT TUNNEL_HOSTS TUNNEL_PORTS LOGIN TUNNEL_PORT
    EGRESS_ADDRESSES DATABASE_TYPE DATABASE_HOST DATABASE_PORT DATABASE_SOCKET
    SSH_CONFIG SSH_CONFIG_RUN KNOWN_HOSTS TUNNEL_UNIT PLAIN_UNIT UMBRELLA_UNIT DISPATCHER CONNECT
    PLAN CA_CERTIFICATES
  )

  # What the root part needs to know of this run.
  CARRIED=(
    MODE TOKEN REMOVE_PACKAGES DEFER_DATABASE JSON FOLLOW SUPPORT_FILE GIVEN_CONFIG QUIET VERBOSE
    PHASE PHASES PHASE_BEGAN BOLD PLAIN GIVEN_HTTP_PROXY
    OS_NAME FAMILY PACKAGE_MANAGER KEY_TYPE PROGRAM MAY_BE_PLAIN ENABLE_EPEL
    REVIEWERS APPROVALS
    CULVERT_LOCK_SECONDS
    FINGERPRINT SCRATCH_OF_CALLER CULVERT_CA_FILE CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
    http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY ALL_PROXY NO_PROXY
  )

  how_to_be_root() { tell "As root: curl -fsSL $INSTALLER_URL -o install.sh; bash install.sh"; }

  # What the root part begins with.
  settle_run() {
    make_scratch
    name_paths
    find_way_out
  }

  # One run at a time changes this host. The lock goes with the last process that holds it: also
  # with an apt that outlives an installer killed by -9.
  take_turn() {
    exec 9</var/lib
    flock -n 9 && return
    say 'Another run is changing the tunnels of this host; waiting for it, 5 minutes at the most.'
    flock -w 300 9 ||
      fail "$PREFLIGHT" 'Another run has been changing the tunnels of this host for 5 minutes.' \
        'See what it waits for, and run this again.'
  }

  # ---- Package locks: one package manager at a time ---------------------------------------------

  # patiently COMMAND...: runs it once no other package manager is at work, and keeps what it says.
  patiently() {
    while :; do
      await_package_manager
      "$@" >"$SCRATCH/package-output" 2>&1 && return
      # Another one may have been faster; only then is it worth a second try.
      grep -qE 'held by process|locked by another|Resource temporarily unavailable' \
        "$SCRATCH/package-output" || return 1
      wait_a_second 'another program'
    done
  }

  show_package_output() { cat "$SCRATCH/package-output" >&2; }

  # Says whom it waits for, and gives up after CULVERT_LOCK_SECONDS in all.
  await_package_manager() {
    local holder told=
    while holder=$(lock_holder); do
      [[ $holder == "$told" ]] || say "Waiting for $holder, which is at work on packages."
      told=$holder
      wait_a_second "$holder"
    done
  }

  wait_a_second() {
    local limit=${CULVERT_LOCK_SECONDS-}
    [[ $limit =~ ^(0|[1-9][0-9]{0,4})$ ]] || limit=300
    ((SECONDS_WAITED++ < limit)) ||
      fail "$PACKAGES" "For $limit seconds $1 has been at work on packages." \
        'Wait until it has ended, then run this again.'
    sleep 1
  }

  # lock_holder: prints who holds one of the locks; fails if nobody does.
  lock_holder() {
    local pid file open lock_files=() pid_files=()
    # Locked by apt, dpkg, rpm and dnf 5.
    lock_files+=(/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock)
    lock_files+=(/var/lib/apt/lists/lock /var/cache/apt/archives/lock)
    lock_files+=(/var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock)
    lock_files+=(/run/dnf/rpmtransaction.lock)
    # Where dnf 4 and yum write who they are.
    pid_files+=(/var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid)
    pid_files+=(/var/lib/dnf/rpmdb_lock.pid /run/yum.pid)
    while read -r pid; do
      for open in "/proc/$pid/fd"/*; do
        for file in "${lock_files[@]}"; do
          [[ ! $open -ef $file ]] || {
            name_process "$pid"
            return
          }
        done
      done
    done < <(awk '$2 != "->" && $4 == "WRITE" && $5 > 0 { print $5 }' /proc/locks | sort -u)
    for file in "${pid_files[@]}"; do
      read -r pid _ 2>/dev/null <"$file" || [[ -n ${pid-} ]] || continue
      [[ ! $pid =~ ^[1-9][0-9]*$ || ! -d /proc/$pid ]] || {
        name_process "$pid"
        return
      }
    done
    return 1
  }

  name_process() { printf '%s (process %s)' "$(printable <"/proc/$1/comm")" "$1"; }

  # ---- Package manager: apt, dnf or yum, without dialogs ----------------------------------------

  manage_packages() {
    if [[ $PACKAGE_MANAGER == apt-get ]]; then
      without_dialogs apt-get -qq --yes --no-install-recommends -o Acquire::http::Timeout=20 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
    else
      # The sources that answer will do. dnf waits for others without end, hence the time limit.
      without_dialogs timeout -k 60 900 "$PACKAGE_MANAGER" -q -y \
        --setopt='*.skip_if_unavailable=1' --setopt=install_weak_deps=0 "$@"
    fi
  }

  # Neither debconf nor needrestart may ask; without a terminal of its own, no other script can.
  without_dialogs() {
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none \
      UCF_FORCE_CONFFOLD=1 setsid "$@"
  }

  # ---- Packages ---------------------------------------------------------------------------------

  # What holds the tunnel, autossh or plain ssh: as asked, else as it is, else autossh if it can be
  # had.
  choose_program() {
    [[ $ENABLE_EPEL == no || $FAMILY == rhel ]] ||
      fail "$USAGE" '--enable-epel is for relatives of RHEL.' 'Run this again without it.'
    MAY_BE_PLAIN=no
    [[ -z $PROGRAM ]] || return 0
    PROGRAM=autossh
    if grep -qs '^ExecStart=/usr/bin/ssh ' "$UNIT_FILE"; then
      PROGRAM=ssh
    else
      MAY_BE_PLAIN=yes
    fi
  }

  # The packages whose commands are missing here.
  missing_packages() {
    local client=openssh-client
    [[ $FAMILY == debian ]] || client=openssh-clients
    [[ -x /usr/bin/ssh && -x /usr/bin/ssh-keygen ]] || tell "$client"
    [[ $PROGRAM == ssh || -x /usr/bin/autossh ]] || tell autossh
  }

  # Installs what is missing and nothing else; where all is there, the package manager is not asked.
  install_packages() {
    local package
    phase 'Packages'
    if [[ -z $(missing_packages) ]]; then
      say 'Nothing to install.'
      return
    fi
    SECONDS_WAITED=0
    LISTS_ARE_FRESH=no
    finish_interrupted
    for package in $(missing_packages); do
      [[ $package != autossh || $ENABLE_EPEL == no ]] || install_epel
      if knows_package "$package"; then
        install_package "$package"
      elif [[ $package == autossh && $MAY_BE_PLAIN == yes ]]; then
        say 'No package source of this host has autossh: plain ssh under systemd does its work.'
        PROGRAM=ssh
      else
        show_package_output
        fail "$PACKAGES" "No package source of this host has $package." "$(other_way "$package")"
      fi
    done
  }

  other_way() {
    if [[ $1 == autossh ]]; then
      tell 'Do without it: run this again with --plain-ssh.'
    else
      tell 'Mend the package sources, or install it yourself, and run this again.'
    fi
  }

  # dpkg refuses everything until what was cut short is finished.
  finish_interrupted() {
    [[ $PACKAGE_MANAGER == apt-get ]] || return 0
    await_package_manager
    local unfinished='(unpacked|half-configured|triggers-pending|triggers-awaited)'
    # shellcheck disable=SC2016 # dpkg-query expands it
    [[ $(dpkg-query -W -f ' ${db:Status-Status}' 2>/dev/null) =~ $unfinished ]] ||
      [[ -n $(ls /var/lib/dpkg/updates) ]] || return 0
    say 'An earlier installation of packages was cut short; finishing it with dpkg --configure -a.'
    patiently without_dialogs dpkg --force-confdef --force-confold --configure -a ||
      show_package_output
  }

  # Extra Packages for Enterprise Linux: where autossh is for RHEL and its relatives.
  install_epel() {
    local name
    for name in epel-release "oracle-epel-release-el$(rpm -E %rhel)"; do
      ! rpm -q "$name" >/dev/null || return 0
      ! knows_package "$name" || {
        install_package "$name"
        return
      }
    done
    fail "$PACKAGES" 'No package source of this host has epel-release.' \
      'Set EPEL up as docs.fedoraproject.org/en-US/epel says, or use --plain-ssh.'
  }

  knows_package() {
    if [[ $PACKAGE_MANAGER != apt-get ]]; then
      patiently manage_packages info "$1"
      return
    fi
    has_candidate "$1" || {
      refresh_lists
      has_candidate "$1"
    }
  }

  has_candidate() { [[ $(apt-cache policy "$1" 2>/dev/null) == *'  Candidate: '[!\(]* ]]; }

  # Once, and only where it helps. One broken source is no reason to stop: what counts is whether
  # the package is to be had.
  refresh_lists() {
    [[ $PACKAGE_MANAGER == apt-get && $LISTS_ARE_FRESH == no ]] || return
    LISTS_ARE_FRESH=yes
    patiently manage_packages update || true
  }

  install_package() {
    say "Installing $1."
    record package "$1"
    patiently manage_packages install "$1" ||
      { refresh_lists && patiently manage_packages install "$1"; } || {
      show_package_output
      fail "$PACKAGES" "$PACKAGE_MANAGER could not install $1; the reason stands above." \
        'Mend that, or install it yourself, and run this again.'
    }
  }

  # remove_package NAME: takes away what an installation put here, unless others need it by now.
  remove_package() {
    local remove='dpkg --purge'
    if [[ $FAMILY == rhel ]]; then
      rpm -q "$1" >/dev/null || return 0
      remove='rpm -e'
    fi
    # shellcheck disable=SC2086 # two words
    run $remove "$1" || warn "The package $1 was left; the reason stands above."
  }

  # ---- Record of what is made -------------------------------------------------------------------

  # record KIND NAME: notes what is about to be made, before it is made, so that an uninstallation
  # removes exactly that, even after a crash in between.
  record() {
    grep -qsxF -- "$1 $2" "$RECORD" && return
    printf '%s %s\n' "$1" "$2" >>"$RECORD" && sync "$RECORD" ||
      fail "$PACKAGES" "$RECORD cannot be written." 'Check disk and rights of that folder.'
  }

  # ---- Identity: record, user, folders, key -----------------------------------------------------

  # The first thing made is the folder that holds the record.
  begin_record() {
    local base
    for base in "${SHARED_FOLDERS[@]}"; do
      ! is_link "$base" ||
        fail "$PACKAGES" "$base is, or holds, a symbolic link." 'Remove it and run this again.'
    done
    mark_as_ours && mkdir -p "$STATE_FOLDER" && chmod go-rwx "$STATE_FOLDER" &&
      { [[ -e $RECORD ]] || install -m 0600 /dev/null "$RECORD"; } ||
      fail "$PACKAGES" "$STATE_FOLDER cannot be made." 'Check the disk and its mount options.'
    check_owner
    record tunnel "$TUNNEL_ID/$SLOT"
    record folder "$STATE_FOLDER"
    record shared "/etc/$SERVICE/README"
  }

  # Another vendor may have chosen the same names, and a host can hold one slot of a tunnel.
  check_owner() {
    local owner held
    held=$(other_slot)
    [[ -z $held ]] ||
      fail "$PREFLIGHT" "This host holds slot $held of this tunnel already." \
        'A second proxy is another host. To have this slot here, uninstall the other one first.'
    owner=$(sed -n 's/^tunnel //p' "$RECORD")
    [[ -z $owner || $owner == "$TUNNEL_ID/$SLOT" ]] ||
      fail "$PREFLIGHT" "Another tunnel called $INSTANCE is installed on this host: $owner." \
        "Uninstall that one first, or use another host."
  }

  # Which other slot of this tunnel the host holds; nothing where only root can read that.
  other_slot() {
    [[ ! -r $RECORD ]] || sed -n "s|^tunnel $TUNNEL_ID/||p" "$RECORD" | grep -vxF "$SLOT"
  }

  make_identity() {
    phase 'User and key'
    make_folders
    make_key
  }

  make_folders() {
    record user "$SERVICE"
    if ! id -u "$SERVICE" >/dev/null 2>&1; then
      run useradd --system --user-group --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin "$SERVICE" ||
        fail "$PACKAGES" "The user $SERVICE cannot be made." 'See the message above.'
    fi
    record folder "$CONFIG_FOLDER"
    mkdir -p "$CONFIG_FOLDER" && chown "root:$SERVICE" "$STATE_FOLDER" "$CONFIG_FOLDER" &&
      chmod 0750 "$STATE_FOLDER" "$CONFIG_FOLDER" ||
      fail "$PACKAGES" "$CONFIG_FOLDER cannot be made." 'Check the disk and its mount options.'
  }

  # By this file a later run tells our folders from somebody else's: the folder appears with it.
  mark_as_ours() {
    local aside=/etc/.$SERVICE.new
    [[ -s /etc/$SERVICE/README ]] && return
    rm -rf -- "$aside" && mkdir "$aside" &&
      printf 'Tunnels of this host, a folder each. Made by Culvert.\n' >"$aside/README" &&
      sync "$aside/README" && mv -fT "$aside" "/etc/$SERVICE"
  }

  # Keeps a key that works. A new one is made aside, brought to disk, and only then moved in: a
  # power cut leaves a whole key or none.
  make_key() {
    record file "$KEY"
    record file "$KEY.pub"
    if copy_key "$KEY" "$SCRATCH/key"; then
      say 'Keeping the key of this tunnel.'
    else
      make_key_pair "$NEXT_FOLDER" && mv -f "$NEXT_FOLDER/key" "$KEY" && rm -r "$NEXT_FOLDER" &&
        copy_key "$KEY" "$SCRATCH/key" ||
        fail "$PACKAGES" 'The key pair cannot be made.' "Check that $STATE_FOLDER can be written."
      say "Made a new $KEY_TYPE key; its private half stays in $KEY."
    fi
    chown "root:$SERVICE" "$KEY" && chmod 0640 "$KEY" &&
      write_public_key "$SCRATCH/key.pub" ||
      fail "$PACKAGES" "The rights of $KEY cannot be set." 'Check the disk and its mount options.'
    FINGERPRINT=$(fingerprint_of "$SCRATCH/key.pub")
  }

  # ssh offers the key that it finds in key.pub: it must be the private key's own half.
  write_public_key() { cmp -s "$1" "$KEY.pub" || install -m 0644 "$1" "$KEY.pub"; }

  # make_key_pair FOLDER: makes the folder anew, root's alone, with a key pair that is on disk.
  make_key_pair() {
    rm -rf -- "$1" && mkdir -m 0700 "$1" &&
      run ssh-keygen -q -t "$KEY_TYPE" -b 256 -N '' -C "$INSTANCE" -f "$1/key" && sync
  }

  # copy_key FROM TO: ssh refuses a key that its owner's group can read, so root works on a copy
  # that is gone afterwards. Fails when it is no key. Its public half is then in TO.pub.
  copy_key() {
    rm -f -- "$2" "$2.pub"
    [[ -s $1 ]] && (umask 077 && cat "$1" >"$2") && ssh-keygen -y -f "$2" >"$2.pub" 2>/dev/null
  }

  # The SHA-256 of a public key in hex: what the control plane calls the key.
  fingerprint_of() { awk '{ print $2 }' "$1" | base64 -d | sha256sum | cut -c 1-64; }

  # ---- Reviewers: who must have signed what an upgrade runs -------------------------------------

  # Root pins them with --reviewers: lines of allowed_signers, in one file for all tunnels of a
  # vendor on this host. Its first line says how many persons must have signed. Persons count, not
  # keys.

  # check_reviewers: the file that was named, before any change. What was checked is then in
  # REVIEWERS, and just that is written later.
  check_reviewers() {
    [[ -n $REVIEWERS_FILE ]] || return 0
    local file=$SCRATCH/reviewers text
    if ! can_verify; then
      finding 'ssh-keygen of this host cannot verify signatures, as --reviewers needs it' \
        'Install OpenSSH 8.1 or later. Or leave --reviewers out, and verify what you run elsewhere.'
      return
    fi
    [[ -f $REVIEWERS_FILE ]] && head -c 65537 -- "$REVIEWERS_FILE" >"$file" 2>/dev/null || {
      finding "$REVIEWERS_FILE is no file that can be read" 'Check --reviewers.'
      return
    }
    text=$(lines_of "$file")
    if (($(wc -c <"$file") > 65536)); then
      finding "$REVIEWERS_FILE is larger than 64 KiB" 'Check --reviewers.'
    elif ! read_reviewers "$text"; then
      finding "$REVIEWERS_FILE: $REVIEWERS_PROBLEM" \
        'Give lines NAME namespaces="culvert-approval-v1" TYPE KEY, one for each key.'
    elif ! can_approve "$APPROVALS"; then
      finding "--approvals $APPROVALS: $REVIEWERS_FILE names ${#PERSONS[@]} persons" \
        "Give a number from 1 to ${#PERSONS[@]}."
    else
      REVIEWERS=$text
      ok "reviewers: $APPROVALS of ${#PERSONS[@]} persons must sign"
    fi
  }

  # The text of a file, without what a shell cannot hold and what editors of Windows add.
  lines_of() { tr -d '\r' <"$1" | tr '\0' '\1'; }

  # ssh-keygen has -Y verify since OpenSSH 8.1, and then misses what else that needs.
  can_verify() { [[ $(ssh-keygen -Y verify 2>&1) == *'missing namespace'* ]]; }

  # read_reviewers TEXT: the persons of it, each once, in PERSONS. Takes less than ssh-keygen would:
  # nothing by which one person or key could count as two. REVIEWERS_PROBLEM says what is wrong.
  read_reviewers() {
    local line number=0
    local -A owners=()
    PERSONS=() REVIEWERS_PROBLEM=''
    while IFS= read -r line; do
      number=$((number + 1))
      [[ ! $line =~ ^[[:blank:]]*(#.*)?$ ]] || continue
      read_reviewer "$line" && continue
      REVIEWERS_PROBLEM="line $number $REVIEWERS_PROBLEM"
      return 1
    done < <(printf '%s\n' "$1")
    ((${#PERSONS[@]} > 0)) || {
      REVIEWERS_PROBLEM='it names nobody'
      return 1
    }
  }

  # read_reviewer LINE: one key of a person; the keys before it are in the caller's owners.
  read_reviewer() {
    local person type key fingerprint
    local form='^([A-Za-z0-9][A-Za-z0-9._@+-]*)[[:blank:]]+([^[:blank:]]+)[[:blank:]]+'
    form+='(ssh-rsa|(sk-)?(ssh-ed25519|ecdsa-sha2-nistp(256|384|521))(@openssh\.com)?)'
    form+='[[:blank:]]+([A-Za-z0-9+/]+=*)([[:blank:]].*)?$'
    REVIEWERS_PROBLEM='is not of the form: one literal name, options, type, key'
    [[ $1 =~ $form ]] || return
    person=${BASH_REMATCH[1]} type=${BASH_REMATCH[3]} key=${BASH_REMATCH[8]}
    are_reviewer_options "${BASH_REMATCH[2]}" || {
      REVIEWERS_PROBLEM='must have the option namespaces="culvert-approval-v1", and may have '
      REVIEWERS_PROBLEM+='valid-after and valid-before, once each'
      return 1
    }
    printf '%s %s\n' "$type" "$key" >"$SCRATCH/reviewer.pub"
    fingerprint=$(ssh-keygen -l -f "$SCRATCH/reviewer.pub" 2>/dev/null | cut -d ' ' -f 2)
    REVIEWERS_PROBLEM='holds no public key'
    [[ -n $fingerprint ]] || return
    REVIEWERS_PROBLEM='has the key of another person'
    [[ ${owners[$fingerprint]-$person} == "$person" ]] || return
    owners[$fingerprint]=$person
    is_person "$person" || PERSONS+=("$person")
  }

  is_person() { [[ " ${PERSONS[*]-} " == *" $1 "* ]]; }

  # are_reviewer_options TEXT: separated by commas, of which none stands in a value.
  are_reviewer_options() {
    local rest=$1, option names=' '
    local day='[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])'
    local time="^valid-(after|before)=\"$day(([01][0-9]|2[0-3])[0-5][0-9]([0-5][0-9])?)?Z?\"$"
    while [[ -n $rest ]]; do
      option=${rest%%,*}
      rest=${rest#*,}
      [[ $option == 'namespaces="culvert-approval-v1"' || $option =~ $time ]] || return
      [[ $names != *" ${option%%=*} "* ]] || return
      names+="${option%%=*} "
    done
    [[ $names == *' namespaces '* ]]
  }

  # can_approve NUMBER: whether there are as many persons.
  can_approve() { [[ $1 =~ ^[1-9][0-9]{0,3}$ ]] && (($1 <= ${#PERSONS[@]})); }

  # Also where the file has gone: what once was pinned is never taken for unpinned.
  is_pinned() {
    [[ -e $PIN_FILE || -L $PIN_FILE ]] ||
      grep -qsxF "reviewers $PIN_FILE" "${STATE_FOLDER%/*}/${VENDOR}_"*/installed
  }

  # read_pin: PERSONS, and how many of them must sign in APPROVALS. What was read is what signatures
  # are checked against, in $SCRATCH/reviewers. REVIEWERS_PROBLEM says why it cannot be.
  read_pin() {
    local text form='^# approvals=([0-9]+)$'
    REVIEWERS_PROBLEM='it is no file that can be read'
    [[ -f $PIN_FILE && ! -L $PIN_FILE ]] && text=$(lines_of "$PIN_FILE" 2>/dev/null) || return
    REVIEWERS_PROBLEM='its first line is not approvals=NUMBER'
    [[ ${text%%$'\n'*} =~ $form ]] || return
    APPROVALS=${BASH_REMATCH[1]}
    read_reviewers "$text" || return
    REVIEWERS_PROBLEM='it names fewer persons than must sign'
    can_approve "$APPROVALS" || return
    printf '%s\n' "$text" >"$SCRATCH/reviewers"
  }

  # Pins the reviewers that were named. Without any, those that are pinned stay.
  pin_reviewers() {
    [[ -n $REVIEWERS ]] || return 0
    local text="# approvals=$APPROVALS"$'\n'
    text+="# So many of these persons must have signed what $SERVICE upgrade runs for $VENDOR here."
    text+=$'\n'$REVIEWERS$'\n'
    ! is_pinned || printf '%s' "$text" | cmp -s - "$PIN_FILE" ||
      tell "The reviewers that were pinned in $PIN_FILE before are replaced."
    record reviewers "$PIN_FILE"
    write_file "$PIN_FILE" 0644 root "$text"
  }

  # plan_reviewers: what an installation would do with them.
  plan_reviewers() {
    if [[ -n $REVIEWERS ]]; then
      plan reviewers "$APPROVALS of ${#PERSONS[@]} persons, in $PIN_FILE$(replaced_pin)"
    elif is_pinned; then
      plan reviewers "those in $PIN_FILE stay"
    fi
  }

  replaced_pin() { ! is_pinned || tell ', in place of those pinned before'; }

  # pin_in_words: what root sees of it; nothing where nobody is pinned.
  pin_in_words() {
    is_pinned || return 0
    if read_pin; then
      tell "pinned: $APPROVALS of ${#PERSONS[@]} persons must sign what an upgrade runs"
    else
      tell "pinned, but upgrades are refused: $PIN_FILE: $REVIEWERS_PROBLEM"
    fi
  }

  # Root may paste what nobody signed, and shall know it. What an upgrade verified lies in a folder
  # of root's own.
  warn_of_pin() {
    [[ $0 != /run/culvert.*/install.sh ]] && is_pinned || return 0
    warn "Reviewers are pinned here; this script is not checked, but: $SERVICE upgrade $INSTANCE"
  }

  # ---- Enrolment: the vendor learns the public key ----------------------------------------------

  # enrol PLATFORM: the key in $SCRATCH/key. One that is enrolled already needs no token.
  enrol() {
    phase 'Enrolment'
    ask_status || fail "$ENROLMENT" "The control plane: $ANSWER_PROBLEM." 'Run this again.'
    case $(answer key) in
      active | pending | waiting)
        say 'This key is enrolled.'
        return
        ;;
      removed)
        fail "$ENROLMENT" "$VENDOR_NAME has removed this host's key." \
          "Uninstall, then install with a new token from $VENDOR_NAME."
        ;;
    esac
    [[ -n $TOKEN ]] ||
      fail "$ENROLMENT" "$VENDOR_NAME does not know this host's key, and no token was given." \
        "Get a token from $VENDOR_NAME and run this again with it."
    send_enrolment "$1"
    say "Enrolled: key SHA-256 $FINGERPRINT."
  }

  send_enrolment() {
    local token_id=${TOKEN#cvt_}
    prove "culvert-enrol-v1 $TUNNEL_ID $SLOT ${token_id%_*}" "$SCRATCH/key" "$SCRATCH/key.pub"
    printf '%s\n' "slot=$SLOT" "public_key=$(public_key)" "proof=$(cat "$SCRATCH/proof")" \
      "render=$RENDER" "platform=$1" end=1 >"$SCRATCH/enrolment"
    call enrol "$SCRATCH/enrolment" token ||
      fail "$ENROLMENT" "The control plane: $ANSWER_PROBLEM." 'Run this again; nothing is lost.'
    [[ -n $(answer error) ]] || return 0
    # A first installation that gets no further leaves nothing behind.
    [[ $1 != linux ]] || is_installed || REMOVE_PACKAGES=yes remove_recorded
    fail "$ENROLMENT" "The enrolment was refused: $(answer detail)." "$(answer next)"
  }

  # prove STATEMENT KEY SUBJECT: puts into $SCRATCH/proof that the holder of KEY makes the statement
  # about the public key SUBJECT. A certificate is the signature that every OpenSSH can make.
  prove() {
    cp "$3" "$SCRATCH/subject.pub" &&
      run ssh-keygen -q -s "$2" -I "$1" -n culvert-proof -O clear "$SCRATCH/subject.pub" &&
      mv -f "$SCRATCH/subject-cert.pub" "$SCRATCH/proof" ||
      fail "$ENROLMENT" 'The proof that this host holds the key cannot be made.' \
        'See the message of ssh-keygen above.'
  }

  # The public half of the key in $SCRATCH/key, without its comment.
  public_key() { cut -d ' ' -f 1,2 "$SCRATCH/key.pub"; }

  # remove_at_vendor FINGERPRINT KEY: the vendor forgets a key; KEY, of the same slot, asks for it.
  remove_at_vendor() {
    prove "culvert-key-v1 remove $TUNNEL_ID $SLOT $1" "$2" "$2.pub"
    printf '%s\n' op=remove "slot=$SLOT" "target=$1" "proof=$(cat "$SCRATCH/proof")" end=1 \
      >"$SCRATCH/removal"
    if call keys "$SCRATCH/removal" &&
      [[ $(answer result) == removed || $(answer error) == key-removed ]]; then
      return
    fi
    warn "$VENDOR_NAME could not be told: ask them to remove the key $1."
    return 1
  }

  # The tunnel server has to know the key before ssh first knocks, or it would be turned away. Where
  # the vendor has to accept it first, somebody there compares the fingerprint. That takes less time
  # than another run on this host waits for its turn.
  wait_for_key() {
    local accept_within=300 state='' before deadline=$((SECONDS + 30))
    while ((SECONDS < deadline)); do
      before=$state
      ! ask_status || state=$(answer key)
      case $state in
        active) return ;;
        removed)
          fail "$ENROLMENT" "$VENDOR_NAME has removed this host's key." \
            "Uninstall, then install with a new token from $VENDOR_NAME."
          ;;
        waiting)
          if [[ $before != waiting ]]; then
            tell "$VENDOR_NAME has to accept this host's key first. Read them its fingerprint:"
            tell "  $FINGERPRINT"
            tell "Waiting for them, $((accept_within / 60)) minutes at the most."
            deadline=$((SECONDS + accept_within))
          fi
          ;;
        *) [[ $before != waiting ]] || deadline=$((SECONDS + 30)) ;;
      esac
      sleep 0.5
    done
    [[ $state != waiting ]] ||
      fail "$ENROLMENT" "$VENDOR_NAME has yet to accept this host's key." \
        "Give them this fingerprint: $FINGERPRINT. Then run this again, without a token."
    fail "$TUNNEL" 'The tunnel server has not taken the key after 30 seconds.' \
      "Tell $VENDOR_NAME. The key is enrolled: run this again later, without a token."
  }

  # ---- What this host cannot do of the unit -----------------------------------------------------

  # Before systemd 240 a service that dies at once has started all the same.
  restart_unit() {
    {
      systemctl start "$SERVICE.service" && systemctl restart "$UNIT"
    } >"$SCRATCH/systemctl" 2>&1 || return
    (($(systemd_version) >= 240)) || sleep 1
    ! lacks_namespace
  }

  systemd_version() { systemctl --version | sed -n '1s/^systemd \([1-9][0-9]*\).*/\1/p'; }

  # Containers and hardened hosts keep some of its protection from a service: exit status 217, USER,
  # or 226, NAMESPACE.
  lacks_namespace() { [[ $(of_unit ExecMainStatus) =~ ^(217|226)$ ]]; }

  # of_unit PROPERTY: what systemd knows of the service.
  of_unit() { systemctl show -p "$1" "$UNIT" 2>/dev/null | sed "s/^$1=//"; }

  # do_without WHAT LINE...: one protection less is better than no tunnel.
  do_without() {
    say "This host gives a service no $1: doing without."
    shift
    fit_unit_to_host "$@" && run systemctl daemon-reload
  }

  # fit_unit_to_host [LINE...]: switches off what this host cannot do, in a file beside the unit.
  # What an earlier run found out stays.
  fit_unit_to_host() {
    local version text
    version=$(systemd_version)
    text=$(
      ((version >= 240)) || tell 'Type=simple'
      ((version >= 239)) || tell 'SystemCallFilter='
      grep -sxE 'PrivateUsers=no|TemporaryFileSystem=|BindReadOnlyPaths=' "$HOST_FILE"
      (($# == 0)) || printf '%s\n' "$@"
    )
    if [[ -z $text ]]; then
      rm -f -- "$HOST_FILE"
      return
    fi
    record folder "${HOST_FILE%/*}"
    mkdir -p "${HOST_FILE%/*}"
    write_own "$HOST_FILE" 0644 root \
      $'# What this host cannot do of the unit. Made by Culvert.\n[Service]\n'"$text"$'\n'
  }

  # ---- The way out: endpoints of the tunnel server, HTTP proxy, certificates ---------------------

  # How this host reaches the vendor's side, as this run was told or an earlier one has kept.
  find_way_out() {
    find_certificates
    find_http_proxy
  }

  # Each way to the tunnel server, a line "HOST PORT" each, the best first: the alternate ports are
  # for firewalls that let nothing else through.
  endpoints() {
    local host port
    for port in "${TUNNEL_PORTS[@]}"; do
      for host in "${TUNNEL_HOSTS[@]}"; do
        printf '%s %s\n' "$host" "$port"
      done
    done
  }

  # Whether ssh alone is not enough: it knows one endpoint and no HTTP proxy.
  needs_connect() { [[ -n $HTTP_PROXY_HOST ]] || (($(endpoints | wc -l) > 1)); }

  http_proxy_lines() {
    printf '%s\n' "$HTTP_PROXY_HOST" "$HTTP_PROXY_PORT" "$HTTP_PROXY_USER" "$HTTP_PROXY_PASSWORD"
  }

  # write_way_out FOLDER: in a folder of the caller's own, what the program "connect" needs.
  write_way_out() {
    printf '%s' "$CONNECT" >"$1/connect" && endpoints >"$1/endpoints" || return
    if [[ -n $HTTP_PROXY_HOST ]]; then
      (umask 077 && http_proxy_lines >"$1/http-proxy")
    else
      rm -f -- "$1/http-proxy"
    fi
  }

  # In the foreground too, a later run goes the way that this one was told.
  keep_way_out() {
    [[ -z $CA_FILE || $CA_FILE -ef $KEPT_FOLDER/ca.pem ]] || cp -- "$CA_FILE" "$KEPT_FOLDER/ca.pem"
  }

  # The same for the service; a password is in one file, which it alone can read.
  install_way_out() {
    record folder "$CODE_FOLDER"
    mkdir -p "$CODE_FOLDER" ||
      fail "$TUNNEL" "$CODE_FOLDER cannot be made." 'Check the disk and its mount options.'
    write_own "$CODE_FOLDER/connect" 0755 root "$CONNECT"
    write_own "$CONFIG_FOLDER/endpoints" 0640 "$SERVICE" "$(endpoints)"$'\n'
    if [[ -n $HTTP_PROXY_HOST ]]; then
      write_own "$CONFIG_FOLDER/http-proxy" 0640 "$SERVICE" "$(http_proxy_lines)"$'\n'
    else
      rm -f -- "$CONFIG_FOLDER/http-proxy"
    fi
    [[ -z $CA_FILE ]] ||
      write_own "$CONFIG_FOLDER/ca.pem" 0640 "$SERVICE" "$(tr -d '\0' <"$CA_FILE")"$'\n'
    write_local_config
  }

  # local.conf is this host's own file: what somebody else wrote there stays.
  write_local_config() {
    local file=$CONFIG_FOLDER/local.conf comment plain ours
    comment='# What only this host knows: may set ProxyCommand.'
    plain=$comment$'\n'
    ours=$plain"ProxyCommand $CODE_FOLDER/connect $CONFIG_FOLDER"$'\n'
    if [[ -e $file ]] && ! printf '%s' "$plain" | cmp -s - "$file" &&
      ! printf '%s' "$ours" | cmp -s - "$file"; then
      say "Keeping $file as it is; ssh goes the way that it says."
    elif needs_connect; then
      write_own "$file" 0640 "$SERVICE" "$ours"
    else
      write_own "$file" 0640 "$SERVICE" "$plain"
    fi
  }

  # ---- The command that stays: status, logs, rotate-key, upgrade, uninstall ---------------------

  # It is this script's own functions and settings, as bash writes them down. What finds it by the
  # tunnel's name is the same for every vendor; whoever comes first has written it.
  install_command() {
    mkdir -p "$CODE_FOLDER" ||
      fail "$TUNNEL" "$CODE_FOLDER cannot be made." 'Check the disk and its mount options.'
    record folder "$CODE_FOLDER"
    write_own "$CODE_FOLDER/tunnel" 0700 root "$(command_text)"$'\n'
    write_shared "$DISPATCHER_FILE" 0755 "$DISPATCHER"
  }

  command_text() {
    printf '%s\n' '#!/usr/bin/env bash' \
      '# Looks after one tunnel of this host: the functions of the installer that was run here,' \
      '# as bash writes them down. Read that one, it explains them. Made by Culvert.' \
      '{'
    knowledge
    printf 'main "$@"\nexit\n}\n'
  }

  # ---- The service ------------------------------------------------------------------------------

  install_service() {
    phase 'Service'
    write_own "$CONFIG_FOLDER/known_hosts" 0640 "$SERVICE" "$KNOWN_HOSTS"
    write_own "$CONFIG_FOLDER/ssh_config" 0640 "$SERVICE" "$SSH_CONFIG"
    install_way_out
    write_shared "$UMBRELLA_FILE" 0644 "$UMBRELLA_UNIT"
    if [[ $PROGRAM == autossh ]]; then
      write_own "$UNIT_FILE" 0644 root "$TUNNEL_UNIT"
    else
      write_own "$UNIT_FILE" 0644 root "$PLAIN_UNIT"
    fi
    fit_unit_to_host
    install_command
    restore_labels
    run systemctl daemon-reload &&
      run systemctl enable "$SERVICE.service" "$UNIT" ||
      fail "$TUNNEL" 'systemd does not take the service.' 'See the message above.'
    wait_for_key
    start_service
  }

  # write_own PATH MODE GROUP CONTENT: a file of this tunnel.
  write_own() {
    record file "$1"
    write_file "$@"
  }

  # write_shared PATH MODE CONTENT: a file that the tunnels of all vendors on this host share. It is
  # written once: none may change it under the others.
  write_shared() {
    record shared "$1"
    grep -qs 'Made by Culvert' "$1" || write_file "$1" "$2" root "$3"
  }

  # write_file PATH MODE GROUP CONTENT: leaves a file alone that is as it should be, sets its rights
  # in any case, and never leaves half a file.
  write_file() {
    printf '%s' "$4" >"$SCRATCH/file"
    if [[ ! -L $1 ]] && cmp -s "$SCRATCH/file" "$1"; then
      chown "root:$3" "$1" && chmod "$2" "$1"
      return
    fi
    rm -f -- "$1.new" && install -m "$2" -g "$3" "$SCRATCH/file" "$1.new" && sync "$1.new" &&
      mv -fT "$1.new" "$1" ||
      fail "$TUNNEL" "$1 cannot be written." 'Check the disk and its mount options.'
    say "Wrote $1."
  }

  # Restarts only what is not running as written. The digest of what runs is kept after the restart,
  # not before, so that a crash in between is mended by the next run.
  start_service() {
    SESSION_BEFORE=
    if [[ $(cat "$APPLIED" 2>/dev/null) == "$(applied_digest)" ]] &&
      systemctl -q is-active "$UNIT"; then
      say 'The service runs as it should; left alone.'
      return
    fi
    note_session
    restart_unit ||
      { lacks_namespace && do_without 'users of its own' PrivateUsers=no && restart_unit; } ||
      { lacks_namespace && do_without 'view of its own of the disk' TemporaryFileSystem= \
        BindReadOnlyPaths= && restart_unit; } || {
      cat "$SCRATCH/systemctl" >&2
      show_journal
      fail "$TUNNEL" "$UNIT does not start." "See: journalctl -u $UNIT"
    }
    record file "$APPLIED"
    applied_digest >"$APPLIED"
    say "Started $UNIT."
  }

  # A file has the right SELinux label by the folder it is made in, unless somebody moved it there.
  restore_labels() {
    [[ -e /sys/fs/selinux/enforce ]] && has restorecon || return 0
    run restorecon -R "${SHARED_FOLDERS[@]}" "$DISPATCHER_FILE" "$UMBRELLA_FILE" "$UNIT_FILE"* ||
      warn 'The SELinux labels could not be restored; the reason stands above.'
  }

  applied_digest() {
    {
      printf '%s\n' "$FINGERPRINT"
      cat "$CONFIG_FOLDER"/{known_hosts,ssh_config,local.conf} "$UNIT_FILE"
      [[ ! -e $HOST_FILE ]] || cat "$HOST_FILE"
      # Where ssh needs no help, none of these matter.
      ! needs_connect || cat "$CODE_FOLDER/connect" "$CONFIG_FOLDER/endpoints"
      [[ -z $HTTP_PROXY_HOST ]] || cat "$CONFIG_FOLDER/http-proxy"
    } | sha256sum | cut -c 1-64
  }

  # The session that is up now is no proof of the one that begins after the restart.
  note_session() {
    local attempt
    for attempt in 1 2 3 4 5; do
      ask_status && break
      ((attempt < 5)) ||
        fail "$TUNNEL" "The control plane: $ANSWER_PROBLEM." 'Run this again, without a token.'
      sleep 1
    done
    SESSION_BEFORE=$(answer session_id)
  }

  # ---- The proof: what the vendor's side says, and nothing less ---------------------------------

  # prove_tunnel EXPLAIN: returns once the vendor's side has this very session and the database
  # answers through it. EXPLAIN is the function that shows why ssh has not got through.
  prove_tunnel() {
    phase 'Proof'
    await_session "$1"
    say "The tunnel is up, as $VENDOR_NAME sees it."
    if await_database; then
      say 'The database answers through it.'
    elif [[ $DEFER_DATABASE == yes ]]; then
      say "Still owed: the database $DATABASE_STATE. Until then queries of $VENDOR_NAME fail."
    else
      fail "$DATABASE" "The tunnel is up, but the database $DATABASE_STATE." \
        'Mend that on the database side, and run this again, without a token.'
    fi
  }

  # Our own key's session, and not the one that was up before the restart.
  is_our_session() {
    ask_status && [[ $(answer session) == up && $(answer session_id) != "$SESSION_BEFORE" ]] &&
      [[ $(answer session_key) == "$FINGERPRINT" ]]
  }

  await_session() {
    local deadline=$((SECONDS + 45))
    until is_our_session; do
      if ((SECONDS >= deadline)); then
        "$1"
        [[ -n $ANSWER ]] ||
          fail "$TUNNEL" "The control plane: $ANSWER_PROBLEM." 'Run this again, without a token.'
        [[ $(answer session) != unknown ]] ||
          fail "$TUNNEL" "$VENDOR_NAME's tunnel server has not reported for a while." \
            "Tell $VENDOR_NAME, and run this again later, without a token."
        [[ $(answer session) != taken ]] ||
          fail "$TUNNEL" 'Something else listens on the port of this tunnel.' "Tell $VENDOR_NAME."
        fail "$TUNNEL" "$VENDOR_NAME's side sees no session of this host after 45 seconds." \
          'What ssh said stands above. Mend that, and run this again, without a token.'
      fi
      sleep 0.5
    done
  }

  # Within this session: what was seen before says nothing of the way through it.
  database_was_tried() { (($(number database_at) >= $(number session_since))); }

  database_answers() { [[ $(answer database) == answers ]] && database_was_tried; }

  # Nobody waits longer than for the first try of a database that may be missing.
  may_be_deferred() {
    [[ $DEFER_DATABASE == yes ]] && is_our_session && database_was_tried && ! database_answers
  }

  # Returns whether it answers; if not, DATABASE_STATE says what the vendor's side saw.
  await_database() {
    local deadline=$((SECONDS + 25))
    until is_our_session && database_answers; do
      if ((SECONDS >= deadline)) || may_be_deferred; then
        DATABASE_STATE=$(database_in_words)
        return 1
      fi
      sleep 0.5
    done
  }

  # What the vendor's last probe found, to stand behind "the database".
  database_in_words() {
    case $(answer database) in
      answers) tell 'answers' ;;
      refuses) tell "answers, but $(why_refused "$(answer reason)")" ;;
      silent) tell 'accepts connections, but says nothing' ;;
      closed) tell 'cannot be reached from this host' ;;
      *) tell 'has not been asked yet' ;;
    esac
  }

  # ---- Run: the tunnel in the foreground --------------------------------------------------------

  # Everything of this way lives here; ssh finds ~ in the system's list of users, and so do we.
  name_run_folder() {
    RUN_FOLDER=$(unset HOME && printf '%s' ~)/.local/state/$SERVICE/$INSTANCE
    [[ $MODE != run ]] || KEPT_FOLDER=$RUN_FOLDER
  }

  run_in_foreground() {
    phase 'Key'
    make_run_files
    enrol run
    wait_for_key
    note_session
    keep_up &
    KEEPER=$!
    trap 'kill "$KEEPER" 2>/dev/null; wait "$KEEPER" 2>/dev/null; rm -rf -- "$SCRATCH"' EXIT
    prove_tunnel show_ssh_log
    say
    say "The tunnel '$TUNNEL_NAME' is open for as long as this runs. Press Ctrl-C to close it."
    wait "$KEEPER"
  }

  make_run_files() {
    mkdir -p "$RUN_FOLDER" && chmod 0700 "$RUN_FOLDER" &&
      printf '%s' "$KNOWN_HOSTS" >"$RUN_FOLDER/known_hosts" &&
      printf '%s' "$SSH_CONFIG_RUN" >"$RUN_FOLDER/ssh_config" &&
      write_way_out "$RUN_FOLDER" && keep_way_out ||
      fail "$PREFLIGHT" "$RUN_FOLDER cannot be written." 'Run this as a user with a home folder.'
    if ! ssh-keygen -y -f "$RUN_FOLDER/key" >"$SCRATCH/key.pub" 2>/dev/null; then
      rm -f "$SCRATCH/key" "$SCRATCH/key.pub"
      run ssh-keygen -q -t "$KEY_TYPE" -b 256 -N '' -C "$INSTANCE" -f "$SCRATCH/key" &&
        sync "$SCRATCH/key" && mv -f "$SCRATCH/key" "$RUN_FOLDER/key" ||
        fail "$ENROLMENT" 'The key pair cannot be made.' "Check that $RUN_FOLDER can be written."
      say "Made a new $KEY_TYPE key in $RUN_FOLDER."
    else
      say "Keeping the key in $RUN_FOLDER."
    fi
    cp "$RUN_FOLDER/key" "$SCRATCH/key" && chmod 0600 "$SCRATCH/key"
    FINGERPRINT=$(fingerprint_of "$SCRATCH/key.pub")
  }

  # ssh again whenever it ends: soon the first time, then every 5 seconds.
  keep_up() {
    local pid pause=0.3 options=(-N -T -F "$RUN_FOLDER/ssh_config")
    # From inside the folder, whose name may hold what ssh and a shell would misread.
    ! needs_connect || options+=(-o 'ProxyCommand=bash ./connect .')
    cd "$RUN_FOLDER" || exit
    trap - EXIT
    trap 'kill "$pid" 2>/dev/null; exit 0' TERM INT HUP
    # A silent name server costs 2 seconds a question, not 5: ssh does nothing else meanwhile.
    export RES_OPTIONS='timeout:2 attempts:2'
    while :; do
      SHELL=/bin/sh ssh "${options[@]}" tunnel 2>>"$SCRATCH/ssh.log" &
      pid=$!
      wait "$pid"
      tail -n 1 "$SCRATCH/ssh.log" | quote_ssh
      sleep "$pause" &
      wait $!
      pause=5
    done
  }

  show_ssh_log() { tail -n 5 "$SCRATCH/ssh.log" | quote_ssh; }

  # ---- What ssh says, in plain words ------------------------------------------------------------

  # in_plain_words TEXT: what an error of ssh or of its helpers means, and what to do; nothing for
  # what is not known.
  in_plain_words() {
    case $1 in
      *'HOST IDENTIFICATION HAS CHANGED'* | *'Host key verification failed'*)
        tell "The server's host key is not one of those pinned here. Ask $VENDOR_NAME first of all."
        ;;
      *'Permission denied (publickey'*)
        tell "The tunnel server refuses this host's key. Ask $VENDOR_NAME whether it was removed."
        ;;
      *'remote port forwarding failed'*)
        tell "The tunnel's port is in use on the tunnel server, by an earlier session of this" \
          "tunnel or by something else. If this lasts for minutes, tell $VENDOR_NAME."
        ;;
      *'Could not resolve hostname'* | *'name resolution'* | *'Name or service not known'* | \
        *'does not resolve'*)
        tell "The tunnel server's name cannot be resolved. Check the DNS of this host."
        ;;
      *'Connection refused'* | *'connection is refused'*)
        tell 'Nothing accepts connections there: the server is down, or a firewall turns them away.'
        ;;
      *'timed out'* | *'Network is unreachable'* | *'No route to host'* | *'there is no route'* | \
        *': no answer'*)
        tell 'There is no way there at the moment: check network and firewall of this host.'
        ;;
      *'Timeout, server '*)
        tell 'The connection was lost on the way. It is made again by itself.'
        ;;
      *'kex_exchange_identification'* | *'Connection reset by'* | *'Connection closed by'* | \
        *'no SSH server answers'*)
        tell 'Something closes the connection at once: a firewall that inspects SSH, or a server' \
          'that is starting or full.'
        ;;
      *'bad permissions'* | *'Load key '* | *'do not match public'*)
        tell 'ssh cannot use the private key. Run the installer again to mend it.'
        ;;
      *'the user or the password'* | *'asks for a user and a password'*)
        tell 'The HTTP proxy wants another user or password: run the installer again with' \
          'CULVERT_HTTP_PROXY.'
        ;;
      *'does not allow connections'* | *' cannot connect to '* | *'is not an HTTP proxy'*)
        tell 'The HTTP proxy does not let this host through to the tunnel server: ask who runs it.'
        ;;
      *'connect_to '*'failed'* | *'open failed'*)
        tell 'The tunnel is up, but this host cannot reach the database.'
        ;;
    esac
  }

  # last_error [JOURNALCTL OPTION...]: the last line of the tunnel's log that is known to mean
  # something.
  last_error() {
    local line
    while IFS= read -r line; do
      [[ -n $(in_plain_words "$line") ]] || continue
      printf '%s' "$line" | printable
      return
    done < <(journalctl -q -u "$UNIT" -n 40 -o cat --no-pager "$@" 2>/dev/null | tac)
  }

  # ---- Status -----------------------------------------------------------------------------------

  need_installed() {
    [[ -r $RECORD ]] ||
      fail "$USAGE" "The tunnel $INSTANCE is not installed on this host." 'There is nothing to do.'
  }

  # The state of the tunnel, as this host and the vendor see it: 0 only if the database answers.
  show_status() {
    need_installed
    FINGERPRINT=$(fingerprint_of "$KEY.pub" 2>/dev/null)
    learn_state
    if [[ $JSON == yes ]]; then
      state_as_json
    else
      state_as_text
    fi
    return "$STATE_CODE"
  }

  # learn_state: asks systemd and the vendor; STATE says it in one sentence, STATE_CODE as a number.
  learn_state() {
    ask_systemd
    SESSION=unknown DATABASE_STATE=unprobed KEY_STATE=unknown
    STATE_CODE=$TUNNEL
    if ! ask_status || [[ -n $(answer error) ]]; then
      STATE="cannot tell: the control plane: $(answer detail)"
      [[ -n $(answer error) ]] || STATE="cannot tell: the control plane: $ANSWER_PROBLEM"
      STATE_CODE=$PREFLIGHT
      return
    fi
    KEY_STATE=$(answer key)
    SESSION=$(answer session)
    DATABASE_STATE=$(answer database)
    if [[ $SERVICE_STATE != active ]]; then
      STATE="down: the service is ${SERVICE_STATE:-not there}"
    elif [[ $KEY_STATE != active ]]; then
      STATE="down: the key of this host is $KEY_STATE at $VENDOR_NAME"
    elif [[ $SESSION == up && $(answer session_key) != "$FINGERPRINT" ]]; then
      STATE='down here: another host holds this tunnel'
    elif [[ $SESSION != up ]]; then
      STATE="down: the session is $SESSION, as $VENDOR_NAME sees it"
    elif [[ $DATABASE_STATE != answers ]]; then
      STATE="up, but the database $(database_in_words)"
      STATE_CODE=$DATABASE
    else
      STATE='up, and the database answers'
      STATE_CODE=0
    fi
  }

  ask_systemd() {
    SERVICE_STATE=$(systemctl is-active "$UNIT" 2>/dev/null)
    AT_BOOT=$(systemctl is-enabled "$UNIT" 2>/dev/null)
  }

  state_as_text() {
    local error
    tell "$INSTANCE: $STATE"
    tell "  tunnel      '$TUNNEL_NAME' of $ACCOUNT_NAME to $VENDOR_NAME"
    tell "  service     ${SERVICE_STATE:-not there}, ${AT_BOOT:-not there} at boot"
    tell "  session     $SESSION$(at session_since)"
    tell "  database    $DATABASE_STATE$(at database_at)"
    tell "  key         $KEY_STATE, SHA-256 ${FINGERPRINT:-unknown}"
    tell "  installer   $TEMPLATE_VERSION"
    ! is_pinned || tell "  reviewers   $(pin_in_words)"
    ((STATE_CODE > 0)) || return 0
    error=$(last_error)
    [[ -z $error ]] || tell "  last error  $error"$'\n'"              $(in_plain_words "$error")"
    tell "  next        $SERVICE doctor $INSTANCE"
  }

  # at NAME: a time of the answer, as people write it.
  at() {
    local seconds
    seconds=$(number "$1")
    [[ $seconds == 0 ]] || printf ', %(%Y-%m-%d %H:%M:%S)T UTC' "$seconds"
  }

  since() {
    local moment
    moment=$(at "$1")
    printf '%s' "${moment/, / since }"
  }

  state_as_json() {
    json_object tunnel "$INSTANCE" ok "$( ((STATE_CODE == 0)) && tell true || tell false)" \
      state "$STATE" service "$SERVICE_STATE" at_boot "$AT_BOOT" \
      key "$KEY_STATE" fingerprint "$FINGERPRINT" \
      session "$SESSION" session_since "$(number session_since)" \
      database "$DATABASE_STATE" database_at "$(number database_at)" installer "$TEMPLATE_VERSION" \
      reviewers "$(pin_in_words)"
    tell
  }

  # json_object NAME VALUE...: one line; numbers, true and false as such, the rest as text.
  json_object() {
    local separator='{' value
    while (($# > 0)); do
      value=$(printf '%s' "$2" | printable)
      if [[ ! $value =~ ^(0|[1-9][0-9]{0,14}|true|false)$ ]]; then
        value=${value//\\/\\\\}
        value=\"${value//\"/\\\"}\"
      fi
      printf '%s"%s":%s' "$separator" "$1" "$value"
      separator=,
      shift 2
    done
    printf '}'
  }

  # ---- Logs -------------------------------------------------------------------------------------

  show_logs() {
    local options=(-q -u "$UNIT" -n 50 -o short-iso --no-pager) error
    need_installed
    if [[ $FOLLOW == yes ]]; then
      journalctl "${options[@]}" -f
      return
    fi
    journalctl "${options[@]}"
    error=$(last_error)
    [[ -n $error ]] || return 0
    tell
    tell "The last error: $error"
    tell "It means: $(in_plain_words "$error")"
  }

  # ---- The route: what a tunnel's ssh_config says -----------------------------------------------

  # read_route FILE HOST: what ssh itself makes of the file.
  read_route() {
    ROUTE=$(ssh -G -F "$1" -- "$2" 2>"$SCRATCH/said") ||
      fail "$PREFLIGHT" "ssh cannot use $1: $(head -n 1 "$SCRATCH/said" | printable)" "$3"
    ROUTE_HOST=$2
    SERVER_HOST=$(on_route hostname | printable)
    SERVER_PORT=$(on_route port | printable)
    find_public_keys
    find_forward
  }

  # on_route OPTION: its values, a line each.
  on_route() { sed -n "s/^$1 //p" <<<"$ROUTE"; }

  # Whether ssh does not dial the server itself.
  goes_by_command() { [[ -n $(on_route proxycommand) ]]; }
  goes_by_jump() { [[ -n $(on_route proxyjump) ]]; }

  # A file of somebody's own may hold several hosts: the first that is no pattern.
  first_host() {
    awk '{ gsub(/[="]/, " ") } tolower($1) == "host" {
      for (i = 2; i <= NF; i++) if ($i !~ /[*?!]/) { print $i; exit }
    }' "$1"
  }

  # The public halves of the keys that ssh would use, in files of our own: whoever holds these alone
  # can ask whether a server would take a key, and cannot log in.
  find_public_keys() {
    local file half
    PUBLIC_KEYS=() FINGERPRINTS=()
    while IFS= read -r file; do
      # shellcheck disable=SC2088 # ssh prints it so
      [[ $file != '~/'* ]] || file=~/${file:2}
      half=$SCRATCH/public.${#PUBLIC_KEYS[@]}
      public_half "$file" >"$half" && chmod 0600 "$half" || continue
      PUBLIC_KEYS+=("$half")
      FINGERPRINTS+=("$(fingerprint_of "$half")")
    done < <(on_route identityfile)
    FINGERPRINT=${FINGERPRINTS[0]-}
  }

  public_half() {
    { cat "$1.pub" || ssh-keygen -y -P '' -f "$1"; } 2>/dev/null |
      cut -d ' ' -f 1,2 | grep -m 1 -E '^(ssh|ecdsa|sk)-[^ ]+ [A-Za-z0-9+/=]+$'
  }

  # Both ends of the tunnel: of several RemoteForward lines the one with this tunnel's port.
  find_forward() {
    local all line target
    all=$(on_route remoteforward)
    line=$(grep -m 1 -E "(^|:)$TUNNEL_PORT " <<<"$all") || line=${all%%$'\n'*}
    FORWARD_PORT=${line%% *}
    FORWARD_PORT=${FORWARD_PORT##*:}
    target=${line#* }
    if [[ $target == /* ]]; then
      DATABASE_SOCKET=$target
      return
    fi
    DATABASE_SOCKET='' DATABASE_PORT=${target##*:}
    target=${target%:*}
    target=${target#[}
    DATABASE_HOST=${target%]}
  }

  # ask_server: goes as far as one can without the private key; SAID is then what ssh tells of it.
  # Where our session is up no key is even named.
  ask_server() {
    local options=(-v -T -o BatchMode=yes -o ConnectTimeout=12 -o StrictHostKeyChecking=yes) key
    options+=(-o UpdateHostKeys=no -o IdentitiesOnly=yes -o IdentityAgent=none)
    if [[ $OUR_SESSION == yes || ${#PUBLIC_KEYS[@]} == 0 ]]; then
      options+=(-o PreferredAuthentications=none)
    else
      options+=(-o PreferredAuthentications=publickey)
      for key in "${PUBLIC_KEYS[@]}"; do options+=(-o IdentityFile="$key"); done
    fi
    # Of the tunnel's own file only what leads there: above all not its private key.
    local leads_there='hostname port user addressfamily bindaddress bindinterface proxycommand'
    leads_there+=' ciphers macs kexalgorithms hostkeyalias userknownhostsfile globalknownhostsfile'
    grep -E "^(${leads_there// /|}) " <<<"$ROUTE" >"$SCRATCH/route"
    SAID=$(
      SHELL=/bin/sh timeout 25 ssh -F "$SCRATCH/route" "${options[@]}" -- "$ROUTE_HOST" exit 2>&1 |
        tr -d '\r\0'
    )
  }

  # server_said START: whether ssh's account has a line that begins so.
  server_said() { [[ $'\n'$SAID == *$'\n'"debug1: $1"* ]]; }

  # Why ssh gave up: its first line that is no account of what it does.
  said_reason() {
    local reason
    reason=$(grep -m 1 -vE '^(debug[1-3]: |OpenSSH_|@|$)' <<<"$SAID" | printable)
    printf '%s' "${reason:-no answer}"
  }

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

  # ---- Doctor: which hop is broken --------------------------------------------------------------

  # Nothing here logs in with the tunnel's key: that would end the session that is up.
  examine() {
    HOPS=() RESULTS=() DETAILS=() BROKEN='' VERDICT='' NEXT='' PIN=''
    has ssh || fail "$PREFLIGHT" 'ssh is missing.' 'Install the package of OpenSSH clients.'
    if is_hand_made; then
      [[ -r $GIVEN_CONFIG ]] || wrong "$GIVEN_CONFIG cannot be read."
      read_route "$GIVEN_CONFIG" "${GIVEN_HOST:-$(first_host "$GIVEN_CONFIG")}" \
        'Correct that file, or name a Host of it: --host NAME.'
    else
      need_installed
      read_route "$CONFIG_FOLDER/ssh_config" tunnel "Mend it: $SERVICE upgrade $INSTANCE"
      ask_systemd
      PIN=$(pin_in_words)
    fi
    [[ -z $SUPPORT_FILE ]] || open_support_file
    [[ $JSON == yes ]] || tell "$INSTANCE, hop by hop:"
    ask_vendor
    walk_hops
    conclude
    [[ -z $SUPPORT_FILE ]] || write_support_file
    return "$EXAMINED"
  }

  # A tunnel that somebody set up without the installer is known by its ssh_config alone.
  is_hand_made() { [[ -n $GIVEN_CONFIG ]]; }

  conclude() {
    case $BROKEN in
      '') EXAMINED=0 ;;
      control-plane) EXAMINED=$PREFLIGHT ;;
      *database) EXAMINED=$DATABASE ;;
      *) EXAMINED=$TUNNEL ;;
    esac
    if [[ -z $BROKEN ]]; then
      VERDICT="Every hop works: $VENDOR_NAME can query the database."
    elif [[ $EXAMINED == "$TUNNEL" && $OUR_SESSION == yes ]]; then
      VERDICT="The tunnel is up, but would not come up again. Broken at the hop $BROKEN: $VERDICT."
    else
      VERDICT="Broken at the hop $BROKEN: $VERDICT."
    fi
    if [[ $JSON == yes ]]; then
      examination_as_json
      return
    fi
    tell
    tell "$VERDICT"
    [[ -z $NEXT ]] || tell "Next: $NEXT"
    [[ -z $PIN ]] || tell "Reviewers are $PIN."
  }

  examination_as_json() {
    local head hops='' number
    head=$(json_object tunnel "$INSTANCE" ok "$( ((EXAMINED == 0)) && tell true || tell false)" \
      exit_code "$EXAMINED" broken "$BROKEN" verdict "$VERDICT" next "$NEXT" reviewers "$PIN")
    for number in "${!HOPS[@]}"; do
      hops+=,$(json_object hop "${HOPS[number]}" result "${RESULTS[number]}" \
        detail "${DETAILS[number]}")
    done
    tell "${head%\}},\"hops\":[${hops#,}]}"
  }

  # ---- The support file: what a customer may send to the vendor ---------------------------------

  # Opened before anything is tested, so that a bad name is refused at once. Only a file that was
  # not there is written: no link is followed, and nobody's file is replaced.
  open_support_file() {
    local before
    [[ ! -e $SUPPORT_FILE && ! -L $SUPPORT_FILE ]] ||
      fail "$USAGE" "$SUPPORT_FILE exists." 'Name a file that does not.'
    before=$(umask)
    umask 077
    set -o noclobber
    { exec 8>"$SUPPORT_FILE"; } 2>/dev/null ||
      fail "$USAGE" "$SUPPORT_FILE cannot be written." 'Name a file in a folder that can be.'
    set +o noclobber
    umask "$before"
  }

  # These fields and no others: no key, token, host name, address or line of a log.
  write_support_file() {
    local number name
    {
      support installer "$TEMPLATE_VERSION"
      support tunnel "$INSTANCE"
      support os "$OS_NAME"
      support bash "$BASH_VERSION"
      support ssh "$(ssh -V 2>&1)"
      support systemd "$(systemctl --version 2>/dev/null | head -n 1)"
      support autossh "$(autossh -V 2>&1 | head -n 1)"
      support service "${SERVICE_STATE-}"
      support at_boot "${AT_BOOT-}"
      for number in "${!HOPS[@]}"; do
        support "hop_${HOPS[number]//-/_}" "${RESULTS[number]}"
      done
      support broken "${BROKEN:-nothing}"
      for name in now key session session_since database database_at reason agent_at; do
        support "vendor_$name" "$(answer "$name")"
      done
    } >&8
    exec 8>&-
    [[ $JSON == yes ]] || tell "Wrote $SUPPORT_FILE: read it before you send it to $VENDOR_NAME."
  }

  # support NAME VALUE: one line.
  support() { printf '%s=%s\n' "$1" "$(printf '%.200s' "$2" | printable)"; }

  # ---- Rotation: a new key pair in place of the old one -----------------------------------------

  # The vendor learns the new key, proved by both. Then one restart offers the new key first and the
  # old one after it: whichever the vendor sees in use stays, and the other one goes. Cut short at
  # any moment, the same command or an installation goes on from there.
  rotate_key() {
    need_installed
    take_turn
    PHASES=2
    phase 'New key'
    if is_rotating; then
      say 'Going on with a change that was cut short.'
    else
      add_new_key
    fi
    phase 'Change'
    finish_rotation ||
      fail "$TUNNEL" 'The tunnel did not come up with the new key; the old one is in use again.' \
        "See: $SERVICE doctor $INSTANCE"
  }

  # Whether a rotation got as far as two keys; before that there may be two names of one.
  is_rotating() { [[ -e $OLD_KEY && ! $OLD_KEY -ef $KEY ]]; }

  # Afterwards the new key has the name that ssh looks for, and the old one stands beside it.
  add_new_key() {
    local old
    copy_key "$KEY" "$SCRATCH/old" ||
      fail "$ENROLMENT" "The key $KEY cannot be used." "Run: $SERVICE upgrade $INSTANCE"
    old=$(fingerprint_of "$SCRATCH/old.pub")
    record file "$OLD_KEY"
    copy_key "$NEXT_FOLDER/key" "$SCRATCH/key" ||
      { make_key_pair "$NEXT_FOLDER" && copy_key "$NEXT_FOLDER/key" "$SCRATCH/key"; } ||
      fail "$ENROLMENT" 'The key pair cannot be made.' "Check that $STATE_FOLDER can be written."
    FINGERPRINT=$(fingerprint_of "$SCRATCH/key.pub")
    register_new_key "$old"
    wait_for_key

    # The old key gets a second name and then the new one its first: there is a key at any moment.
    chown "root:$SERVICE" "$NEXT_FOLDER/key" && chmod 0640 "$NEXT_FOLDER/key" &&
      ln -f "$KEY" "$OLD_KEY" && mv -f "$NEXT_FOLDER/key" "$KEY" && rm -rf -- "$NEXT_FOLDER" &&
      write_public_key "$SCRATCH/key.pub" ||
      fail "$TUNNEL" "$STATE_FOLDER cannot be written." 'Check the disk, and run this again.'
    say "Made a new key, and $VENDOR_NAME knows it: SHA-256 $FINGERPRINT."
  }

  # register_new_key OLD: the new key, in $SCRATCH/key, is taken because the old one vouches for it.
  register_new_key() {
    local statement="culvert-key-v1 add $TUNNEL_ID $SLOT $1 $FINGERPRINT" by_old
    prove "$statement" "$SCRATCH/old" "$SCRATCH/key.pub"
    by_old=$(cat "$SCRATCH/proof")
    prove "$statement" "$SCRATCH/key" "$SCRATCH/key.pub"
    printf '%s\n' op=add "slot=$SLOT" "old=$1" "public_key=$(public_key)" "proof_old=$by_old" \
      "proof_new=$(cat "$SCRATCH/proof")" "render=$RENDER" end=1 >"$SCRATCH/addition"
    call keys "$SCRATCH/addition" ||
      fail "$ENROLMENT" "The control plane: $ANSWER_PROBLEM." 'The old key stays; run this again.'
    [[ -n $(answer error) ]] || return 0
    rm -rf -- "$NEXT_FOLDER"
    fail "$ENROLMENT" "The new key was refused: $(answer detail)." "$(answer next)"
  }

  # From two keys to one, with at most one restart. Returns 1 when the old one had to stay.
  finish_rotation() {
    local old new
    copy_key "$OLD_KEY" "$SCRATCH/old" && copy_key "$KEY" "$SCRATCH/key" &&
      write_public_key "$SCRATCH/key.pub" ||
      fail "$ENROLMENT" "The keys in $STATE_FOLDER cannot be used." 'Uninstall, then install again.'
    old=$(fingerprint_of "$SCRATCH/old.pub")
    new=$(fingerprint_of "$SCRATCH/key.pub")
    offer_old_key
    note_session
    if [[ $(answer session) == up && $(answer session_key) == "$new" ]]; then
      SESSION_BEFORE=
    else
      run systemctl restart "$UNIT" || warn "$UNIT does not start; see: journalctl -u $UNIT"
    fi
    KEY_IN_USE=
    await_key_in_use "$old" "$new"
    if [[ $KEY_IN_USE == "$new" ]]; then
      remove_at_vendor "$old" "$SCRATCH/key"
      FINGERPRINT=$new
      end_rotation
      say "The tunnel is up with the new key; the old one is removed."
      return
    fi
    remove_at_vendor "$new" "$SCRATCH/old"
    mv -f "$OLD_KEY" "$KEY" && write_public_key "$SCRATCH/old.pub"
    FINGERPRINT=$old
    end_rotation
    [[ $KEY_IN_USE == "$old" ]] || run systemctl restart "$UNIT"
    return 1
  }

  # await_key_in_use KEY...: waits for a new session by one of them, as the vendor sees it.
  await_key_in_use() {
    local deadline=$((SECONDS + 45)) key
    while ((SECONDS < deadline)); do
      if ask_status && [[ $(answer session) == up ]] &&
        [[ $(answer session_id) != "$SESSION_BEFORE" ]]; then
        for key in "$@"; do
          [[ $(answer session_key) != "$key" ]] || KEY_IN_USE=$key
        done
        [[ -z $KEY_IN_USE ]] || return
      fi
      sleep 0.5
    done
  }

  # A second IdentityFile is tried when the server refuses the first.
  offer_old_key() {
    grep -qsxF "IdentityFile $OLD_KEY" "$LOCAL_CONFIG" && return
    write_file "$LOCAL_CONFIG" 0640 "$SERVICE" \
      "$(cat "$LOCAL_CONFIG")"$'\n'"IdentityFile $OLD_KEY"$'\n'
  }

  # What runs now runs on without a restart: the key that goes was only a second choice.
  end_rotation() {
    write_file "$LOCAL_CONFIG" 0640 "$SERVICE" \
      "$(grep -vxF "IdentityFile $OLD_KEY" "$LOCAL_CONFIG")"$'\n'
    rm -f -- "$OLD_KEY"
    applied_digest >"$APPLIED"
  }

  # ---- Statements: what reviewers signed, as the control plane hands it on ----------------------

  # fetch_statements DIGEST: asks for those that name it. They are taken in one form, byte for byte,
  # and one that is not in it spoils the answer: then it was made by something else.
  fetch_statements() {
    call "statements?artifact=$1" ||
      fail "$PREFLIGHT" "The control plane: $ANSWER_PROBLEM." 'Run this again; nothing was changed.'
    [[ -z $(answer error) ]] ||
      fail "$PREFLIGHT" "The control plane: $(answer detail)." "$(answer next)"
    read_statements "$1" ||
      fail "$PREFLIGHT" 'What came is not what reviewers sign, or it was changed on the way.' \
        "Nothing was changed. Run this again; if it stays so, tell $VENDOR_NAME."
  }

  # read_statements DIGEST: of ANSWER, those of this tunnel that name it, the newest last: the text
  # of each, its signatures, and what it says. FOR_ANOTHER is yes when there were others.
  read_statements() {
    local line within=no keep=no number=-1 before=0 form
    local begin='-----BEGIN SSH SIGNATURE-----' end='-----END SSH SIGNATURE-----'
    STATEMENTS=() SIGNATURES=() DECISIONS=() EXPIRIES=() SERIALS=() FOR_ANOTHER=no
    form=$(statement_form)
    while IFS= read -r line; do
      if [[ $within == yes ]]; then
        [[ $line == "$end" || $line =~ ^[A-Za-z0-9+/=]{1,76}$ ]] || return
        [[ $line != "$end" ]] || within=no
      elif [[ $line == "$begin" ]] && ((before > 0)); then
        within=yes
      elif [[ $line =~ $form ]] && ((BASH_REMATCH[6] > before)); then
        before=${BASH_REMATCH[6]} keep=no
        if [[ ${BASH_REMATCH[7]} != "$TUNNEL_ID" || ${BASH_REMATCH[8]} != "$VENDOR" ]]; then
          FOR_ANOTHER=yes
        elif [[ ${BASH_REMATCH[1]} == *"\"$1\""* ]]; then
          keep=yes number=$((number + 1))
          STATEMENTS[number]=$line SIGNATURES[number]='' SERIALS[number]=$before
          DECISIONS[number]=${BASH_REMATCH[3]} EXPIRIES[number]=${BASH_REMATCH[4]}
        fi
        continue
      else
        return 1
      fi
      [[ $keep == no ]] || SIGNATURES[number]+=$line$'\n'
    done < <(printf '%s' "${ANSWER%end=1}")
    [[ $within == no ]]
  }

  # One line of canonical JSON. Its numbers are short and have no zero in front, so that arithmetic
  # may read them.
  statement_form() {
    local digest='"[0-9a-f]{64}"' slug='[a-z0-9][a-z0-9-]{0,30}'
    printf '%s' '^\{"account":"' "$slug" '","artifacts":\[(' "$digest(,$digest){0,15}" ')\],' \
      '"decision":"(approve|refuse|withdraw)","not_after":([1-9][0-9]{0,11}),' \
      '"previous":(null|' "$digest" '),"serial":([1-9][0-9]{0,14}),' \
      '"tunnel":"(tun_[0-9a-z]{26})","v":1,"vendor":"(' "$slug" ')"\}$'
  }

  # ---- Approval: whether the reviewers pinned here let an installer run -------------------------

  # need_approval FILE: returns only if they approve its very bytes. Of the statements that count
  # the newest decides; its serial is remembered, so that none from before it counts again.
  need_approval() {
    local digest
    phase 'Checking who signed it'
    can_verify ||
      fail "$PREFLIGHT" 'ssh-keygen of this host cannot verify signatures.' \
        'Nothing was changed. Install OpenSSH 8.1 or later, and run this again.'
    take_turn
    read_pin ||
      fail "$PREFLIGHT" "The reviewers pinned in $PIN_FILE cannot be read: $REVIEWERS_PROBLEM." \
        'Nothing was changed. Find out why, then pin them again: bash install.sh --reviewers FILE'
    read_serial
    digest=$(sha256sum <"$1")
    digest=${digest%% *}
    fetch_statements "$digest"
    find_decision "$digest"
    ((SERIALS[DECIDES] <= SERIAL_SEEN)) ||
      write_own "$SERIAL_FILE" 0644 root "${SERIALS[DECIDES]}"$'\n'
    judge "$DECIDES"
    say "Approved: SHA-256 $digest, by ${SIGNERS[*]}."
    exec 9<&- # the installer takes its own turn
  }

  # read_serial: the highest serial of a statement that counted here, 0 if none did.
  read_serial() {
    SERIAL_SEEN=0
    [[ -e $SERIAL_FILE || -L $SERIAL_FILE ]] || return 0
    SERIAL_SEEN=$(tr '\0' '\1' <"$SERIAL_FILE")
    [[ $SERIAL_SEEN =~ ^[1-9][0-9]{0,14}$ ]] ||
      fail "$PREFLIGHT" "$SERIAL_FILE does not hold the number that an upgrade wrote there." \
        'Nothing was changed. Find out why, then remove that file, and run this again.'
  }

  # find_decision DIGEST: DECIDES is the newest statement that enough persons signed; to refuse or
  # withdraw, one is enough.
  find_decision() {
    local number=${#STATEMENTS[@]} needed most=0
    while ((number > 0)); do
      number=$((number - 1))
      find_signers "$number"
      needed=1
      [[ ${DECISIONS[number]} != approve ]] || needed=$APPROVALS
      if ((${#SIGNERS[@]} >= needed)); then
        DECIDES=$number
        return
      fi
      ((${#SIGNERS[@]} <= most)) || most=${#SIGNERS[@]}
    done
    if ((most > 0)); then
      fail "$PREFLIGHT" "Too few reviewers signed this installer: $most, and $APPROVALS must." \
        "Nothing was changed. Ask the others to review it: $PUBLIC_URL/t/$TUNNEL_ID"
    elif ((${#STATEMENTS[@]} > 0)); then
      fail "$PREFLIGHT" 'No key that signed this installer is pinned here, or it has expired.' \
        "Nothing was changed. Compare the keys of your reviewers with $PIN_FILE."
    elif [[ $FOR_ANOTHER == yes ]]; then
      fail "$PREFLIGHT" 'What reviewers signed is for another tunnel, and not for this one.' \
        "Nothing was changed. Ask your reviewers to review it: $PUBLIC_URL/t/$TUNNEL_ID"
    fi
    fail "$PREFLIGHT" "Nobody signed this installer, SHA-256 $1." \
      "Nothing was changed. Ask your reviewers to review it: $PUBLIC_URL/t/$TUNNEL_ID"
  }

  # find_signers NUMBER: the pinned persons who signed that statement, each once.
  find_signers() {
    local line signature='' person
    SIGNERS=()
    printf '%s\n' "${STATEMENTS[$1]}" >"$SCRATCH/statement"
    while IFS= read -r line; do
      signature+=$line$'\n'
      [[ $line == -----END* ]] || continue
      printf '%s' "$signature" >"$SCRATCH/signature"
      signature=''
      for person in "${PERSONS[@]}"; do
        [[ " ${SIGNERS[*]-} " != *" $person "* ]] && signed_by "$person" || continue
        SIGNERS+=("$person")
        break
      done
    done < <(printf '%s' "${SIGNATURES[$1]}")
  }

  # signed_by PERSON: whether the signature is by one of that person's keys, as of now.
  signed_by() {
    ssh-keygen -Y verify -f "$SCRATCH/reviewers" -I "$1" -n culvert-approval-v1 \
      -s "$SCRATCH/signature" <"$SCRATCH/statement" >/dev/null 2>&1
  }

  # judge NUMBER: ends the run unless that statement lets the installer run, here and now.
  judge() {
    case ${DECISIONS[$1]} in
      refuse)
        fail "$PREFLIGHT" "Reviewers refused this installer: ${SIGNERS[*]}." \
          "The tunnel stays as it is. Ask them, or $VENDOR_NAME for another one."
        ;;
      withdraw)
        fail "$PREFLIGHT" "Reviewers withdrew their approval of this installer: ${SIGNERS[*]}." \
          "The tunnel stays as it is. Ask them, or $VENDOR_NAME for another one."
        ;;
    esac
    ((SERIALS[$1] >= SERIAL_SEEN)) ||
      fail "$PREFLIGHT" \
        "The approval, number ${SERIALS[$1]}, is older than one that counted here: $SERIAL_SEEN." \
        'The tunnel stays as it is. Ask your reviewers to sign it again, if they want it.'
    ((EXPIRIES[$1] > $(now))) ||
      fail "$PREFLIGHT" 'The approval of this installer has expired.' \
        'The tunnel stays as it is. Have it signed again, or set the clock of this host.'
  }

  # ---- Upgrade ----------------------------------------------------------------------------------

  # Runs the installer as the vendor gives it now. What is as it should be stays, the key too. Where
  # reviewers are pinned, it runs the very file that they approved, or none.
  upgrade() {
    local installer=$SCRATCH/install.sh options=() pinned=no
    [[ $QUIET == no ]] || options+=(--quiet)
    [[ $VERBOSE == no ]] || options+=(--verbose)
    need_installed
    PHASES=1
    ! is_pinned || pinned=yes PHASES=2
    phase "Fetching $INSTALLER_URL"
    fetch "$INSTALLER_URL" && mv "$SCRATCH/answer" "$installer" ||
      fail "$PREFLIGHT" "The control plane: $ANSWER_PROBLEM." 'Run this again; nothing was changed.'
    [[ $pinned == no ]] || need_approval "$installer"
    [[ $(tail -n 1 "$installer") == '}' ]] && bash -n "$installer" 2>/dev/null ||
      fail "$PREFLIGHT" 'What came is no whole installer.' 'Run this again; nothing was changed.'
    # Before 4.4, bash calls a list without words unbound.
    bash "$installer" install ${options[@]+"${options[@]}"}
  }

  # ---- Uninstallation: what was recorded, and nothing else --------------------------------------

  uninstall() {
    need_installed
    take_turn
    PHASES=1
    phase "Removing the tunnel '$TUNNEL_NAME' from this host"
    check_owner
    if systemctl cat "$UNIT" >/dev/null 2>&1; then
      run systemctl disable --now "$UNIT" ||
        fail "$TUNNEL" "$UNIT does not stop." "See: systemctl status $UNIT"
    fi
    withdraw_keys
    remove_recorded
    systemctl daemon-reload
    systemctl reset-failed "$UNIT" 2>/dev/null
    end_phase
    say 'Removed.'
  }

  # The vendor forgets the keys that this host proves it holds. If that cannot be, the rest goes on.
  withdraw_keys() {
    local key
    for key in "$OLD_KEY" "$KEY"; do
      [[ -e $key ]] || continue
      if copy_key "$key" "$SCRATCH/key"; then
        (remove_at_vendor "$(fingerprint_of "$SCRATCH/key.pub")" "$SCRATCH/key") &&
          say "$VENDOR_NAME has removed this host's key."
      else
        warn "$VENDOR_NAME could not be told: ask them to remove the key of this host."
      fi
    done
  }

  # Last made, first removed. What other tunnels use too goes with the last of them.
  remove_recorded() {
    local kind name last=yes other heir='' vendor_heir='' folder
    for other in "/var/lib/$SERVICE"/*/installed; do
      [[ -e $other && $other != "$RECORD" ]] || continue
      last=no
      heir=$other
      [[ ${other#"/var/lib/$SERVICE/"} != "${VENDOR}_"* ]] || vendor_heir=$other
    done
    tac "$RECORD" >"$SCRATCH/recorded"
    while read -r kind name; do
      case $kind in
        file) remove_file "$name" ;;
        folder) [[ $name == "$STATE_FOLDER" ]] || remove_folder "$name" ;;
        shared) [[ $last == no ]] || remove_shared "$name" ;;
        user) [[ $last == no ]] || run userdel "$SERVICE" || warn "The user $name was left." ;;
        package) take_back_package "$name" "$heir" ;;
        reviewers) take_back_reviewers "$name" "$vendor_heir" ;;
      esac
    done <"$SCRATCH/recorded"
    rm -rf -- "$NEXT_FOLDER" "/etc/.$SERVICE.new"
    remove_file "$RECORD"
    remove_folder "$STATE_FOLDER"
    if [[ $last == yes ]]; then
      for folder in "${SHARED_FOLDERS[@]}"; do remove_folder "$folder"; done
    fi
  }

  # take_back_package NAME HEIR: another tunnel needs the package too, and then keeps it in mind.
  take_back_package() {
    if [[ -n $2 ]]; then
      printf 'package %s\n' "$1" >>"$2"
    elif [[ $REMOVE_PACKAGES == yes ]]; then
      remove_package "$1"
    else
      say "The package $1 was left; uninstall --packages takes it away, too."
    fi
  }

  # take_back_reviewers FILE HEIR: another tunnel of the same vendor needs it, too, and keeps it in
  # mind.
  take_back_reviewers() {
    if [[ -z $2 ]]; then
      remove_file "$1"
    else
      grep -qsxF "reviewers $1" "$2" || printf 'reviewers %s\n' "$1" >>"$2"
    fi
  }

  # The record is only believed about places that this script writes to, and not through a link.
  remove_file() {
    case $1 in
      *..*) return ;;
      "/etc/$SERVICE/"* | "/var/lib/$SERVICE/"* | "/usr/local/lib/$SERVICE/"*) ;;
      "/etc/systemd/system/$SERVICE@"*.service.d/host.conf) ;;
      "/etc/systemd/system/$SERVICE@"*.service | "/etc/systemd/system/$SERVICE.service") ;;
      "/usr/local/sbin/$SERVICE") ;;
      *) return ;;
    esac
    [[ -L ${1%/*} ]] || rm -f -- "$1" "$1.new"
  }

  remove_shared() {
    [[ $1 != "$UMBRELLA_FILE" ]] || run systemctl disable --now "$SERVICE.service"
    remove_file "$1"
  }

  remove_folder() {
    [[ ! -d $1 ]] || rmdir -- "$1" 2>/dev/null ||
      warn "$1 holds files that are not ours and was left."
  }

  # ---- The story --------------------------------------------------------------------------------

  main() {
    settle_shell
    take_token
    take_http_proxy
    read_arguments "$@"
    choose_style
    name_paths
    name_run_folder
    make_scratch
    find_way_out
    PHASE=0 FINGERPRINT='' FINDINGS=()
    detect_host
    case $MODE in
      install | check | run) open_tunnel ;;
      uninstall) as_root uninstall ;;
      status) as_root show_status ;;
      doctor) if is_hand_made; then examine; else as_root examine; fi ;;
      logs) as_root show_logs ;;
      rotate-key) as_root rotate_key ;;
      upgrade) as_root upgrade ;;
    esac
  }

  open_tunnel() {
    say "${BOLD}Culvert: tunnel '$TUNNEL_NAME' of $ACCOUNT_NAME to $VENDOR_NAME$PLAIN"
    [[ $MODE != install ]] || warn_of_pin
    judge_host
    choose_program
    if [[ $MODE == check || $DRY_RUN == yes ]]; then
      TOKEN=
    else
      find_token
    fi
    case $MODE in
      install) PHASES=7 ;;
      run) PHASES=4 ;;
      check) PHASES=2 ;;
    esac
    preflight

    case $MODE in
      check)
        print_ticket
        stop_on_findings
        tell
        tell 'All that an installation needs is there. Nothing was changed.'
        ;;
      run)
        has ssh || finding 'ssh is missing' 'Install the package of OpenSSH clients.'
        stop_on_findings
        run_in_foreground
        ;;
      install)
        stop_on_findings
        print_plan
        if [[ $DRY_RUN == yes ]]; then
          tell
          tell 'This was a dry run. Nothing was changed.'
          return
        fi
        as_root change_this_host
        ;;
    esac
  }

  # The part that needs root, from the first change to the proof.
  change_this_host() {
    take_turn
    begin_record
    ! is_rotating || finish_rotation || warn 'The new key did not work; the old one stays.'
    install_packages
    make_identity
    pin_reviewers
    enrol linux
    install_service
    prove_tunnel show_journal
    say_what_runs
  }

  show_journal() { journalctl -q -u "$UNIT" -n 5 -o cat --no-pager | quote_ssh; }

  say_what_runs() {
    end_phase
    say
    if [[ $DEFER_DATABASE == yes ]]; then
      say "${BOLD}Done.$PLAIN $VENDOR_NAME reaches this host; what its database owes stands above."
    else
      say "${BOLD}Done.$PLAIN $VENDOR_NAME can query the database through this host."
    fi
    say "  runs      $UNIT"
    say "  files     $CONFIG_FOLDER, $STATE_FOLDER, $CODE_FOLDER"
    say "  check     $SERVICE status $INSTANCE"
    say "  undo      $SERVICE uninstall $INSTANCE"
  }

  main "$@"
  exit
}
