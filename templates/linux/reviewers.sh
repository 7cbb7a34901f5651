
# ---- Reviewers: who must have signed what an upgrade runs -------------------------------------

# Root pins them with --reviewers: lines of allowed_signers, in one file for all tunnels of a
# vendor on this host. Its first line says how many persons must have signed. Persons count, not
# keys.

# check_reviewers: the file that was named, before any change. What was checked is then in
# REVIEWERS, and just that is written later.
check_reviewers() {
  [[ -n $REVIEWERS_FILE ]] || return 0
  local file=$SCRATCH/reviewers text
  if ! can_verify; then
    finding 'ssh-keygen of this host cannot verify signatures, as --reviewers needs it' \
      'Install OpenSSH 8.1 or later. Or leave --reviewers out, and verify what you run elsewhere.'
    return
  fi
  [[ -f $REVIEWERS_FILE ]] && head -c 65537 -- "$REVIEWERS_FILE" >"$file" 2>/dev/null || {
    finding "$REVIEWERS_FILE is no file that can be read" 'Check --reviewers.'
    return
  }
  text=$(lines_of "$file")
  if (($(wc -c <"$file") > 65536)); then
    finding "$REVIEWERS_FILE is larger than 64 KiB" 'Check --reviewers.'
  elif ! read_reviewers "$text"; then
    finding "$REVIEWERS_FILE: $REVIEWERS_PROBLEM" \
      'Give lines NAME namespaces="culvert-approval-v1" TYPE KEY, one for each key.'
  elif ! can_approve "$APPROVALS"; then
    finding "--approvals $APPROVALS: $REVIEWERS_FILE names ${#PERSONS[@]} persons" \
      "Give a number from 1 to ${#PERSONS[@]}."
  else
    REVIEWERS=$text
    ok "reviewers: $APPROVALS of ${#PERSONS[@]} persons must sign"
  fi
}

# The text of a file, without what a shell cannot hold and what editors of Windows add.
lines_of() { tr -d '\r' <"$1" | tr '\0' '\1'; }

# ssh-keygen has -Y verify since OpenSSH 8.1, and then misses what else that needs.
can_verify() { [[ $(ssh-keygen -Y verify 2>&1) == *'missing namespace'* ]]; }

# read_reviewers TEXT: the persons of it, each once, in PERSONS. Takes less than ssh-keygen would:
# nothing by which one person or key could count as two. REVIEWERS_PROBLEM says what is wrong.
read_reviewers() {
  local line number=0
  local -A owners=()
  PERSONS=() REVIEWERS_PROBLEM=''
  while IFS= read -r line; do
    number=$((number + 1))
    [[ ! $line =~ ^[[:blank:]]*(#.*)?$ ]] || continue
    read_reviewer "$line" && continue
    REVIEWERS_PROBLEM="line $number $REVIEWERS_PROBLEM"
    return 1
  done < <(printf '%s\n' "$1")
  ((${#PERSONS[@]} > 0)) || {
    REVIEWERS_PROBLEM='it names nobody'
    return 1
  }
}

# read_reviewer LINE: one key of a person; the keys before it are in the caller's owners.
read_reviewer() {
  local person type key fingerprint
  local form='^([A-Za-z0-9][A-Za-z0-9._@+-]*)[[:blank:]]+([^[:blank:]]+)[[:blank:]]+'
  form+='(ssh-rsa|(sk-)?(ssh-ed25519|ecdsa-sha2-nistp(256|384|521))(@openssh\.com)?)'
  form+='[[:blank:]]+([A-Za-z0-9+/]+=*)([[:blank:]].*)?$'
  REVIEWERS_PROBLEM='is not of the form: one literal name, options, type, key'
  [[ $1 =~ $form ]] || return
  person=${BASH_REMATCH[1]} type=${BASH_REMATCH[3]} key=${BASH_REMATCH[8]}
  are_reviewer_options "${BASH_REMATCH[2]}" || {
    REVIEWERS_PROBLEM='must have the option namespaces="culvert-approval-v1", and may have '
    REVIEWERS_PROBLEM+='valid-after and valid-before, once each'
    return 1
  }
  printf '%s %s\n' "$type" "$key" >"$SCRATCH/reviewer.pub"
  fingerprint=$(ssh-keygen -l -f "$SCRATCH/reviewer.pub" 2>/dev/null | cut -d ' ' -f 2)
  REVIEWERS_PROBLEM='holds no public key'
  [[ -n $fingerprint ]] || return
  REVIEWERS_PROBLEM='has the key of another person'
  [[ ${owners[$fingerprint]-$person} == "$person" ]] || return
  owners[$fingerprint]=$person
  is_person "$person" || PERSONS+=("$person")
}

is_person() { [[ " ${PERSONS[*]-} " == *" $1 "* ]]; }

# are_reviewer_options TEXT: separated by commas, of which none stands in a value.
are_reviewer_options() {
  local rest=$1, option names=' '
  local day='[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])'
  local time="^valid-(after|before)=\"$day(([01][0-9]|2[0-3])[0-5][0-9]([0-5][0-9])?)?Z?\"$"
  while [[ -n $rest ]]; do
    option=${rest%%,*}
    rest=${rest#*,}
    [[ $option == 'namespaces="culvert-approval-v1"' || $option =~ $time ]] || return
    [[ $names != *" ${option%%=*} "* ]] || return
    names+="${option%%=*} "
  done
  [[ $names == *' namespaces '* ]]
}

# can_approve NUMBER: whether there are as many persons.
can_approve() { [[ $1 =~ ^[1-9][0-9]{0,3}$ ]] && (($1 <= ${#PERSONS[@]})); }

# Also where the file has gone: what once was pinned is never taken for unpinned.
is_pinned() {
  [[ -e $PIN_FILE || -L $PIN_FILE ]] ||
    grep -qsxF "reviewers $PIN_FILE" "${STATE_FOLDER%/*}/${VENDOR}_"*/installed
}

# read_pin: PERSONS, and how many of them must sign in APPROVALS. What was read is what signatures
# are checked against, in $SCRATCH/reviewers. REVIEWERS_PROBLEM says why it cannot be.
read_pin() {
  local text form='^# approvals=([0-9]+)$'
  REVIEWERS_PROBLEM='it is no file that can be read'
  [[ -f $PIN_FILE && ! -L $PIN_FILE ]] && text=$(lines_of "$PIN_FILE" 2>/dev/null) || return
  REVIEWERS_PROBLEM='its first line is not approvals=NUMBER'
  [[ ${text%%$'\n'*} =~ $form ]] || return
  APPROVALS=${BASH_REMATCH[1]}
  read_reviewers "$text" || return
  REVIEWERS_PROBLEM='it names fewer persons than must sign'
  can_approve "$APPROVALS" || return
  printf '%s\n' "$text" >"$SCRATCH/reviewers"
}

# Pins the reviewers that were named. Without any, those that are pinned stay.
pin_reviewers() {
  [[ -n $REVIEWERS ]] || return 0
  local text="# approvals=$APPROVALS"$'\n'
  text+="# So many of these persons must have signed what $SERVICE upgrade runs for $VENDOR here."
  text+=$'\n'$REVIEWERS$'\n'
  ! is_pinned || printf '%s' "$text" | cmp -s - "$PIN_FILE" ||
    tell "The reviewers that were pinned in $PIN_FILE before are replaced."
  record reviewers "$PIN_FILE"
  write_file "$PIN_FILE" 0644 root "$text"
}

# plan_reviewers: what an installation would do with them.
plan_reviewers() {
  if [[ -n $REVIEWERS ]]; then
    plan reviewers "$APPROVALS of ${#PERSONS[@]} persons, in $PIN_FILE$(replaced_pin)"
  elif is_pinned; then
    plan reviewers "those in $PIN_FILE stay"
  fi
}

replaced_pin() { ! is_pinned || tell ', in place of those pinned before'; }

# pin_in_words: what root sees of it; nothing where nobody is pinned.
pin_in_words() {
  is_pinned || return 0
  if read_pin; then
    tell "pinned: $APPROVALS of ${#PERSONS[@]} persons must sign what an upgrade runs"
  else
    tell "pinned, but upgrades are refused: $PIN_FILE: $REVIEWERS_PROBLEM"
  fi
}

# Root may paste what nobody signed, and shall know it. What an upgrade verified lies in a folder
# of root's own.
warn_of_pin() {
  [[ $0 != /run/culvert.*/install.sh ]] && is_pinned || return 0
  warn "Reviewers are pinned here; this script is not checked, but: $SERVICE upgrade $INSTANCE"
}
