
# ---- The join token ---------------------------------------------------------------------------

# From here on the token is in one variable that no child inherits, but for the one that joins.
take_token() {
  unset -v TOKEN
  TOKEN=${CULVERT_JOIN_TOKEN-}
  unset -v CULVERT_JOIN_TOKEN
}

# find_token: from the environment, else the file, else the terminal; none where it has joined.
find_token() {
  if [[ -z $TOKEN && -n $TOKEN_FILE ]]; then
    [[ -r $TOKEN_FILE ]] && IFS=$' \t\r\n' read -r TOKEN <"$TOKEN_FILE"
    [[ -n $TOKEN ]] ||
      finding "the token file $TOKEN_FILE cannot be read, or is empty" 'Check --join-token-file.'
  elif [[ -z $TOKEN && -z $ADOPTED ]] && ! has_joined; then
    ask_for_token
  fi
  [[ -z $TOKEN || $TOKEN =~ ^cvj_[0-9a-z]{16}_[0-9a-z]{32}$ ]] ||
    finding 'what was given as join token is not one' \
      'It looks like cvj_..., 53 characters: culvert region add-server prints it.'
}

ask_for_token() {
  if (exec 3<>/dev/tty) 2>/dev/null; then
    printf 'Join token of this tunnel server (not shown): ' >/dev/tty
    IFS=$' \t\r\n' read -rs TOKEN </dev/tty
    printf '\n' >/dev/tty
  fi
  [[ -n $TOKEN ]] ||
    finding 'a join token is needed, and none was given' \
      'Set CULVERT_JOIN_TOKEN, or give --join-token-file FILE, or enter it on the terminal.'
}
