
# ---- Enrolment: the vendor learns the public key ----------------------------------------------

# enrol PLATFORM: the key in $SCRATCH/key. One that is enrolled already needs no token.
enrol() {
  phase 'Enrolment'
  ask_status || fail "$ENROLMENT" "The control plane: $ANSWER_PROBLEM." 'Run this again.'
  case $(answer key) in
    active | pending | waiting)
      say 'This key is enrolled.'
      return
      ;;
    removed)
      fail "$ENROLMENT" "$VENDOR_NAME has removed this host's key." \
        "Uninstall, then install with a new token from $VENDOR_NAME."
      ;;
  esac
  [[ -n $TOKEN ]] ||
    fail "$ENROLMENT" "$VENDOR_NAME does not know this host's key, and no token was given." \
      "Get a token from $VENDOR_NAME and run this again with it."
  send_enrolment "$1"
  say "Enrolled: key SHA-256 $FINGERPRINT."
}

send_enrolment() {
  local token_id=${TOKEN#cvt_}
  prove "culvert-enrol-v1 $TUNNEL_ID $SLOT ${token_id%_*}" "$SCRATCH/key" "$SCRATCH/key.pub"
  printf '%s\n' "slot=$SLOT" "public_key=$(public_key)" "proof=$(cat "$SCRATCH/proof")" \
    "render=$RENDER" "platform=$1" end=1 >"$SCRATCH/enrolment"
  call enrol "$SCRATCH/enrolment" token ||
    fail "$ENROLMENT" "The control plane: $ANSWER_PROBLEM." 'Run this again; nothing is lost.'
  [[ -n $(answer error) ]] || return 0
  # A first installation that gets no further leaves nothing behind.
  [[ $1 != linux ]] || is_installed || REMOVE_PACKAGES=yes remove_recorded
  fail "$ENROLMENT" "The enrolment was refused: $(answer detail)." "$(answer next)"
}

# prove STATEMENT KEY SUBJECT: puts into $SCRATCH/proof that the holder of KEY makes the statement
# about the public key SUBJECT. A certificate is the signature that every OpenSSH can make.
prove() {
  cp "$3" "$SCRATCH/subject.pub" &&
    run ssh-keygen -q -s "$2" -I "$1" -n culvert-proof -O clear "$SCRATCH/subject.pub" &&
    mv -f "$SCRATCH/subject-cert.pub" "$SCRATCH/proof" ||
    fail "$ENROLMENT" 'The proof that this host holds the key cannot be made.' \
      'See the message of ssh-keygen above.'
}

# The public half of the key in $SCRATCH/key, without its comment.
public_key() { cut -d ' ' -f 1,2 "$SCRATCH/key.pub"; }

# remove_at_vendor FINGERPRINT KEY: the vendor forgets a key; KEY, of the same slot, asks for it.
remove_at_vendor() {
  prove "culvert-key-v1 remove $TUNNEL_ID $SLOT $1" "$2" "$2.pub"
  printf '%s\n' op=remove "slot=$SLOT" "target=$1" "proof=$(cat "$SCRATCH/proof")" end=1 \
    >"$SCRATCH/removal"
  if call keys "$SCRATCH/removal" &&
    [[ $(answer result) == removed || $(answer error) == key-removed ]]; then
    return
  fi
  warn "$VENDOR_NAME could not be told: ask them to remove the key $1."
  return 1
}

# The tunnel server has to know the key before ssh first knocks, or it would be turned away. Where
# the vendor has to accept it first, somebody there compares the fingerprint. That takes less time
# than another run on this host waits for its turn.
wait_for_key() {
  local accept_within=300 state='' before deadline=$((SECONDS + 30))
  while ((SECONDS < deadline)); do
    before=$state
    ! ask_status || state=$(answer key)
    case $state in
      active) return ;;
      removed)
        fail "$ENROLMENT" "$VENDOR_NAME has removed this host's key." \
          "Uninstall, then install with a new token from $VENDOR_NAME."
        ;;
      waiting)
        if [[ $before != waiting ]]; then
          tell "$VENDOR_NAME has to accept this host's key first. Read them its fingerprint:"
          tell "  $FINGERPRINT"
          tell "Waiting for them, $((accept_within / 60)) minutes at the most."
          deadline=$((SECONDS + accept_within))
        fi
        ;;
      *) [[ $before != waiting ]] || deadline=$((SECONDS + 30)) ;;
    esac
    sleep 0.5
  done
  [[ $state != waiting ]] ||
    fail "$ENROLMENT" "$VENDOR_NAME has yet to accept this host's key." \
      "Give them this fingerprint: $FINGERPRINT. Then run this again, without a token."
  fail "$TUNNEL" 'The tunnel server has not taken the key after 30 seconds.' \
    "Tell $VENDOR_NAME. The key is enrolled: run this again later, without a token."
}
