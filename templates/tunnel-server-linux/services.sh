
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
