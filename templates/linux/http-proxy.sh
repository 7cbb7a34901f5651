
# ---- The HTTP proxy, where this host may not connect out by itself -----------------------------

# It may come with a password, so from here on it is in a variable that no child inherits.
take_http_proxy() {
  GIVEN_HTTP_PROXY=${CULVERT_HTTP_PROXY-}
  unset -v CULVERT_HTTP_PROXY
}

# The one that was given, else the one that an earlier run kept.
find_http_proxy() {
  local kept=$KEPT_FOLDER/http-proxy
  HTTP_PROXY_HOST='' HTTP_PROXY_PORT='' HTTP_PROXY_USER='' HTTP_PROXY_PASSWORD=''
  case $GIVEN_HTTP_PROXY in
    none) ;;
    ?*)
      read_given_http_proxy || fail "$USAGE" \
        'CULVERT_HTTP_PROXY does not read http://[user:password@]host:port.' \
        'In user and password write each of % @ : / as %25 %40 %3A %2F.'
      ;;
    *)
      [[ ! -r $kept ]] || {
        IFS= read -r HTTP_PROXY_HOST
        IFS= read -r HTTP_PROXY_PORT
        IFS= read -r HTTP_PROXY_USER
        IFS= read -r HTTP_PROXY_PASSWORD
      } <"$kept"
      ;;
  esac
}

read_given_http_proxy() {
  local rest=${GIVEN_HTTP_PROXY#http://} login=
  rest=${rest%/}
  if [[ $rest == *@* ]]; then
    login=${rest%@*}
    rest=${rest##*@}
    HTTP_PROXY_USER=$(percent_decode "${login%%:*}") && [[ $HTTP_PROXY_USER == ?* ]] || return
    [[ $HTTP_PROXY_USER != *:* ]] || return
    login=${login#"${login%%:*}"}
    HTTP_PROXY_PASSWORD=$(percent_decode "${login#:}") || return
  fi
  HTTP_PROXY_HOST=${rest%:*}
  HTTP_PROXY_PORT=${rest##*:}
  if [[ $HTTP_PROXY_HOST =~ ^\[[0-9A-Fa-f:.]+\]$ ]]; then
    HTTP_PROXY_HOST=${HTTP_PROXY_HOST:1:-1}
  elif [[ ! $HTTP_PROXY_HOST =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$ ]]; then
    return 1
  fi
  [[ $GIVEN_HTTP_PROXY == http://* && $HTTP_PROXY_PORT =~ ^[1-9][0-9]{0,4}$ ]] &&
    ((HTTP_PROXY_PORT <= 65535))
}

# Text of a URL as it was meant. Control characters, which could begin a line, are refused.
percent_decode() {
  local plain='^([^%[:cntrl:]]|%[2-9A-Fa-f][0-9A-Fa-f])*$'
  [[ $1 =~ $plain && $1 != *%7[Ff]* ]] || return
  local text=${1//\\/\\\\}
  printf '%b' "${text//%/\\x}"
}

percent_encode() {
  local rest=$1 code
  while [[ -n $rest ]]; do
    case $rest in
      [A-Za-z0-9._~-]*) printf '%s' "${rest:0:1}" ;;
      *)
        printf -v code '%d' "'${rest:0:1}"
        printf '%%%02X' "$((code & 255))"
        ;;
    esac
    rest=${rest:1}
  done
}

# The HTTP proxy as one line of a URL, in which no character can end a quotation.
http_proxy_url() {
  local host=$HTTP_PROXY_HOST
  [[ $host != *:* ]] || host="[$host]"
  printf 'http://'
  if [[ -n $HTTP_PROXY_USER ]]; then
    percent_encode "$HTTP_PROXY_USER"
    printf ':'
    percent_encode "$HTTP_PROXY_PASSWORD"
    printf '@'
  fi
  printf '%s:%s' "$host" "$HTTP_PROXY_PORT"
}

# What the environment says of requests to the control plane goes first.
environment_has_proxy() {
  case $PUBLIC_URL in
    https:*) [[ -n ${https_proxy-}${HTTPS_PROXY-}${all_proxy-}${ALL_PROXY-} ]] ;;
    *) [[ -n ${http_proxy-}${all_proxy-}${ALL_PROXY-} ]] ;;
  esac
}
