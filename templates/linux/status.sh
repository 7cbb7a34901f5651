
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
