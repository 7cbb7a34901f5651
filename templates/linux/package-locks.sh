
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
