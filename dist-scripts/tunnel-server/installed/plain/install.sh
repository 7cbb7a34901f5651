#!/usr/bin/env bash
#
# Makes this host a tunnel server: an sshd of its own for tunnels, beside the host's sshd, and the
# agent that looks after it. Made by Culvert.
#
#   bash install.sh              install, repair or upgrade; asks for the join token
#   bash install.sh --dry-run    change nothing; list every change that an installation makes here
#   bash install.sh uninstall    remove what was installed, and nothing else
#   bash install.sh --help       everything else
#
# The settings below hold every value that is yours, and each file as it will be written. All that
# follows them is the same for everyone, and this prints its digest, which they state:
#
#   sed '1,/^  # ---- The same for everyone/d' install.sh | sha256sum
#
# What follows is a guard for other shells, then one block: cut off anywhere on its way here, it
# does nothing.

{
  if [ -z "${BASH_VERSION-}" ]; then
    echo 'error: this script needs bash. Run it again with: bash install.sh' >&2
    exit 2
  fi
  set +o posix # where sh is bash, "curl | sh" starts it in a mode that reads the rest differently
}

# The settings are read further down, some functions run as root only, and "a && b || fail" means
# what it says: fail if either did.
# shellcheck disable=SC2034,SC2317,SC2015
{
  # ---- Settings: every value of this tunnel server ----------------------------------------------

  TEMPLATE_VERSION='1.0.3'
  BODY_SHA256='fc026b13a562ae09578019d3a4fa5ac74c52da06f29ea44e80370f833f138ed4'

  REGION='eu'
  CONTROL_PLANE='https://culvert.example'
  LOGIN='tunnel'
  SSHD_PORT='50022'
  FIRST_TUNNEL_PORT='20000'
  LAST_TUNNEL_PORT='29999'
  BIND_ADDRESS='127.0.0.1'
  LISTEN_ADDRESS='0.0.0.0'

  # The files, each as it will be written.

  # The configuration of sshd; the second is for OpenSSH before 9.8.
  SSHD_CONFIG='# The tunnel server'\''s own sshd, beside the host'\''s normal one. Written by Culvert.
Port 50022
AddressFamily inet
ListenAddress 0.0.0.0
PidFile /run/culvert-sshd/sshd.pid
HostKey /etc/culvert-sshd/host_key

# Without the NIST curves, groups of finite fields, SHA-1, and MACs that do not cover what was encrypted.
KexAlgorithms -ecdh-sha2-*,diffie-hellman-*
MACs -hmac-sha1*,umac-64*,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512

# One account, and only keys that the agent has put down, looked up by fingerprint.
AllowUsers tunnel
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
PAMServiceName culvert-sshd
UseDNS no
AuthorizedKeysFile none
AuthorizedKeysCommand /usr/bin/cat /var/lib/culvert-agent/keys/%f
AuthorizedKeysCommandUser culvert-keys
StrictModes yes

# A session may listen for its tunnel, and do nothing else. The key'\''s own line narrows this to one port.
AllowTcpForwarding remote
GatewayPorts no
PermitListen localhost:* 127.0.0.1:*
AllowStreamLocalForwarding no
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
PermitTTY no
PermitUserRC no
PermitUserEnvironment no
ForceCommand /bin/false
MaxSessions 0

# Enough room for every proxy to come back at once, not for one address to lock the others out.
MaxAuthTries 3
MaxStartups 500:30:1000
PerSourceMaxStartups 100
PerSourceNetBlockSize 32:56
PerSourcePenalties no
# Logins that begin together end together: at 50 ms of CPU each, the last of 1000 after 50 s on one core.
LoginGraceTime 120
ClientAliveInterval 10
ClientAliveCountMax 2

# The agent follows this log; LogVerbose gives each line that it needs the number of its process.
LogLevel VERBOSE
LogVerbose *:auth_log():*,*:privsep_postauth():*,*:channel_input_open_failure():*,*:channel_setup_fwd_listener_tcpip():*
'

  SSHD_CONFIG_BEFORE_9_8='# The tunnel server'\''s own sshd, beside the host'\''s normal one. Written by Culvert.
Port 50022
AddressFamily inet
ListenAddress 0.0.0.0
PidFile /run/culvert-sshd/sshd.pid
HostKey /etc/culvert-sshd/host_key

# Without the NIST curves, groups of finite fields, SHA-1, and MACs that do not cover what was encrypted.
KexAlgorithms -ecdh-sha2-*,diffie-hellman-*
MACs -hmac-sha1*,umac-64*,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512

# One account, and only keys that the agent has put down, looked up by fingerprint.
AllowUsers tunnel
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
UseDNS no
AuthorizedKeysFile none
AuthorizedKeysCommand /usr/bin/cat /var/lib/culvert-agent/keys/%f
AuthorizedKeysCommandUser culvert-keys
StrictModes yes

# A session may listen for its tunnel, and do nothing else. The key'\''s own line narrows this to one port.
AllowTcpForwarding remote
GatewayPorts no
PermitListen localhost:* 127.0.0.1:*
AllowStreamLocalForwarding no
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
PermitTTY no
PermitUserRC no
PermitUserEnvironment no
ForceCommand /bin/false
MaxSessions 0

# Enough room for every proxy to come back at once, not for one address to lock the others out.
MaxAuthTries 3
MaxStartups 500:30:1000
PerSourceMaxStartups 100
PerSourceNetBlockSize 32:56
# Logins that begin together end together: at 50 ms of CPU each, the last of 1000 after 50 s on one core.
LoginGraceTime 120
ClientAliveInterval 10
ClientAliveCountMax 2

# The agent follows this log; LogVerbose gives each line that it needs the number of its process.
LogLevel VERBOSE
LogVerbose *:auth_log():*,*:privsep_postauth():*,*:channel_input_open_failure():*,*:channel_setup_fwd_listener_tcpip():*
'

  CHOOSE_CONFIG='#!/bin/bash -p
# Takes the configuration that this host'\''s OpenSSH understands, before its sshd starts: versions
# from 9.8 on need two keywords that earlier ones do not know. So an upgrade needs nobody.

LC_ALL=C
PATH=/usr/bin:/bin
HERE=${0%/*}

for config in "$HERE/sshd_config" "$HERE/sshd_config.before-9.8"; do
  said=$("$HERE/culvert-sshd" -t -f "$config" 2>&1) &&
    exec ln -sfn "$config" /run/culvert-sshd/sshd_config
done
printf '\''%s\n'\'' "$said" >&2
exit 1
'

  LOGIN_HOOK='#!/bin/bash -p
# Culvert'\''s login hook. PAM (pam_exec) runs it as root, as a child of sshd'\''s privileged process of a
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
# The agent'\''s group may read what is written here, where the folder is of that group.
umask 027
HERE=${0%/*}
MONITOR=$PPID

main() {
  local fingerprint port start before='\'''\'' start_before='\'''\'' client_port
  if ! find_fingerprint || ! find_port || is_barred || ! stat_of "$MONITOR"; then refuse; fi
  start=${STAT[19]}
  # Two logins at once are one after the other here.
  exec 9<>"$HERE/sessions/$port" || refuse
  flock -w 10 9 || refuse
  IFS='\'' '\'' read -r before start_before _ <&9
  [[ -z $start_before ]] || end_session "$before" "$start_before" || refuse
  # Where the client'\''s end of the connection is: "<address> <port> <address here> <port here>".
  IFS='\'' '\'' read -r _ client_port _ <<<"${SSH_CONNECTION-}"
  printf '\''%s %s %s %s %s\n'\'' "$MONITOR" "$start" "$fingerprint" "${PAM_RHOST//[^0-9a-fA-F.:]/}" \
    "${client_port//[^0-9]/}" >"$HERE/sessions/$port"
  # Removed meanwhile? The agent takes the key'\''s file away first, and looks at the sessions then.
  find_port || refuse
}

# sshd would let a session go on that PAM refuses, only without its rights.
refuse() {
  # Only while it is our parent: ended meanwhile, its number may be another'\''s.
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
  digest=${BASH_REMATCH[1]} fingerprint='\'''\''
  for ((at = 0; at < 63; at += 3)); do
    bits=$((16#${digest:at:3}))
    fingerprint+=${letters:bits>>6:1}${letters:bits&63:1}
  done
  bits=$((16#${digest:63}))
  fingerprint+=${letters:bits<<2:1}
}

# The port that the key may listen on, while it has its file.
find_port() {
  local line='\'''\''
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
  local address='\'''\'' until='\'''\'' now
  [[ -f $HERE/bars/$port ]] || return 1
  read -r address until <"$HERE/bars/$port"
  printf -v now '\''%(%s)T'\'' -1
  [[ $address == "$PAM_RHOST" && $until =~ ^[0-9]{1,12}$ ]] && ((now < until))
}

main
'

  PAM_SERVICE='# PAM for the tunnel server'\''s own sshd; the host'\''s normal one has another file. Written by Culvert.
# Keys alone log in, and sshd has checked them. The hook may refuse a session: see docs/security.md.
auth     required pam_deny.so
account  required pam_permit.so
password required pam_deny.so
session  required pam_exec.so quiet type=open_session /bin/bash -p /etc/culvert-sshd/login-hook
'

  SSHD_UNIT='# The sshd of the tunnels, beside the host'\''s own. Made by Culvert: run its installer again, do not
# edit this. What each line keeps from it, and what is left: docs/security.md of Culvert.
[Unit]
Description=Culvert: sshd of the tunnels
Wants=network-online.target
After=network-online.target nss-lookup.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStartPre=/bin/bash -p /etc/culvert-sshd/choose-config
ExecStart=/etc/culvert-sshd/culvert-sshd -D -f /run/culvert-sshd/sshd_config -E /var/log/culvert-sshd/log
ExecReload=/bin/bash -p /etc/culvert-sshd/choose-config
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=1
# A stop or a restart ends the process that listens, and no tunnel.
KillMode=process
# Two processes for each tunnel, and logins under way.
TasksMax=24096
LimitNOFILE=8192

# It logs in other users, ends older sessions of a port, and reads keys that are the agent'\''s.
CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_SYS_CHROOT CAP_KILL CAP_DAC_READ_SEARCH CAP_AUDIT_WRITE CAP_NET_BIND_SERVICE
UMask=0027
ProtectSystem=strict
ReadWritePaths=/var/log/culvert-sshd
# A /run of its own: the folder that sshd shuts itself into goes with another sshd of the host.
TemporaryFileSystem=/run /run/sshd
BindPaths=/run/culvert-sshd
BindReadOnlyPaths=/run/systemd/notify

DevicePolicy=closed
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateMounts=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service chroot
SystemCallFilter=~@keyring @resources

[Install]
WantedBy=multi-user.target
'

  AGENT_UNIT='# The agent of the tunnel server. Made by Culvert: run its installer again, do not edit this. What
# each line keeps from it, and what is left: docs/security.md of Culvert.
[Unit]
Description=Culvert: agent of the tunnel server
Wants=network-online.target
After=network-online.target nss-lookup.target culvert-sshd.service
StartLimitIntervalSec=0

[Service]
EnvironmentFile=/etc/culvert-sshd/agent.env
ExecStart=/etc/culvert-sshd/culvert tunnel-server
Restart=always
RestartSec=1
TasksMax=256

# What it makes is for sshd'\''s keys user to read.
User=culvert-agent
Group=culvert-keys
SupplementaryGroups=culvert-agent
# It ends sessions, which are root'\''s processes and another user'\''s.
AmbientCapabilities=CAP_KILL
CapabilityBoundingSet=CAP_KILL
UMask=0077
ProtectSystem=strict
ReadWritePaths=/var/lib/culvert-agent /var/log/culvert-sshd /run/culvert-sshd/bars

DevicePolicy=closed
KeyringMode=private
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateMounts=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# Its probing process gives up the capability by this.
SystemCallFilter=capset

[Install]
WantedBy=multi-user.target
'

  AGENT_ENVIRONMENT='# What the agent of the tunnel server is told. Made by Culvert: run its installer again.
CULVERT_CONTROL_PLANE=https://culvert.example
CULVERT_LOGIN=tunnel
CULVERT_STATE=/var/lib/culvert-agent
CULVERT_SSHD_FOLDER=/etc/culvert-sshd
'

  FOLDERS='# Folders of the tunnel server. Made by Culvert: run its installer again, do not edit this.
d /run/culvert-sshd          2755 root          culvert-agent
d /run/culvert-sshd/sessions 2750 root          culvert-agent
d /run/culvert-sshd/bars     0750 culvert-agent culvert-agent
d /var/log/culvert-sshd      0750 root          culvert-agent
f /var/log/culvert-sshd/log  0660 root          culvert-agent
d /var/lib/culvert-agent     0710 culvert-agent culvert-keys
d /var/lib/culvert-agent/keys 0750 culvert-agent culvert-keys
'

  # Every change that an installation makes; --dry-run prints it.
  PLAN='    packages   openssh-server where there is no sshd; its own service stays off then
    users      tunnel, which tunnels log in as; culvert-keys, which reads their keys for sshd;
               culvert-agent: each a system user without home, shell or password
    files      /etc/culvert-sshd with configuration, host keys and the login hook of this sshd
               /etc/pam.d/culvert-sshd
               /etc/systemd/system/culvert-sshd.service
               /etc/systemd/system/culvert-agent.service
               /etc/tmpfiles.d/culvert-sshd.conf
               /etc/sysctl.d/90-culvert-sshd.conf
               /var/lib/culvert-agent with the agent'\''s credential and the keys of proxies
               /var/log/culvert-sshd/log, kept short by the agent
               /run/culvert-sshd
    services   culvert-sshd.service, which listens on 0.0.0.0 port 50022
               culvert-agent.service, as culvert-agent; both started now and at every boot
    network    in: port 50022 for proxies; tunnel ports 20000 to 29999 on 127.0.0.1
               out: the agent to https://culvert.example
    kernel     net.ipv4.ip_local_reserved_ports, so that no outgoing connection takes those ports
               kernel.pid_max, where it is too low for that many tunnels
    as root    apt-get, dnf or yum for the package; systemctl mask for its service
               useradd, ssh-keygen, install, ln, mv, rm, chown, chmod, sync on the above
               systemd-tmpfiles, systemd-sysctl on the above
               semanage port and restorecon, where SELinux is enforcing
               as culvert-agent: culvert tunnel-server join, with the join token
               systemctl daemon-reload, enable, restart
    untouched  the host'\''s own sshd, its configuration and its port
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
    MODE='' TOKEN_FILE='' GIVEN_CULVERT='' ADOPTED=''
    DRY_RUN=no REMOVE_PACKAGES=no QUIET=no VERBOSE=no
    while (($# > 0)); do
      case $1 in
        install | uninstall)
          [[ -z $MODE ]] || wrong "Choose one of $MODE and $1."
          MODE=$1
          ;;
        --dry-run) DRY_RUN=yes ;;
        --packages) REMOVE_PACKAGES=yes ;;
        -q | --quiet) QUIET=yes ;;
        -v | --verbose) VERBOSE=yes ;;
        --join-token-file | --culvert | --adopt)
          (($# > 1)) || wrong "$1 needs the name of a file."
          take_value "$1" "$2"
          shift
          ;;
        --join-token-file=* | --culvert=* | --adopt=*) take_value "${1%%=*}" "${1#*=}" ;;
        --version)
          tell "Culvert installer for tunnel servers $TEMPLATE_VERSION"
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
    [[ $DRY_RUN == no || $MODE == install ]] || wrong '--dry-run goes with install only.'
    [[ -z $ADOPTED || $MODE == install ]] || wrong '--adopt goes with install only.'
    [[ $REMOVE_PACKAGES == no || $MODE == uninstall ]] ||
      wrong '--packages goes with uninstall only.'
  }

  take_value() {
    [[ -n $2 ]] || wrong "$1 needs the name of a file."
    case $1 in
      --join-token-file) TOKEN_FILE=$2 ;;
      --culvert) GIVEN_CULVERT=$2 ;;
      --adopt) ADOPTED=${2%/} ;;
    esac
  }

  wrong() { fail "$USAGE" "$1" 'See --help.'; }

  print_help() {
    printf '%s\n' \
      "Makes this host a tunnel server of the region $REGION." \
      '' \
      'Usage: install.sh [COMMAND] [OPTION...]' \
      '' \
      '  install        Install, repair or upgrade (the default). Live tunnels stay.' \
      '  uninstall      Remove what an installation made, host keys and live tunnels too.' \
      '' \
      '  --dry-run      Change nothing; print each change that would be made here.' \
      '  --join-token-file FILE' \
      '                 Read the join token from FILE. It can also be given in the environment' \
      '                 as CULVERT_JOIN_TOKEN; else it is asked for on the terminal. It is needed' \
      '                 once, and kept nowhere.' \
      '  --culvert FILE The culvert command that the agent is run by; looked for in the usual' \
      '                 places when left out.' \
      '  --adopt FOLDER Take host keys and membership from the state folder of an agent that was' \
      '                 run by hand and has ended, such as /var/lib/culvert. Needs no token.' \
      '  --packages     uninstall: also remove the package that the installation added.' \
      '  -q, --quiet    Say only what is wrong.' \
      '  -v, --verbose  Show each command that changes this host, and what it says.' \
      '  --version      Print the version of this installer.' \
      '' \
      'In the environment:' \
      '  CULVERT_LOCK_SECONDS' \
      '                 How long to wait while others install packages (300).' \
      '' \
      'Exit codes: 0 it runs; 2 usage; 3 host not supported; 4 what is needed is missing; 5' \
      'packages and files; 6 joining; 7 a service does not start.' \
      '' \
      'Examples:' \
      '  bash install.sh --dry-run' \
      '  bash install.sh --join-token-file /root/join' \
      '  CULVERT_JOIN_TOKEN=cvj_... bash install.sh'
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

  # The PATH that systemd gives to services.
  UNIT_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

  # Once the shell is settled: a PATH of root's, the names, and room to work.
  settle_run() {
    PATH=$UNIT_PATH
    name_paths
    make_scratch
  }

  name_paths() {
    FOLDER=/etc/culvert-sshd
    RECORD=$FOLDER/installed
    APPLIED=$FOLDER/applied
    STATE_FOLDER=/var/lib/culvert-agent
    LOG_FOLDER=/var/log/culvert-sshd
    RUN_FOLDER=/run/culvert-sshd
    PAM_FILE=/etc/pam.d/culvert-sshd
    UNITS=/etc/systemd/system
    FOLDERS_FILE=/etc/tmpfiles.d/culvert-sshd.conf
    SYSCTL_FILE=/etc/sysctl.d/90-culvert-sshd.conf
  }

  # Which system this is, and the units of its own sshd; ends the run on one that is not known.
  detect_host() {
    ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)) ||
      fail "$UNSUPPORTED" "bash $BASH_VERSION is too old." 'Use a host with bash 4.2 or later.'
    read_os_release
    OWN_UNITS=(ssh.service ssh.socket)
    [[ $FAMILY == debian ]] || OWN_UNITS=(sshd.service sshd.socket)
    say "This host: $(uname -n), ${OS_NAME:-unknown system}, as $(id -un)"
    [[ -n $FAMILY && -n $PACKAGE_MANAGER ]] ||
      fail "$UNSUPPORTED" "This installer does not know ${OS_NAME:-this system}." \
        'Use Debian, RHEL or a relative of theirs, or run culvert tunnel-server by hand.'
    [[ -d /run/systemd/system ]] ||
      fail "$UNSUPPORTED" 'systemd does not manage this host.' \
        'Run culvert tunnel-server by hand.'
  }

  is_installed() { [[ -s $RECORD ]]; }

  # Whose credential was lost has not; only root and the agent can see that.
  has_joined() {
    grep -qsx "joined $REGION" "$RECORD" &&
      [[ ! -x $STATE_FOLDER || -s $STATE_FOLDER/membership.json ]]
  }

  is_enforcing() { [[ $(cat /sys/fs/selinux/enforce 2>/dev/null) == 1 ]]; }

  # ---- The join token ---------------------------------------------------------------------------

  # From here on the token is in one variable that no child inherits, but for the one that joins.
  take_token() {
    unset -v TOKEN
    TOKEN=${CULVERT_JOIN_TOKEN-}
    unset -v CULVERT_JOIN_TOKEN
  }

  # find_token: from the environment, else the file, else the terminal; none where it has joined.
  find_token() {
    if [[ -z $TOKEN && -n $TOKEN_FILE ]]; then
      [[ -r $TOKEN_FILE ]] && IFS=$' \t\r\n' read -r TOKEN <"$TOKEN_FILE"
      [[ -n $TOKEN ]] ||
        finding "the token file $TOKEN_FILE cannot be read, or is empty" 'Check --join-token-file.'
    elif [[ -z $TOKEN && -z $ADOPTED ]] && ! has_joined; then
      ask_for_token
    fi
    [[ -z $TOKEN || $TOKEN =~ ^cvj_[0-9a-z]{16}_[0-9a-z]{32}$ ]] ||
      finding 'what was given as join token is not one' \
        'It looks like cvj_..., 53 characters: culvert region add-server prints it.'
  }

  ask_for_token() {
    if (exec 3<>/dev/tty) 2>/dev/null; then
      printf 'Join token of this tunnel server (not shown): ' >/dev/tty
      IFS=$' \t\r\n' read -rs TOKEN </dev/tty
      printf '\n' >/dev/tty
    fi
    [[ -n $TOKEN ]] ||
      finding 'a join token is needed, and none was given' \
        'Set CULVERT_JOIN_TOKEN, or give --join-token-file FILE, or enter it on the terminal.'
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

  # ---- The plan: every change, before the first one ---------------------------------------------

  # What only this host can say comes first; the rest stands in the settings.
  print_plan() {
    phase "What this will do for the region $REGION"
    ! is_installed ||
      say '  It is installed: what is as it should be stays, host keys and tunnels too.'
    say '  On this host:'
    if [[ -x /usr/sbin/sshd ]]; then
      plan packages 'none; sshd is here'
    else
      plan packages "openssh-server, with $PACKAGE_MANAGER"
      plan '' "${OWN_UNITS[*]} masked, for this host had no sshd"
    fi
    plan culvert "$CULVERT"
    [[ -z $ADOPTED ]] || plan adopted "host keys and membership of $ADOPTED, which stay there, too"
    say '  In all:'
    say "${PLAN%$'\n'}"
  }

  # plan TITLE TEXT: one entry of it.
  plan() { say "$(printf '    %-10s %s' "$1" "$2")"; }

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

  # All settings and what the root part needs to know of this run.
  SETTINGS=(
    REGION CONTROL_PLANE LOGIN SSHD_PORT FIRST_TUNNEL_PORT LAST_TUNNEL_PORT BIND_ADDRESS
    LISTEN_ADDRESS SSHD_CONFIG SSHD_CONFIG_BEFORE_9_8 CHOOSE_CONFIG LOGIN_HOOK PAM_SERVICE SSHD_UNIT
    AGENT_UNIT AGENT_ENVIRONMENT FOLDERS
  )
  CARRIED=(
    UNIT_PATH MODE TOKEN REMOVE_PACKAGES QUIET VERBOSE PHASE PHASES PHASE_BEGAN BOLD PLAIN
    FAMILY PACKAGE_MANAGER OWN_UNITS CULVERT ADOPTED CULVERT_LOCK_SECONDS SCRATCH_OF_CALLER
  )

  how_to_be_root() { tell 'Run it as root.'; }

  # One run at a time changes this host.
  take_turn() {
    exec 9</etc
    flock -w 300 9 ||
      fail "$PREFLIGHT" 'Another run has been changing this host for 5 minutes.' \
        'See what it waits for, and run this again.'
  }

  # The first thing made is the folder that holds the record; it appears with it.
  begin_record() {
    local aside=/etc/.culvert-sshd.new
    if ! is_installed; then
      rm -rf -- "$aside" && mkdir -m 0755 "$aside" &&
        printf 'folder %s\n' "$FOLDER" >"$aside/installed" && sync "$aside/installed" &&
        mv -T "$aside" "$FOLDER" ||
        fail "$PACKAGES" "$FOLDER cannot be made." 'Check the disk and its mount options.'
    fi
    record file "$APPLIED"
  }

  # write_file PATH MODE GROUP CONTENT: leaves a file alone that is as it should be, sets its rights
  # in any case, and never leaves half a file.
  write_file() {
    record file "$1"
    printf '%s' "$4" >"$SCRATCH/file"
    if [[ ! -L $1 ]] && cmp -s "$SCRATCH/file" "$1"; then
      chown "root:$3" "$1" && chmod "$2" "$1"
      return
    fi
    rm -f -- "$1.new" && install -m "$2" -g "$3" "$SCRATCH/file" "$1.new" && sync "$1.new" &&
      mv -fT "$1.new" "$1" ||
      fail "$PACKAGES" "$1 cannot be written." 'Check the disk and its mount options.'
    say "Wrote $1."
  }

  # write_link PATH TARGET: at every moment there is one.
  write_link() {
    record file "$1"
    [[ $(readlink "$1") != "$2" ]] || return 0
    rm -f -- "$1.new" && ln -s "$2" "$1.new" && mv -fT "$1.new" "$1" ||
      fail "$PACKAGES" "$1 cannot be written." 'Check the disk and its mount options.'
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

  # ---- Record of what is made -------------------------------------------------------------------

  # record KIND NAME: notes what is about to be made, before it is made, so that an uninstallation
  # removes exactly that, even after a crash in between.
  record() {
    grep -qsxF -- "$1 $2" "$RECORD" && return
    printf '%s %s\n' "$1" "$2" >>"$RECORD" && sync "$RECORD" ||
      fail "$PACKAGES" "$RECORD cannot be written." 'Check disk and rights of that folder.'
  }

  # ---- OpenSSH ----------------------------------------------------------------------------------

  # Where no sshd was, none of the host's own starts: neither now nor at the next boot.
  install_openssh() {
    local unit package
    phase 'OpenSSH'
    if [[ -x /usr/sbin/sshd ]]; then
      say 'It is here, and is left as it is.'
      return
    fi
    SECONDS_WAITED=0
    for unit in "${OWN_UNITS[@]}"; do
      [[ ! -e $UNITS/$unit && ! -L $UNITS/$unit ]] || continue
      record mask "$unit"
      run systemctl mask "$unit" || fail "$PACKAGES" "$unit cannot be masked." 'See above.'
    done
    say 'Installing openssh-server.'
    [[ -n $(coming_packages) ]] || patiently manage_packages update
    for package in $(coming_packages); do record package "$package"; done
    patiently manage_packages install openssh-server || {
      show_package_output
      fail "$PACKAGES" "$PACKAGE_MANAGER could not install openssh-server; see above why." \
        'Mend that, or install it yourself, and run this again.'
    }
    is_new_enough "$(openssh_version)" ||
      fail "$PACKAGES" "OpenSSH $(openssh_version) is too old." 'Use a host with 8.5 or later.'
  }

  # coming_packages: what comes with openssh-server, the last one; nothing where apt has no list.
  coming_packages() {
    if [[ $PACKAGE_MANAGER == apt-get ]]; then
      manage_packages --simulate install openssh-server 2>/dev/null |
        awk '$1 == "Inst" { print $2 }'
    else
      tell openssh-server
    fi
  }

  # ---- Accounts and host keys -------------------------------------------------------------------

  make_accounts() {
    phase 'Accounts and host keys'
    make_account "$LOGIN"
    make_account culvert-keys
    make_account culvert-agent
    ! [[ $(getent shadow "$LOGIN") == "$LOGIN:!"* ]] ||
      fail "$PACKAGES" "The account $LOGIN is locked, so sshd lets nobody in as it." \
        "Unlock it without a password: usermod --password '*' $LOGIN"
  }

  # `*` is "no password fits"; the usual `!` means "locked", and sshd then refuses every key.
  make_account() {
    ! getent passwd "$1" >/dev/null || return 0
    record user "$1"
    run useradd --system --user-group --no-create-home --home-dir /nonexistent \
      --shell /usr/sbin/nologin --password '*' "$1" ||
      fail "$PACKAGES" "The user $1 cannot be made." 'See the message above.'
    say "Made the user $1."
  }

  # Only root may look into it; nothing has been changed yet.
  check_adopted() {
    local name
    [[ -n $ADOPTED ]] || return 0
    for name in host_key host_key_spare membership.json; do
      [[ -s $ADOPTED/$name ]] ||
        fail "$PREFLIGHT" "There is no $ADOPTED/$name; nothing was changed." \
          'Name the state folder of an agent that has joined this region.'
    done
  }

  # Made once: proxies trust no other. The private halves are root's alone.
  make_host_keys() {
    local name key
    for name in host_key host_key_spare; do
      key=$FOLDER/$name
      record file "$key"
      record file "$key.pub"
      if [[ ! -s $key ]]; then
        rm -f -- "$key.new" "$key.new.pub"
        make_host_key "$name" "$key.new" && sync "$key.new" && mv -T "$key.new" "$key" &&
          rm -f -- "$key.new.pub" ||
          fail "$PACKAGES" 'A host key cannot be made.' 'See the message above.'
        say "Made $key."
      fi
      chown root:root "$key" && chmod 0600 "$key" && ssh-keygen -y -f "$key" >"$SCRATCH/public" ||
        fail "$PACKAGES" "The host key $key cannot be read." 'Restore it from a backup.'
      write_file "$key.pub" 0644 root "$(cat "$SCRATCH/public")"$'\n'
    done
  }

  # make_host_key NAME FILE: a new one, or that of the agent that was run by hand.
  make_host_key() {
    if [[ -n $ADOPTED ]]; then
      install -m 0600 "$ADOPTED/$1" "$2"
    else
      run ssh-keygen -q -t ed25519 -N '' -C '' -f "$2"
    fi
  }

  # ---- Files ------------------------------------------------------------------------------------

  # What root's sshd reads and runs is root's; the agent may write in the folders of FOLDERS alone.
  write_files() {
    phase 'Files'
    write_file "$FOLDERS_FILE" 0644 root "$FOLDERS"
    record tree "$STATE_FOLDER"
    record tree "$LOG_FOLDER"
    record tree "$RUN_FOLDER"
    run systemd-tmpfiles --create "$FOLDERS_FILE" ||
      fail "$PACKAGES" 'The folders cannot be made.' 'See the message above.'
    write_file "$FOLDER/sshd_config" 0644 root "$SSHD_CONFIG"
    write_file "$FOLDER/sshd_config.before-9.8" 0644 root "$SSHD_CONFIG_BEFORE_9_8"
    write_file "$FOLDER/choose-config" 0755 root "$CHOOSE_CONFIG"
    write_file "$FOLDER/login-hook" 0755 root "$LOGIN_HOOK"
    write_file "$PAM_FILE" 0644 root "$PAM_SERVICE"
    write_file "$FOLDER/agent.env" 0644 root "$AGENT_ENVIRONMENT"
    # By this name OpenSSH before 9.8 finds its PAM service.
    write_link "$FOLDER/culvert-sshd" /usr/sbin/sshd
    write_link "$FOLDER/culvert" "$CULVERT"
    write_link "$FOLDER/keys" "$STATE_FOLDER/keys"
    write_link "$FOLDER/sessions" "$RUN_FOLDER/sessions"
    write_link "$FOLDER/bars" "$RUN_FOLDER/bars"
    write_link "$FOLDER/log" "$LOG_FOLDER/log"
    write_link "$FOLDER/pid" "$RUN_FOLDER/sshd.pid"
    write_file "$UNITS/culvert-sshd.service" 0644 root "$SSHD_UNIT"
    write_file "$UNITS/culvert-agent.service" 0644 root "$AGENT_UNIT"
    label_files
  }

  # With SELinux a file has the right label by the folder it is made in; the port needs one, too.
  label_files() {
    is_enforcing || return 0
    run restorecon -R "$FOLDER" "$PAM_FILE" "$UNITS"/culvert-*.service "$STATE_FOLDER" \
      "$LOG_FOLDER" "$RUN_FOLDER" || warn 'The SELinux labels could not be restored; see above.'
    ! semanage port -l | awk -v port="$SSHD_PORT" '
      $1 == "ssh_port_t" && $2 == "tcp" { for (i = 3; i <= NF; i++) found += $i + 0 == port }
      END { exit !found }' || return 0
    record port "$SSHD_PORT"
    run semanage port -a -t ssh_port_t -p tcp "$SSHD_PORT" ||
      fail "$PACKAGES" "SELinux does not let sshd have port $SSHD_PORT." 'See the message above.'
  }

  # ---- The kernel's settings --------------------------------------------------------------------

  # A port of ours within the range for outgoing connections could be taken by any of them; and two
  # processes for each tunnel need their numbers.
  settle_kernel() {
    local name=net.ipv4.ip_local_reserved_ports text=''
    local reserved floor processes
    phase 'Kernel'
    reserved=$(kernel_value "$name")
    floor=$(kernel_value net.ipv4.ip_local_port_range) && floor=${floor%%[[:space:]]*}
    processes=$(((LAST_TUNNEL_PORT - FIRST_TUNNEL_PORT + 1) * 4 + 16384))
    if [[ -e $SYSCTL_FILE ]] && ! is_short; then
      say 'It is as it should be.'
      return
    fi
    text="# Made by Culvert: run the installer of the tunnel server again."$'\n'
    # shellcheck disable=SC2046 # none, one or two words
    text+="$name = $(join_ports "$reserved" $(missing_ports))"$'\n'
    record sysctl "$name $reserved"
    if (($(kernel_value kernel.pid_max) < processes)); then
      record sysctl "kernel.pid_max $(kernel_value kernel.pid_max)"
      text+="kernel.pid_max = 4194304"$'\n'
    fi
    write_file "$SYSCTL_FILE" 0644 root "$text"
    apply_kernel_settings
    ! is_short || warn "The kernel did not take $SYSCTL_FILE; in a container its host has to."
  }

  kernel_value() { cat "/proc/sys/${1//./\/}"; }

  # is_short: whether a port of ours is not reserved, or there are too few process numbers.
  is_short() { [[ -n $(missing_ports) ]] || (($(kernel_value kernel.pid_max) < processes)); }

  # missing_ports: those of ours that lie in the range for outgoing connections, unreserved.
  missing_ports() {
    local reserved
    reserved=$(kernel_value net.ipv4.ip_local_reserved_ports)
    ((SSHD_PORT < floor)) || covers "$reserved" "$SSHD_PORT" "$SSHD_PORT" || tell "$SSHD_PORT"
    ((LAST_TUNNEL_PORT < floor)) ||
      covers "$reserved" "$FIRST_TUNNEL_PORT" "$LAST_TUNNEL_PORT" ||
      tell "$FIRST_TUNNEL_PORT-$LAST_TUNNEL_PORT"
  }

  # covers LIST FIRST LAST: whether one entry of a list such as 8080,9000-9010 holds them all.
  covers() {
    local entry
    for entry in ${1//,/ }; do
      ((${entry%-*} > $2 || ${entry#*-} < $3)) || return 0
    done
    return 1
  }

  # join_ports ENTRY...: with commas between, empty ones left out.
  join_ports() {
    local entry list=''
    for entry; do list+=${entry:+${list:+,}$entry}; done
    printf '%s' "$list"
  }

  apply_kernel_settings() {
    local program
    for program in /usr/lib/systemd/systemd-sysctl /lib/systemd/systemd-sysctl; do
      [[ -x $program ]] || continue
      run "$program" "$SYSCTL_FILE" || warn "$SYSCTL_FILE could not be applied; see above."
      return
    done
  }

  # ---- The services -----------------------------------------------------------------------------

  start_sshd() {
    phase 'sshd'
    run systemctl daemon-reload && run systemctl enable culvert-sshd.service ||
      fail "$TUNNEL" 'systemd does not take culvert-sshd.service.' 'See the message above.'
    bring_up culvert-sshd.service "$(sshd_digest)"
    is_taken "$SSHD_PORT" ||
      fail "$TUNNEL" "Nothing listens on port $SSHD_PORT." 'See: journalctl -u culvert-sshd'
  }

  # The token goes by the environment of the one process that needs it, which runs as the agent.
  join_region() {
    local said joined
    phase "The region $REGION"
    if has_joined; then
      say 'It has joined before.'
      return
    fi
    [[ -z $ADOPTED || -e $STATE_FOLDER/membership.json ]] ||
      install -m 0600 -o culvert-agent -g culvert-keys "$ADOPTED/membership.json" "$STATE_FOLDER" ||
      fail "$PACKAGES" "$STATE_FOLDER cannot be written." 'Check the disk and its mount options.'
    said=$(
      # shellcheck source=/dev/null # plain words alone
      set -a && . "$FOLDER/agent.env" && CULVERT_JOIN_TOKEN=$TOKEN CULVERT_LOG_LEVEL=warn
      exec runuser -u culvert-agent -g culvert-keys -G culvert-agent -- \
        "$FOLDER/culvert" tunnel-server join 2>&1
    ) || {
      printf '%s\n' "$said" | tr -c '[:print:]\n' '?' >&2
      fail "$ENROLMENT" 'This tunnel server could not join its region; the reason stands above.' \
        'Mend that, and run this again; a token that was used needs a new one.'
    }
    joined=$(awk '$1 == "region" { print $2 }' <<<"$said")
    [[ $joined == "$REGION" ]] ||
      fail "$ENROLMENT" "The token is for the region ${joined//[^a-z0-9-]/?}, not $REGION." \
        'Uninstall, and run the script of that region.'
    record joined "$REGION"
    say "Joined $REGION."
  }

  start_agent() {
    phase 'The agent'
    run systemctl enable culvert-agent.service ||
      fail "$TUNNEL" 'systemd does not take culvert-agent.service.' 'See the message above.'
    bring_up culvert-agent.service "$(agent_digest)"
    await_keys
  }

  # bring_up UNIT DIGEST: restarts only what is not running as written. The digest of what runs is
  # kept after the restart, not before, so that a crash in between is mended by the next run.
  bring_up() {
    if systemctl -q is-active "$1" && grep -qsxF -- "$1 $2" "$APPLIED"; then
      say "$1 runs as it should; left alone."
      return
    fi
    systemctl reset-failed "$1" 2>/dev/null
    run systemctl restart "$1" || {
      journalctl -q -u "$1" -n 10 -o cat --no-pager | tr -c '[:print:]\n' '?' >&2
      fail "$TUNNEL" "$1 does not start." "See: journalctl -u $1"
    }
    grep -sv "^$1 " "$APPLIED" >"$SCRATCH/applied"
    printf '%s %s\n' "$1" "$2" >>"$SCRATCH/applied"
    install -m 0644 "$SCRATCH/applied" "$APPLIED"
    say "Started $1."
  }

  sshd_digest() {
    {
      openssh_version
      cat "$FOLDER"/{sshd_config,sshd_config.before-9.8,choose-config,host_key.pub} \
        "$PAM_FILE" "$UNITS/culvert-sshd.service"
    } | digest
  }

  agent_digest() {
    {
      "$CULVERT" --version
      readlink -f "$CULVERT"
      cat "$FOLDER/agent.env" "$UNITS/culvert-agent.service"
    } | digest
  }

  digest() { sha256sum | cut -c 1-64; }

  # The agent is at work once it has had the list of keys from the control plane.
  await_keys() {
    local attempt
    for ((attempt = 0; attempt < 120; attempt++)); do
      [[ ! -s $STATE_FOLDER/keys.json ]] || return 0
      sleep 0.5
    done
    journalctl -q -u culvert-agent -n 10 -o cat --no-pager | tr -c '[:print:]\n' '?' >&2
    fail "$TUNNEL" 'The agent runs, but has heard nothing from the control plane for a minute.' \
      'See: journalctl -u culvert-agent'
  }

  # ---- Uninstallation: what was recorded, and nothing else --------------------------------------

  uninstall() {
    local kind name value
    is_installed || fail "$USAGE" 'No tunnel server is installed here.' 'Nothing was changed.'
    take_turn
    PHASES=1
    phase 'Removing the tunnel server from this host'
    end_services
    cp "$SYSCTL_FILE" "$SCRATCH/sysctl" 2>/dev/null
    tac "$RECORD" >"$SCRATCH/recorded"
    while read -r kind name value; do
      case $kind in
        file) remove_file "$name" ;;
        tree) remove_tree "$name" ;;
        user) run userdel "$name" || warn "The user $name was left." ;;
        sysctl) restore_sysctl "$name" "$value" ;;
        port) run semanage port -d -t ssh_port_t -p tcp "$name" || warn 'The port was left.' ;;
        package) remove_package "$name" ;;
        mask) unmask "$name" ;;
      esac
    done <"$SCRATCH/recorded"
    rm -rf -- /etc/.culvert-sshd.new
    rm -f -- "$RECORD"
    rmdir -- "$FOLDER" || warn "$FOLDER holds files that are not ours and was left."
    run systemctl daemon-reload
    end_phase
    say 'Removed. The control plane still knows this server, and proxies its host keys.'
  }

  # All of them, live tunnels too: systemd would leave those to themselves.
  end_services() {
    local ending=/run/systemd/system/culvert-sshd.service.d
    mkdir -p "$ending" && printf '[Service]\nKillMode=control-group\n' >"$ending/end.conf" &&
      run systemctl daemon-reload
    run systemctl disable --now culvert-agent.service culvert-sshd.service ||
      warn 'The services did not stop; see above.'
    rm -rf -- "$ending"
    systemctl reset-failed culvert-agent.service culvert-sshd.service 2>/dev/null
  }

  # The record is only believed about places that this script writes to.
  remove_file() {
    case $1 in
      *..*) return ;;
      "$FOLDER"/* | "$PAM_FILE" | "$FOLDERS_FILE" | "$SYSCTL_FILE") ;;
      "$UNITS"/culvert-sshd.service | "$UNITS"/culvert-agent.service) ;;
      *) return ;;
    esac
    rm -f -- "$1" "$1.new"
  }

  remove_tree() {
    case $1 in
      "$STATE_FOLDER" | "$LOG_FOLDER" | "$RUN_FOLDER") rm -rf -- "$1" ;;
    esac
  }

  # restore_sysctl NAME VALUE: as it was, unless somebody has changed it since.
  restore_sysctl() {
    local written
    case $1 in
      net.ipv4.ip_local_reserved_ports | kernel.pid_max) ;;
      *) return ;;
    esac
    written=$(sed -n "s/^${1//./\\.} = //p" "$SCRATCH/sysctl" 2>/dev/null)
    [[ $(kernel_value "$1") == "$written" ]] || return 0
    printf '%s\n' "$2" >"/proc/sys/${1//./\/}" 2>/dev/null || warn "$1 stays until the next boot."
  }

  # Others may need it by now; without it its service has to stay off.
  remove_package() {
    local remove='dpkg --purge'
    [[ $FAMILY == debian ]] || remove='rpm -e'
    if [[ $REMOVE_PACKAGES == no ]]; then
      say "The package $1 was left, its own service off; uninstall --packages takes it away, too."
      return
    fi
    # shellcheck disable=SC2086 # two words
    run $remove "$1" || {
      REMOVE_PACKAGES=no
      warn "The package $1 was left; the reason stands above."
    }
  }

  unmask() {
    [[ $REMOVE_PACKAGES == no ]] || run systemctl unmask "$1"
  }

  # ---- The story --------------------------------------------------------------------------------

  main() {
    settle_shell
    take_token
    read_arguments "$@"
    choose_style
    settle_run
    PHASE=0 PHASES=9 FINDINGS=()
    case $MODE in
      install) make_tunnel_server ;;
      uninstall)
        read_os_release
        as_root uninstall
        ;;
    esac
  }

  make_tunnel_server() {
    say "${BOLD}Culvert: a tunnel server of the region $REGION$PLAIN"
    detect_host
    preflight
    stop_on_findings
    print_plan
    if [[ $DRY_RUN == yes ]]; then
      tell
      tell 'This was a dry run. Nothing was changed.'
      return
    fi
    as_root change_this_host
  }

  # The part that needs root, from the first change to the proof.
  change_this_host() {
    take_turn
    check_adopted
    begin_record
    install_openssh
    make_accounts
    make_host_keys
    write_files
    settle_kernel
    start_sshd
    join_region
    start_agent
    say_what_runs
  }

  say_what_runs() {
    end_phase
    say
    say "${BOLD}Done.$PLAIN Proxies reach this host on port $SSHD_PORT; open it for them."
    say '  runs      culvert-sshd.service, culvert-agent.service'
    say "  files     $FOLDER, $STATE_FOLDER, $LOG_FOLDER"
    say '  check     culvert region show, with an API token'
    say '  undo      bash install.sh uninstall'
  }

  main "$@"
  exit
}
