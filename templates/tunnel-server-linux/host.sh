
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
