
# ---- The enrolment token ----------------------------------------------------------------------

# From here on the token is in one variable that no child inherits. It goes to curl or wget on a
# descriptor, to the root part on a pipe, and nowhere else.
take_token() {
  unset -v TOKEN
  TOKEN=${CULVERT_TOKEN-}
  unset -v CULVERT_TOKEN
}

# find_token: from the environment, else the file, else the terminal.
find_token() {
  if [[ -z $TOKEN && -n $TOKEN_FILE ]]; then
    [[ -r $TOKEN_FILE ]] ||
      fail "$USAGE" "The token file $TOKEN_FILE cannot be read." 'Check --token-file.'
    IFS=$' \t\r\n' read -r TOKEN <"$TOKEN_FILE"
  fi
  if [[ -z $TOKEN ]] && ! may_be_enrolled; then
    ask_for_token
  fi
  [[ -z $TOKEN || $TOKEN =~ ^cvt_[0-9a-z]{16}_[0-9a-z]{32}$ ]] ||
    fail "$ENROLMENT" 'What was given as enrolment token is not one.' \
      "A token looks like cvt_..., 53 characters; copy it again from $VENDOR_NAME."
}

ask_for_token() {
  (exec 3<>/dev/tty) 2>/dev/null ||
    fail "$USAGE" 'An enrolment token is needed, and there is no terminal to ask for it.' \
      'Set CULVERT_TOKEN, or give --token-file FILE.'
  printf 'Enrolment token from %s (not shown): ' "$VENDOR_NAME" >/dev/tty
  IFS=$' \t\r\n' read -rs TOKEN </dev/tty
  printf '\n' >/dev/tty
  [[ -n $TOKEN ]] || fail "$USAGE" 'No token was entered.' "Ask $VENDOR_NAME for one."
}

# Where an earlier run, also one that was cut short, has come as far as a key, only that key's
# owner can find out whether it is enrolled: then no token is asked for here, and none is tested.
may_be_enrolled() {
  if [[ $MODE == run ]]; then
    [[ -s $RUN_FOLDER/key ]]
  else
    [[ -d $CONFIG_FOLDER ]]
  fi
}

# test_token: asks the control plane about it, without a key, so nothing is spent. If all is well
# with the token, the answer complains of the key.
test_token() {
  printf 'slot=%s\npublic_key=\nrender=%s\nplatform=linux\nend=1\n' \
    "$SLOT" "$RENDER" >"$SCRATCH/question"
  call enrol "$SCRATCH/question" token
}
