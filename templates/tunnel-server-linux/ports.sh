
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
