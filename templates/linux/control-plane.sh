
# ---- Talking to the control plane -------------------------------------------------------------

# The authorities to trust: those that were given, else those of the settings, else those that an
# earlier run kept, else those of this host.
find_certificates() {
  CA_FILE=$KEPT_FOLDER/ca.pem
  if [[ -n ${CULVERT_CA_FILE-} ]]; then
    CA_FILE=$CULVERT_CA_FILE
    grep -qs -e '-----BEGIN CERTIFICATE-----' "$CA_FILE" ||
      fail "$USAGE" "CULVERT_CA_FILE: no certificate can be read from $CA_FILE." \
        'Name a file of certificates in PEM.'
  elif [[ -n $CA_CERTIFICATES ]]; then
    CA_FILE=$SCRATCH/ca.pem
    printf '%s' "$CA_CERTIFICATES" >"$CA_FILE"
  elif [[ ! -r $CA_FILE ]]; then
    CA_FILE=
  fi
}

# call PATH [FILE [token]]: asks the control plane, sends it the lines of FILE, shows it the
# token. The answer's lines are then in ANSWER. It counts only when its last line is end=1: one
# that was cut, or that a captive portal made up, does not have it.
call() {
  local asked=yes path=$1
  shift
  ask "$PUBLIC_URL/t/$TUNNEL_ID/v1/$path" "$@" || asked=no
  ANSWER=$(head -c 1048576 "$SCRATCH/answer" | tr -d '\r\0')
  [[ ${ANSWER##*$'\n'} != end=1 ]] || return 0
  ANSWER=
  case "$asked $STATUS $SAID" in
    'yes 407'* | *' 407 from proxy'* | *'response 407' | *'Proxy Authentication Required'*)
      ANSWER_PROBLEM='the HTTP proxy on the way there refused the user or the password'
      ;;
    no*) ANSWER_PROBLEM=${SAID%.} ;;
    'yes 2'*)
      ANSWER_PROBLEM='what answered there is not Culvert, or its answer was cut on the way'
      ;;
    *) ANSWER_PROBLEM="it answered with the HTTP status $STATUS, and not as Culvert does" ;;
  esac
  return 1
}

# ask URL [FILE [token]]: the same of any address; the answer is then in $SCRATCH/answer.
ask() {
  : >"$SCRATCH/answer"
  if has curl; then ask_by_curl "$@"; else ask_by_wget "$@"; fi
}

# What must stand neither in an argv nor in an environment goes to both as lines of settings.
ask_by_curl() {
  local options=(-q --silent --show-error --proto '=http,https' --config -)
  options+=(--connect-timeout 10 --max-time 30)
  options+=(--output "$SCRATCH/answer" --write-out '%{http_code}')
  [[ -z $CA_FILE ]] || options+=(--cacert "$CA_FILE")
  (($# == 1)) || options+=(--header 'Content-Type: text/plain' --data-binary "@$2")
  STATUS=$(
    {
      [[ ${3-} != token ]] || printf 'header = "Authorization: Bearer %s"\n' "$TOKEN"
      [[ -z $HTTP_PROXY_HOST ]] || environment_has_proxy ||
        printf 'proxy = "%s"\n' "$(http_proxy_url)"
    } | curl "${options[@]}" "$1" 2>"$SCRATCH/said"
  )
  local code=$?
  # The reason comes first; what follows may be general advice.
  SAID=$(head -n 1 "$SCRATCH/said" | printable)
  return "$code"
}

# wget reads its settings from a file alone: one that is gone from its folder before it is filled.
ask_by_wget() {
  local options=(--config=/dev/fd/3 --no-verbose --server-response --content-on-error --tries=1)
  options+=(--dns-timeout=10 --connect-timeout=10 --read-timeout=30 --max-redirect=0)
  options+=(--output-document="$SCRATCH/answer")
  [[ -z $CA_FILE ]] || options+=(--ca-certificate="$CA_FILE")
  (($# == 1)) || options+=(--header='Content-Type: text/plain' --post-file="$2")
  (
    umask 077
    exec 3<>"$SCRATCH/settings" && rm -f "$SCRATCH/settings" || exit
    {
      [[ ${3-} != token ]] || printf 'header = Authorization: Bearer %s\n' "$TOKEN"
      [[ -z $HTTP_PROXY_HOST ]] || environment_has_proxy ||
        printf '%s_proxy = %s\n' "${PUBLIC_URL%%:*}" "$(http_proxy_url)"
    } >&3
    # It would keep a file of its own in the home folder.
    HOME=$SCRATCH exec timeout 30 wget "${options[@]}" "$1"
  ) 2>"$SCRATCH/said"
  local code=$?
  SAID=$(tail -n 1 "$SCRATCH/said" | printable)
  ((code != 124)) || SAID='no answer within 30 seconds'
  STATUS=$(sed -n 's|^ *HTTP/[0-9.]* \([0-9]*\).*|\1|p' "$SCRATCH/said" | tail -n 1)
  # A refusal is an answer, too, but of the one by 401 wget shows only the header.
  ((code != 6)) || sed -n 's/^ *WWW-Authenticate: Bearer .*description="\(.*\)"\r*$/\1/ip' \
    "$SCRATCH/said" | sed "s/.*/error=token\\ndetail=&\\nnext=Ask for a new token.\\nend=1/" \
    >"$SCRATCH/answer"
  ((code == 0 || code == 6 || code == 8))
}

# fetch URL: what is there is then in $SCRATCH/answer.
fetch() {
  ask "$1" && [[ $STATUS == 200 ]] && return
  ANSWER_PROBLEM=$(tail -n 1 "$SCRATCH/said" | printable)
  ANSWER_PROBLEM=${ANSWER_PROBLEM:-HTTP status $STATUS}
  return 1
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

# ask_status: this slot's state as the vendor sees it, and our key's, when FINGERPRINT is known.
ask_status() { call "status?slot=$SLOT${FINGERPRINT:+&key=$FINGERPRINT}"; }
