
# ---- Doctor: which hop is broken --------------------------------------------------------------

# Nothing here logs in with the tunnel's key: that would end the session that is up.
examine() {
  HOPS=() RESULTS=() DETAILS=() BROKEN='' VERDICT='' NEXT='' PIN=''
  has ssh || fail "$PREFLIGHT" 'ssh is missing.' 'Install the package of OpenSSH clients.'
  if is_hand_made; then
    [[ -r $GIVEN_CONFIG ]] || wrong "$GIVEN_CONFIG cannot be read."
    read_route "$GIVEN_CONFIG" "${GIVEN_HOST:-$(first_host "$GIVEN_CONFIG")}" \
      'Correct that file, or name a Host of it: --host NAME.'
  else
    need_installed
    read_route "$CONFIG_FOLDER/ssh_config" tunnel "Mend it: $SERVICE upgrade $INSTANCE"
    ask_systemd
    PIN=$(pin_in_words)
  fi
  [[ -z $SUPPORT_FILE ]] || open_support_file
  [[ $JSON == yes ]] || tell "$INSTANCE, hop by hop:"
  ask_vendor
  walk_hops
  conclude
  [[ -z $SUPPORT_FILE ]] || write_support_file
  return "$EXAMINED"
}

# A tunnel that somebody set up without the installer is known by its ssh_config alone.
is_hand_made() { [[ -n $GIVEN_CONFIG ]]; }

conclude() {
  case $BROKEN in
    '') EXAMINED=0 ;;
    control-plane) EXAMINED=$PREFLIGHT ;;
    *database) EXAMINED=$DATABASE ;;
    *) EXAMINED=$TUNNEL ;;
  esac
  if [[ -z $BROKEN ]]; then
    VERDICT="Every hop works: $VENDOR_NAME can query the database."
  elif [[ $EXAMINED == "$TUNNEL" && $OUR_SESSION == yes ]]; then
    VERDICT="The tunnel is up, but would not come up again. Broken at the hop $BROKEN: $VERDICT."
  else
    VERDICT="Broken at the hop $BROKEN: $VERDICT."
  fi
  if [[ $JSON == yes ]]; then
    examination_as_json
    return
  fi
  tell
  tell "$VERDICT"
  [[ -z $NEXT ]] || tell "Next: $NEXT"
  [[ -z $PIN ]] || tell "Reviewers are $PIN."
}

examination_as_json() {
  local head hops='' number
  head=$(json_object tunnel "$INSTANCE" ok "$( ((EXAMINED == 0)) && tell true || tell false)" \
    exit_code "$EXAMINED" broken "$BROKEN" verdict "$VERDICT" next "$NEXT" reviewers "$PIN")
  for number in "${!HOPS[@]}"; do
    hops+=,$(json_object hop "${HOPS[number]}" result "${RESULTS[number]}" \
      detail "${DETAILS[number]}")
  done
  tell "${head%\}},\"hops\":[${hops#,}]}"
}
