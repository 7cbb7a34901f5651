
# ---- The route: what a tunnel's ssh_config says -----------------------------------------------

# read_route FILE HOST: what ssh itself makes of the file.
read_route() {
  ROUTE=$(ssh -G -F "$1" -- "$2" 2>"$SCRATCH/said") ||
    fail "$PREFLIGHT" "ssh cannot use $1: $(head -n 1 "$SCRATCH/said" | printable)" "$3"
  ROUTE_HOST=$2
  SERVER_HOST=$(on_route hostname | printable)
  SERVER_PORT=$(on_route port | printable)
  find_public_keys
  find_forward
}

# on_route OPTION: its values, a line each.
on_route() { sed -n "s/^$1 //p" <<<"$ROUTE"; }

# Whether ssh does not dial the server itself.
goes_by_command() { [[ -n $(on_route proxycommand) ]]; }
goes_by_jump() { [[ -n $(on_route proxyjump) ]]; }

# A file of somebody's own may hold several hosts: the first that is no pattern.
first_host() {
  awk '{ gsub(/[="]/, " ") } tolower($1) == "host" {
    for (i = 2; i <= NF; i++) if ($i !~ /[*?!]/) { print $i; exit }
  }' "$1"
}

# The public halves of the keys that ssh would use, in files of our own: whoever holds these alone
# can ask whether a server would take a key, and cannot log in.
find_public_keys() {
  local file half
  PUBLIC_KEYS=() FINGERPRINTS=()
  while IFS= read -r file; do
    # shellcheck disable=SC2088 # ssh prints it so
    [[ $file != '~/'* ]] || file=~/${file:2}
    half=$SCRATCH/public.${#PUBLIC_KEYS[@]}
    public_half "$file" >"$half" && chmod 0600 "$half" || continue
    PUBLIC_KEYS+=("$half")
    FINGERPRINTS+=("$(fingerprint_of "$half")")
  done < <(on_route identityfile)
  FINGERPRINT=${FINGERPRINTS[0]-}
}

public_half() {
  { cat "$1.pub" || ssh-keygen -y -P '' -f "$1"; } 2>/dev/null |
    cut -d ' ' -f 1,2 | grep -m 1 -E '^(ssh|ecdsa|sk)-[^ ]+ [A-Za-z0-9+/=]+$'
}

# Both ends of the tunnel: of several RemoteForward lines the one with this tunnel's port.
find_forward() {
  local all line target
  all=$(on_route remoteforward)
  line=$(grep -m 1 -E "(^|:)$TUNNEL_PORT " <<<"$all") || line=${all%%$'\n'*}
  FORWARD_PORT=${line%% *}
  FORWARD_PORT=${FORWARD_PORT##*:}
  target=${line#* }
  if [[ $target == /* ]]; then
    DATABASE_SOCKET=$target
    return
  fi
  DATABASE_SOCKET='' DATABASE_PORT=${target##*:}
  target=${target%:*}
  target=${target#[}
  DATABASE_HOST=${target%]}
}

# ask_server: goes as far as one can without the private key; SAID is then what ssh tells of it.
# Where our session is up no key is even named.
ask_server() {
  local options=(-v -T -o BatchMode=yes -o ConnectTimeout=12 -o StrictHostKeyChecking=yes) key
  options+=(-o UpdateHostKeys=no -o IdentitiesOnly=yes -o IdentityAgent=none)
  if [[ $OUR_SESSION == yes || ${#PUBLIC_KEYS[@]} == 0 ]]; then
    options+=(-o PreferredAuthentications=none)
  else
    options+=(-o PreferredAuthentications=publickey)
    for key in "${PUBLIC_KEYS[@]}"; do options+=(-o IdentityFile="$key"); done
  fi
  # Of the tunnel's own file only what leads there: above all not its private key.
  local leads_there='hostname port user addressfamily bindaddress bindinterface proxycommand'
  leads_there+=' ciphers macs kexalgorithms hostkeyalias userknownhostsfile globalknownhostsfile'
  grep -E "^(${leads_there// /|}) " <<<"$ROUTE" >"$SCRATCH/route"
  SAID=$(
    SHELL=/bin/sh timeout 25 ssh -F "$SCRATCH/route" "${options[@]}" -- "$ROUTE_HOST" exit 2>&1 |
      tr -d '\r\0'
  )
}

# server_said START: whether ssh's account has a line that begins so.
server_said() { [[ $'\n'$SAID == *$'\n'"debug1: $1"* ]]; }

# Why ssh gave up: its first line that is no account of what it does.
said_reason() {
  local reason
  reason=$(grep -m 1 -vE '^(debug[1-3]: |OpenSSH_|@|$)' <<<"$SAID" | printable)
  printf '%s' "${reason:-no answer}"
}
