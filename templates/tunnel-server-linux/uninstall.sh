
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
