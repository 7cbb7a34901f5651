
# ---- Accounts and host keys -------------------------------------------------------------------

make_accounts() {
  phase 'Accounts and host keys'
  make_account "$LOGIN"
  make_account culvert-keys
  make_account culvert-agent
  ! [[ $(getent shadow "$LOGIN") == "$LOGIN:!"* ]] ||
    fail "$PACKAGES" "The account $LOGIN is locked, so sshd lets nobody in as it." \
      "Unlock it without a password: usermod --password '*' $LOGIN"
}

# `*` is "no password fits"; the usual `!` means "locked", and sshd then refuses every key.
make_account() {
  ! getent passwd "$1" >/dev/null || return 0
  record user "$1"
  run useradd --system --user-group --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin --password '*' "$1" ||
    fail "$PACKAGES" "The user $1 cannot be made." 'See the message above.'
  say "Made the user $1."
}

# Only root may look into it; nothing has been changed yet.
check_adopted() {
  local name
  [[ -n $ADOPTED ]] || return 0
  for name in host_key host_key_spare membership.json; do
    [[ -s $ADOPTED/$name ]] ||
      fail "$PREFLIGHT" "There is no $ADOPTED/$name; nothing was changed." \
        'Name the state folder of an agent that has joined this region.'
  done
}

# Made once: proxies trust no other. The private halves are root's alone.
make_host_keys() {
  local name key
  for name in host_key host_key_spare; do
    key=$FOLDER/$name
    record file "$key"
    record file "$key.pub"
    if [[ ! -s $key ]]; then
      rm -f -- "$key.new" "$key.new.pub"
      make_host_key "$name" "$key.new" && sync "$key.new" && mv -T "$key.new" "$key" &&
        rm -f -- "$key.new.pub" ||
        fail "$PACKAGES" 'A host key cannot be made.' 'See the message above.'
      say "Made $key."
    fi
    chown root:root "$key" && chmod 0600 "$key" && ssh-keygen -y -f "$key" >"$SCRATCH/public" ||
      fail "$PACKAGES" "The host key $key cannot be read." 'Restore it from a backup.'
    write_file "$key.pub" 0644 root "$(cat "$SCRATCH/public")"$'\n'
  done
}

# make_host_key NAME FILE: a new one, or that of the agent that was run by hand.
make_host_key() {
  if [[ -n $ADOPTED ]]; then
    install -m 0600 "$ADOPTED/$1" "$2"
  else
    run ssh-keygen -q -t ed25519 -N '' -C '' -f "$2"
  fi
}
