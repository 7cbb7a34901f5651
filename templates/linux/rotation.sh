
# ---- Rotation: a new key pair in place of the old one -----------------------------------------

# The vendor learns the new key, proved by both. Then one restart offers the new key first and the
# old one after it: whichever the vendor sees in use stays, and the other one goes. Cut short at
# any moment, the same command or an installation goes on from there.
rotate_key() {
  need_installed
  take_turn
  PHASES=2
  phase 'New key'
  if is_rotating; then
    say 'Going on with a change that was cut short.'
  else
    add_new_key
  fi
  phase 'Change'
  finish_rotation ||
    fail "$TUNNEL" 'The tunnel did not come up with the new key; the old one is in use again.' \
      "See: $SERVICE doctor $INSTANCE"
}

# Whether a rotation got as far as two keys; before that there may be two names of one.
is_rotating() { [[ -e $OLD_KEY && ! $OLD_KEY -ef $KEY ]]; }

# Afterwards the new key has the name that ssh looks for, and the old one stands beside it.
add_new_key() {
  local old
  copy_key "$KEY" "$SCRATCH/old" ||
    fail "$ENROLMENT" "The key $KEY cannot be used." "Run: $SERVICE upgrade $INSTANCE"
  old=$(fingerprint_of "$SCRATCH/old.pub")
  record file "$OLD_KEY"
  copy_key "$NEXT_FOLDER/key" "$SCRATCH/key" ||
    { make_key_pair "$NEXT_FOLDER" && copy_key "$NEXT_FOLDER/key" "$SCRATCH/key"; } ||
    fail "$ENROLMENT" 'The key pair cannot be made.' "Check that $STATE_FOLDER can be written."
  FINGERPRINT=$(fingerprint_of "$SCRATCH/key.pub")
  register_new_key "$old"
  wait_for_key

  # The old key gets a second name and then the new one its first: there is a key at any moment.
  chown "root:$SERVICE" "$NEXT_FOLDER/key" && chmod 0640 "$NEXT_FOLDER/key" &&
    ln -f "$KEY" "$OLD_KEY" && mv -f "$NEXT_FOLDER/key" "$KEY" && rm -rf -- "$NEXT_FOLDER" &&
    write_public_key "$SCRATCH/key.pub" ||
    fail "$TUNNEL" "$STATE_FOLDER cannot be written." 'Check the disk, and run this again.'
  say "Made a new key, and $VENDOR_NAME knows it: SHA-256 $FINGERPRINT."
}

# register_new_key OLD: the new key, in $SCRATCH/key, is taken because the old one vouches for it.
register_new_key() {
  local statement="culvert-key-v1 add $TUNNEL_ID $SLOT $1 $FINGERPRINT" by_old
  prove "$statement" "$SCRATCH/old" "$SCRATCH/key.pub"
  by_old=$(cat "$SCRATCH/proof")
  prove "$statement" "$SCRATCH/key" "$SCRATCH/key.pub"
  printf '%s\n' op=add "slot=$SLOT" "old=$1" "public_key=$(public_key)" "proof_old=$by_old" \
    "proof_new=$(cat "$SCRATCH/proof")" "render=$RENDER" end=1 >"$SCRATCH/addition"
  call keys "$SCRATCH/addition" ||
    fail "$ENROLMENT" "The control plane: $ANSWER_PROBLEM." 'The old key stays; run this again.'
  [[ -n $(answer error) ]] || return 0
  rm -rf -- "$NEXT_FOLDER"
  fail "$ENROLMENT" "The new key was refused: $(answer detail)." "$(answer next)"
}

# From two keys to one, with at most one restart. Returns 1 when the old one had to stay.
finish_rotation() {
  local old new
  copy_key "$OLD_KEY" "$SCRATCH/old" && copy_key "$KEY" "$SCRATCH/key" &&
    write_public_key "$SCRATCH/key.pub" ||
    fail "$ENROLMENT" "The keys in $STATE_FOLDER cannot be used." 'Uninstall, then install again.'
  old=$(fingerprint_of "$SCRATCH/old.pub")
  new=$(fingerprint_of "$SCRATCH/key.pub")
  offer_old_key
  note_session
  if [[ $(answer session) == up && $(answer session_key) == "$new" ]]; then
    SESSION_BEFORE=
  else
    run systemctl restart "$UNIT" || warn "$UNIT does not start; see: journalctl -u $UNIT"
  fi
  KEY_IN_USE=
  await_key_in_use "$old" "$new"
  if [[ $KEY_IN_USE == "$new" ]]; then
    remove_at_vendor "$old" "$SCRATCH/key"
    FINGERPRINT=$new
    end_rotation
    say "The tunnel is up with the new key; the old one is removed."
    return
  fi
  remove_at_vendor "$new" "$SCRATCH/old"
  mv -f "$OLD_KEY" "$KEY" && write_public_key "$SCRATCH/old.pub"
  FINGERPRINT=$old
  end_rotation
  [[ $KEY_IN_USE == "$old" ]] || run systemctl restart "$UNIT"
  return 1
}

# await_key_in_use KEY...: waits for a new session by one of them, as the vendor sees it.
await_key_in_use() {
  local deadline=$((SECONDS + 45)) key
  while ((SECONDS < deadline)); do
    if ask_status && [[ $(answer session) == up ]] &&
      [[ $(answer session_id) != "$SESSION_BEFORE" ]]; then
      for key in "$@"; do
        [[ $(answer session_key) != "$key" ]] || KEY_IN_USE=$key
      done
      [[ -z $KEY_IN_USE ]] || return
    fi
    sleep 0.5
  done
}

# A second IdentityFile is tried when the server refuses the first.
offer_old_key() {
  grep -qsxF "IdentityFile $OLD_KEY" "$LOCAL_CONFIG" && return
  write_file "$LOCAL_CONFIG" 0640 "$SERVICE" \
    "$(cat "$LOCAL_CONFIG")"$'\n'"IdentityFile $OLD_KEY"$'\n'
}

# What runs now runs on without a restart: the key that goes was only a second choice.
end_rotation() {
  write_file "$LOCAL_CONFIG" 0640 "$SERVICE" \
    "$(grep -vxF "IdentityFile $OLD_KEY" "$LOCAL_CONFIG")"$'\n'
  rm -f -- "$OLD_KEY"
  applied_digest >"$APPLIED"
}
