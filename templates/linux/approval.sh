
# ---- Approval: whether the reviewers pinned here let an installer run -------------------------

# need_approval FILE: returns only if they approve its very bytes. Of the statements that count
# the newest decides; its serial is remembered, so that none from before it counts again.
need_approval() {
  local digest
  phase 'Checking who signed it'
  can_verify ||
    fail "$PREFLIGHT" 'ssh-keygen of this host cannot verify signatures.' \
      'Nothing was changed. Install OpenSSH 8.1 or later, and run this again.'
  take_turn
  read_pin ||
    fail "$PREFLIGHT" "The reviewers pinned in $PIN_FILE cannot be read: $REVIEWERS_PROBLEM." \
      'Nothing was changed. Find out why, then pin them again: bash install.sh --reviewers FILE'
  read_serial
  digest=$(sha256sum <"$1")
  digest=${digest%% *}
  fetch_statements "$digest"
  find_decision "$digest"
  ((SERIALS[DECIDES] <= SERIAL_SEEN)) ||
    write_own "$SERIAL_FILE" 0644 root "${SERIALS[DECIDES]}"$'\n'
  judge "$DECIDES"
  say "Approved: SHA-256 $digest, by ${SIGNERS[*]}."
  exec 9<&- # the installer takes its own turn
}

# read_serial: the highest serial of a statement that counted here, 0 if none did.
read_serial() {
  SERIAL_SEEN=0
  [[ -e $SERIAL_FILE || -L $SERIAL_FILE ]] || return 0
  SERIAL_SEEN=$(tr '\0' '\1' <"$SERIAL_FILE")
  [[ $SERIAL_SEEN =~ ^[1-9][0-9]{0,14}$ ]] ||
    fail "$PREFLIGHT" "$SERIAL_FILE does not hold the number that an upgrade wrote there." \
      'Nothing was changed. Find out why, then remove that file, and run this again.'
}

# find_decision DIGEST: DECIDES is the newest statement that enough persons signed; to refuse or
# withdraw, one is enough.
find_decision() {
  local number=${#STATEMENTS[@]} needed most=0
  while ((number > 0)); do
    number=$((number - 1))
    find_signers "$number"
    needed=1
    [[ ${DECISIONS[number]} != approve ]] || needed=$APPROVALS
    if ((${#SIGNERS[@]} >= needed)); then
      DECIDES=$number
      return
    fi
    ((${#SIGNERS[@]} <= most)) || most=${#SIGNERS[@]}
  done
  if ((most > 0)); then
    fail "$PREFLIGHT" "Too few reviewers signed this installer: $most, and $APPROVALS must." \
      "Nothing was changed. Ask the others to review it: $PUBLIC_URL/t/$TUNNEL_ID"
  elif ((${#STATEMENTS[@]} > 0)); then
    fail "$PREFLIGHT" 'No key that signed this installer is pinned here, or it has expired.' \
      "Nothing was changed. Compare the keys of your reviewers with $PIN_FILE."
  elif [[ $FOR_ANOTHER == yes ]]; then
    fail "$PREFLIGHT" 'What reviewers signed is for another tunnel, and not for this one.' \
      "Nothing was changed. Ask your reviewers to review it: $PUBLIC_URL/t/$TUNNEL_ID"
  fi
  fail "$PREFLIGHT" "Nobody signed this installer, SHA-256 $1." \
    "Nothing was changed. Ask your reviewers to review it: $PUBLIC_URL/t/$TUNNEL_ID"
}

# find_signers NUMBER: the pinned persons who signed that statement, each once.
find_signers() {
  local line signature='' person
  SIGNERS=()
  printf '%s\n' "${STATEMENTS[$1]}" >"$SCRATCH/statement"
  while IFS= read -r line; do
    signature+=$line$'\n'
    [[ $line == -----END* ]] || continue
    printf '%s' "$signature" >"$SCRATCH/signature"
    signature=''
    for person in "${PERSONS[@]}"; do
      [[ " ${SIGNERS[*]-} " != *" $person "* ]] && signed_by "$person" || continue
      SIGNERS+=("$person")
      break
    done
  done < <(printf '%s' "${SIGNATURES[$1]}")
}

# signed_by PERSON: whether the signature is by one of that person's keys, as of now.
signed_by() {
  ssh-keygen -Y verify -f "$SCRATCH/reviewers" -I "$1" -n culvert-approval-v1 \
    -s "$SCRATCH/signature" <"$SCRATCH/statement" >/dev/null 2>&1
}

# judge NUMBER: ends the run unless that statement lets the installer run, here and now.
judge() {
  case ${DECISIONS[$1]} in
    refuse)
      fail "$PREFLIGHT" "Reviewers refused this installer: ${SIGNERS[*]}." \
        "The tunnel stays as it is. Ask them, or $VENDOR_NAME for another one."
      ;;
    withdraw)
      fail "$PREFLIGHT" "Reviewers withdrew their approval of this installer: ${SIGNERS[*]}." \
        "The tunnel stays as it is. Ask them, or $VENDOR_NAME for another one."
      ;;
  esac
  ((SERIALS[$1] >= SERIAL_SEEN)) ||
    fail "$PREFLIGHT" \
      "The approval, number ${SERIALS[$1]}, is older than one that counted here: $SERIAL_SEEN." \
      'The tunnel stays as it is. Ask your reviewers to sign it again, if they want it.'
  ((EXPIRIES[$1] > $(now))) ||
    fail "$PREFLIGHT" 'The approval of this installer has expired.' \
      'The tunnel stays as it is. Have it signed again, or set the clock of this host.'
}
