
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
