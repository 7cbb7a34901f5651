
# ---- Identity: record, user, folders, key -----------------------------------------------------

# record KIND NAME: notes what is about to be made, before it is made, so that an uninstallation
# removes exactly that, even after a crash in between.
record() {
  grep -qsxF "$1 $2" "$RECORD" && return
  printf '%s %s\n' "$1" "$2" >>"$RECORD" && sync "$RECORD" ||
    fail "$PACKAGES" "$RECORD cannot be written." 'Check disk and rights of that folder.'
}

# The first thing made is the folder that holds the record.
begin_record() {
  local base
  for base in "/etc/$SERVICE" "/var/lib/$SERVICE"; do
    [[ ! -L $base && ! -L $base/$INSTANCE ]] ||
      fail "$PACKAGES" "$base is, or holds, a symbolic link." 'Remove it and run this again.'
  done
  mark_as_ours && mkdir -p "$STATE_FOLDER" && chmod go-rwx "$STATE_FOLDER" &&
    { [[ -e $RECORD ]] || install -m 0600 /dev/null "$RECORD"; } ||
    fail "$PACKAGES" "$STATE_FOLDER cannot be made." 'Check the disk and its mount options.'
  record folder "$STATE_FOLDER"
  record shared "/etc/$SERVICE/README"
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
  rm -rf -- "$STATE_FOLDER/new"
  if copy_key && ssh-keygen -y -f "$SCRATCH/key" >"$SCRATCH/key.pub" 2>/dev/null; then
    say 'Keeping the key of this tunnel.'
  else
    make_new_key && copy_key && ssh-keygen -y -f "$SCRATCH/key" >"$SCRATCH/key.pub" ||
      fail "$ENROLMENT" 'The key pair cannot be made.' "Check that $STATE_FOLDER can be written."
    say "Made an Ed25519 key; its private half stays in $KEY."
  fi
  chown "root:$SERVICE" "$KEY" && chmod 0640 "$KEY" &&
    { cmp -s "$SCRATCH/key.pub" "$KEY.pub" || install -m 0644 "$SCRATCH/key.pub" "$KEY.pub"; } ||
    fail "$ENROLMENT" "The rights of $KEY cannot be set." 'Check the disk and its mount options.'
  FINGERPRINT=$(fingerprint_of "$SCRATCH/key.pub")
}

make_new_key() {
  mkdir -m 0700 "$STATE_FOLDER/new" &&
    run ssh-keygen -q -t ed25519 -N '' -C "$INSTANCE" -f "$STATE_FOLDER/new/key" && sync &&
    mv -f "$STATE_FOLDER/new/key" "$KEY" && rm -r "$STATE_FOLDER/new"
}

# ssh refuses a key that its owner's group can read, so root works on a copy that is gone after.
copy_key() {
  rm -f "$SCRATCH/key" "$SCRATCH/key.pub"
  [[ -s $KEY ]] && (umask 077 && cat "$KEY" >"$SCRATCH/key")
}

# The SHA-256 of a public key in hex: what the control plane calls the key.
fingerprint_of() { awk '{ print $2 }' "$1" | base64 -d | sha256sum | cut -c 1-64; }
