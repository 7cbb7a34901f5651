
# ---- The way out: endpoints of the tunnel server, HTTP proxy, certificates ---------------------

# How this host reaches the vendor's side, as this run was told or an earlier one has kept.
find_way_out() {
  find_certificates
  find_http_proxy
}

# Each way to the tunnel server, a line "HOST PORT" each, the best first: the alternate ports are
# for firewalls that let nothing else through.
endpoints() {
  local host port
  for port in "${TUNNEL_PORTS[@]}"; do
    for host in "${TUNNEL_HOSTS[@]}"; do
      printf '%s %s\n' "$host" "$port"
    done
  done
}

# Whether ssh alone is not enough: it knows one endpoint and no HTTP proxy.
needs_connect() { [[ -n $HTTP_PROXY_HOST ]] || (($(endpoints | wc -l) > 1)); }

http_proxy_lines() {
  printf '%s\n' "$HTTP_PROXY_HOST" "$HTTP_PROXY_PORT" "$HTTP_PROXY_USER" "$HTTP_PROXY_PASSWORD"
}

# write_way_out FOLDER: in a folder of the caller's own, what the program "connect" needs.
write_way_out() {
  printf '%s' "$CONNECT" >"$1/connect" && endpoints >"$1/endpoints" || return
  if [[ -n $HTTP_PROXY_HOST ]]; then
    (umask 077 && http_proxy_lines >"$1/http-proxy")
  else
    rm -f -- "$1/http-proxy"
  fi
}

# In the foreground too, a later run goes the way that this one was told.
keep_way_out() {
  [[ -z $CA_FILE || $CA_FILE -ef $KEPT_FOLDER/ca.pem ]] || cp -- "$CA_FILE" "$KEPT_FOLDER/ca.pem"
}

# The same for the service; a password is in one file, which it alone can read.
install_way_out() {
  record folder "$CODE_FOLDER"
  mkdir -p "$CODE_FOLDER" ||
    fail "$TUNNEL" "$CODE_FOLDER cannot be made." 'Check the disk and its mount options.'
  write_own "$CODE_FOLDER/connect" 0755 root "$CONNECT"
  write_own "$CONFIG_FOLDER/endpoints" 0640 "$SERVICE" "$(endpoints)"$'\n'
  if [[ -n $HTTP_PROXY_HOST ]]; then
    write_own "$CONFIG_FOLDER/http-proxy" 0640 "$SERVICE" "$(http_proxy_lines)"$'\n'
  else
    rm -f -- "$CONFIG_FOLDER/http-proxy"
  fi
  [[ -z $CA_FILE ]] ||
    write_own "$CONFIG_FOLDER/ca.pem" 0640 "$SERVICE" "$(tr -d '\0' <"$CA_FILE")"$'\n'
  write_local_config
}

# local.conf is this host's own file: what somebody else wrote there stays.
write_local_config() {
  local file=$CONFIG_FOLDER/local.conf comment plain ours
  comment='# What only this host knows: may set ProxyCommand.'
  plain=$comment$'\n'
  ours=$plain"ProxyCommand $CODE_FOLDER/connect $CONFIG_FOLDER"$'\n'
  if [[ -e $file ]] && ! printf '%s' "$plain" | cmp -s - "$file" &&
    ! printf '%s' "$ours" | cmp -s - "$file"; then
    say "Keeping $file as it is; ssh goes the way that it says."
  elif needs_connect; then
    write_own "$file" 0640 "$SERVICE" "$ours"
  else
    write_own "$file" 0640 "$SERVICE" "$plain"
  fi
}
