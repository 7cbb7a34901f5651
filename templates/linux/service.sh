
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
