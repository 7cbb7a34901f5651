
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
