
# ---- Identity: record, user, folders, key -----------------------------------------------------

# The first thing made is the folder that holds the record.
begin_record() {
  local base
  for base in "${SHARED_FOLDERS[@]}"; do
    ! is_link "$base" ||
      fail "$PACKAGES" "$base is, or holds, a symbolic link." 'Remove it and run this again.'
  done
  mark_as_ours && mkdir -p "$STATE_FOLDER" && chmod go-rwx "$STATE_FOLDER" &&
    { [[ -e $RECORD ]] || install -m 0600 /dev/null "$RECORD"; } ||
    fail "$PACKAGES" "$STATE_FOLDER cannot be made." 'Check the disk and its mount options.'
  check_owner
  record tunnel "$TUNNEL_ID/$SLOT"
  record folder "$STATE_FOLDER"
  record shared "/etc/$SERVICE/README"
}

# Another vendor may have chosen the same names, and a host can hold one slot of a tunnel.
check_owner() {
  local owner held
  held=$(other_slot)
  [[ -z $held ]] ||
    fail "$PREFLIGHT" "This host holds slot $held of this tunnel already." \
      'A second proxy is another host. To have this slot here, uninstall the other one first.'
  owner=$(sed -n 's/^tunnel //p' "$RECORD")
  [[ -z $owner || $owner == "$TUNNEL_ID/$SLOT" ]] ||
    fail "$PREFLIGHT" "Another tunnel called $INSTANCE is installed on this host: $owner." \
      "Uninstall that one first, or use another host."
}

# Which other slot of this tunnel the host holds; nothing where only root can read that.
other_slot() {
  [[ ! -r $RECORD ]] || sed -n "s|^tunnel $TUNNEL_ID/||p" "$RECORD" | grep -vxF "$SLOT"
}

make_identity() {
  phase 'User and key'
  make_folders
  make_key
}

make_folders() {
  record user "$SERVICE"
  if ! id -u "$SERVICE" >/dev/null 2>&1; then
    run useradd --system --user-group --no-create-home --home-dir /nonexistent \
      --shell /usr/sbin/nologin "$SERVICE" ||
      fail "$PACKAGES" "The user $SERVICE cannot be made." 'See the message above.'
  fi
  record folder "$CONFIG_FOLDER"
  mkdir -p "$CONFIG_FOLDER" && chown "root:$SERVICE" "$STATE_FOLDER" "$CONFIG_FOLDER" &&
    chmod 0750 "$STATE_FOLDER" "$CONFIG_FOLDER" ||
    fail "$PACKAGES" "$CONFIG_FOLDER cannot be made." 'Check the disk and its mount options.'
}

# By this file a later run tells our folders from somebody else's: the folder appears with it.
mark_as_ours() {
  local aside=/etc/.$SERVICE.new
  [[ -s /etc/$SERVICE/README ]] && return
  rm -rf -- "$aside" && mkdir "$aside" &&
    printf 'Tunnels of this host, a folder each. Made by Culvert.\n' >"$aside/README" &&
    sync "$aside/README" && mv -fT "$aside" "/etc/$SERVICE"
}

# Keeps a key that works. A new one is made aside, brought to disk, and only then moved in: a
# power cut leaves a whole key or none.
make_key() {
  record file "$KEY"
  record file "$KEY.pub"
  if copy_key "$KEY" "$SCRATCH/key"; then
    say 'Keeping the key of this tunnel.'
  else
    make_key_pair "$NEXT_FOLDER" && mv -f "$NEXT_FOLDER/key" "$KEY" && rm -r "$NEXT_FOLDER" &&
      copy_key "$KEY" "$SCRATCH/key" ||
      fail "$PACKAGES" 'The key pair cannot be made.' "Check that $STATE_FOLDER can be written."
    say "Made a new $KEY_TYPE key; its private half stays in $KEY."
  fi
  chown "root:$SERVICE" "$KEY" && chmod 0640 "$KEY" &&
    write_public_key "$SCRATCH/key.pub" ||
    fail "$PACKAGES" "The rights of $KEY cannot be set." 'Check the disk and its mount options.'
  FINGERPRINT=$(fingerprint_of "$SCRATCH/key.pub")
}

# ssh offers the key that it finds in key.pub: it must be the private key's own half.
write_public_key() { cmp -s "$1" "$KEY.pub" || install -m 0644 "$1" "$KEY.pub"; }

# make_key_pair FOLDER: makes the folder anew, root's alone, with a key pair that is on disk.
make_key_pair() {
  rm -rf -- "$1" && mkdir -m 0700 "$1" &&
    run ssh-keygen -q -t "$KEY_TYPE" -b 256 -N '' -C "$INSTANCE" -f "$1/key" && sync
}

# copy_key FROM TO: ssh refuses a key that its owner's group can read, so root works on a copy
# that is gone afterwards. Fails when it is no key. Its public half is then in TO.pub.
copy_key() {
  rm -f -- "$2" "$2.pub"
  [[ -s $1 ]] && (umask 077 && cat "$1" >"$2") && ssh-keygen -y -f "$2" >"$2.pub" 2>/dev/null
}

# The SHA-256 of a public key in hex: what the control plane calls the key.
fingerprint_of() { awk '{ print $2 }' "$1" | base64 -d | sha256sum | cut -c 1-64; }
