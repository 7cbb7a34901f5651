
# ---- What ssh says, in plain words ------------------------------------------------------------

# in_plain_words TEXT: what an error of ssh or of its helpers means, and what to do; nothing for
# what is not known.
in_plain_words() {
  case $1 in
    *'HOST IDENTIFICATION HAS CHANGED'* | *'Host key verification failed'*)
      tell "The server's host key is not one of those pinned here. Ask $VENDOR_NAME first of all."
      ;;
    *'Permission denied (publickey'*)
      tell "The tunnel server refuses this host's key. Ask $VENDOR_NAME whether it was removed."
      ;;
    *'remote port forwarding failed'*)
      tell "The tunnel's port is in use on the tunnel server, by an earlier session of this" \
        "tunnel or by something else. If this lasts for minutes, tell $VENDOR_NAME."
      ;;
    *'Could not resolve hostname'* | *'name resolution'* | *'Name or service not known'* | \
      *'does not resolve'*)
      tell "The tunnel server's name cannot be resolved. Check the DNS of this host."
      ;;
    *'Connection refused'* | *'connection is refused'*)
      tell 'Nothing accepts connections there: the server is down, or a firewall turns them away.'
      ;;
    *'timed out'* | *'Network is unreachable'* | *'No route to host'* | *'there is no route'* | \
      *': no answer'*)
      tell 'There is no way there at the moment: check network and firewall of this host.'
      ;;
    *'Timeout, server '*)
      tell 'The connection was lost on the way. It is made again by itself.'
      ;;
    *'kex_exchange_identification'* | *'Connection reset by'* | *'Connection closed by'* | \
      *'no SSH server answers'*)
      tell 'Something closes the connection at once: a firewall that inspects SSH, or a server' \
        'that is starting or full.'
      ;;
    *'bad permissions'* | *'Load key '* | *'do not match public'*)
      tell 'ssh cannot use the private key. Run the installer again to mend it.'
      ;;
    *'the user or the password'* | *'asks for a user and a password'*)
      tell 'The HTTP proxy wants another user or password: run the installer again with' \
        'CULVERT_HTTP_PROXY.'
      ;;
    *'does not allow connections'* | *' cannot connect to '* | *'is not an HTTP proxy'*)
      tell 'The HTTP proxy does not let this host through to the tunnel server: ask who runs it.'
      ;;
    *'connect_to '*'failed'* | *'open failed'*)
      tell 'The tunnel is up, but this host cannot reach the database.'
      ;;
  esac
}

# last_error [JOURNALCTL OPTION...]: the last line of the tunnel's log that is known to mean
# something.
last_error() {
  local line
  while IFS= read -r line; do
    [[ -n $(in_plain_words "$line") ]] || continue
    printf '%s' "$line" | printable
    return
  done < <(journalctl -q -u "$UNIT" -n 40 -o cat --no-pager "$@" 2>/dev/null | tac)
}
