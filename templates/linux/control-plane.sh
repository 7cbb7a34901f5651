
# ---- Talking to the control plane -------------------------------------------------------------

# call PATH [CURL OPTION...]: asks the control plane; the answer's lines are then in ANSWER.
# An answer counts only when its last line is end=1: one that was cut, or that a captive portal
# made up, does not have it. A token comes in on standard input (--config -), never as an option.
call() {
  local path=$1
  shift
  local options=(-q --silent --show-error --proto '=http,https')
  options+=(--connect-timeout 10 --max-time 30)
  [[ -z ${CULVERT_CA_FILE-} ]] || options+=(--cacert "$CULVERT_CA_FILE")
  ANSWER=$(curl "${options[@]}" "$@" "$PUBLIC_URL/t/$TUNNEL_ID/v1/$path" 2>"$SCRATCH/curl") || {
    ANSWER_PROBLEM=$(printable <"$SCRATCH/curl")
    return 1
  }
  ANSWER=${ANSWER//$'\r'/}
  ANSWER_PROBLEM='what answered there is not Culvert, or its answer was cut on the way'
  [[ ${ANSWER##*$'\n'} == end=1 ]]
}

# fetch URL: prints what is there.
fetch() {
  local options=(-q --silent --show-error --fail --location --proto '=http,https')
  options+=(--connect-timeout 10 --max-time 60)
  [[ -z ${CULVERT_CA_FILE-} ]] || options+=(--cacert "$CULVERT_CA_FILE")
  curl "${options[@]}" "$1" 2>"$SCRATCH/curl" || {
    ANSWER_PROBLEM=$(printable <"$SCRATCH/curl")
    return 1
  }
}

# answer NAME: one value of the last answer, as text that is safe to print.
answer() { printf '%s\n' "$ANSWER" | sed -n "s/^$1=//p" | printable; }

# number NAME: the same for a number; 0 for anything else, which no arithmetic may get to see.
number() {
  local value
  value=$(answer "$1")
  [[ $value =~ ^[1-9][0-9]{0,11}$ ]] || value=0
  printf '%s' "$value"
}

printable() { tr -d '\n' | tr -c '[:print:]' '?'; }

# ask_status: this slot's state as the vendor sees it, and our key's, when FINGERPRINT is known.
ask_status() { call "status?slot=$SLOT${FINGERPRINT:+&key=$FINGERPRINT}"; }
