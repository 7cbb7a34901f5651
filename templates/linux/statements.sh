
# ---- Statements: what reviewers signed, as the control plane hands it on ----------------------

# fetch_statements DIGEST: asks for those that name it. They are taken in one form, byte for byte,
# and one that is not in it spoils the answer: then it was made by something else.
fetch_statements() {
  call "statements?artifact=$1" ||
    fail "$PREFLIGHT" "The control plane: $ANSWER_PROBLEM." 'Run this again; nothing was changed.'
  [[ -z $(answer error) ]] ||
    fail "$PREFLIGHT" "The control plane: $(answer detail)." "$(answer next)"
  read_statements "$1" ||
    fail "$PREFLIGHT" 'What came is not what reviewers sign, or it was changed on the way.' \
      "Nothing was changed. Run this again; if it stays so, tell $VENDOR_NAME."
}

# read_statements DIGEST: of ANSWER, those of this tunnel that name it, the newest last: the text
# of each, its signatures, and what it says. FOR_ANOTHER is yes when there were others.
read_statements() {
  local line within=no keep=no number=-1 before=0 form
  local begin='-----BEGIN SSH SIGNATURE-----' end='-----END SSH SIGNATURE-----'
  STATEMENTS=() SIGNATURES=() DECISIONS=() EXPIRIES=() SERIALS=() FOR_ANOTHER=no
  form=$(statement_form)
  while IFS= read -r line; do
    if [[ $within == yes ]]; then
      [[ $line == "$end" || $line =~ ^[A-Za-z0-9+/=]{1,76}$ ]] || return
      [[ $line != "$end" ]] || within=no
    elif [[ $line == "$begin" ]] && ((before > 0)); then
      within=yes
    elif [[ $line =~ $form ]] && ((BASH_REMATCH[6] > before)); then
      before=${BASH_REMATCH[6]} keep=no
      if [[ ${BASH_REMATCH[7]} != "$TUNNEL_ID" || ${BASH_REMATCH[8]} != "$VENDOR" ]]; then
        FOR_ANOTHER=yes
      elif [[ ${BASH_REMATCH[1]} == *"\"$1\""* ]]; then
        keep=yes number=$((number + 1))
        STATEMENTS[number]=$line SIGNATURES[number]='' SERIALS[number]=$before
        DECISIONS[number]=${BASH_REMATCH[3]} EXPIRIES[number]=${BASH_REMATCH[4]}
      fi
      continue
    else
      return 1
    fi
    [[ $keep == no ]] || SIGNATURES[number]+=$line$'\n'
  done < <(printf '%s' "${ANSWER%end=1}")
  [[ $within == no ]]
}

# One line of canonical JSON. Its numbers are short and have no zero in front, so that arithmetic
# may read them.
statement_form() {
  local digest='"[0-9a-f]{64}"' slug='[a-z0-9][a-z0-9-]{0,30}'
  printf '%s' '^\{"account":"' "$slug" '","artifacts":\[(' "$digest(,$digest){0,15}" ')\],' \
    '"decision":"(approve|refuse|withdraw)","not_after":([1-9][0-9]{0,11}),' \
    '"previous":(null|' "$digest" '),"serial":([1-9][0-9]{0,14}),' \
    '"tunnel":"(tun_[0-9a-z]{26})","v":1,"vendor":"(' "$slug" ')"\}$'
}
