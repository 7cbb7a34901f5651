
# ---- Logs -------------------------------------------------------------------------------------

show_logs() {
  local options=(-q -u "$UNIT" -n 50 -o short-iso --no-pager) error
  need_installed
  if [[ $FOLLOW == yes ]]; then
    journalctl "${options[@]}" -f
    return
  fi
  journalctl "${options[@]}"
  error=$(last_error)
  [[ -n $error ]] || return 0
  tell
  tell "The last error: $error"
  tell "It means: $(in_plain_words "$error")"
}
