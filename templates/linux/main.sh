
# ---- The story --------------------------------------------------------------------------------

main() {
  settle_shell
  take_token
  take_http_proxy
  read_arguments "$@"
  choose_style
  name_paths
  name_run_folder
  make_scratch
  find_way_out
  PHASE=0 FINGERPRINT='' FINDINGS=()
  detect_host
  case $MODE in
    install | check | run) open_tunnel ;;
    uninstall) as_root uninstall ;;
    status) as_root show_status ;;
    doctor) if is_hand_made; then examine; else as_root examine; fi ;;
    logs) as_root show_logs ;;
    rotate-key) as_root rotate_key ;;
    upgrade) as_root upgrade ;;
  esac
}

open_tunnel() {
  say "${BOLD}Culvert: tunnel '$TUNNEL_NAME' of $ACCOUNT_NAME to $VENDOR_NAME$PLAIN"
  [[ $MODE != install ]] || warn_of_pin
  judge_host
  choose_program
  if [[ $MODE == check || $DRY_RUN == yes ]]; then
    TOKEN=
  else
    find_token
  fi
  case $MODE in
    install) PHASES=7 ;;
    run) PHASES=4 ;;
    check) PHASES=2 ;;
  esac
  preflight

  case $MODE in
    check)
      print_ticket
      stop_on_findings
      tell
      tell 'All that an installation needs is there. Nothing was changed.'
      ;;
    run)
      has ssh || finding 'ssh is missing' 'Install the package of OpenSSH clients.'
      stop_on_findings
      run_in_foreground
      ;;
    install)
      stop_on_findings
      print_plan
      if [[ $DRY_RUN == yes ]]; then
        tell
        tell 'This was a dry run. Nothing was changed.'
        return
      fi
      as_root change_this_host
      ;;
  esac
}

# The part that needs root, from the first change to the proof.
change_this_host() {
  take_turn
  begin_record
  ! is_rotating || finish_rotation || warn 'The new key did not work; the old one stays.'
  install_packages
  make_identity
  pin_reviewers
  enrol linux
  install_service
  prove_tunnel show_journal
  say_what_runs
}

show_journal() { journalctl -q -u "$UNIT" -n 5 -o cat --no-pager | quote_ssh; }

say_what_runs() {
  end_phase
  say
  if [[ $DEFER_DATABASE == yes ]]; then
    say "${BOLD}Done.$PLAIN $VENDOR_NAME reaches this host; what its database owes stands above."
  else
    say "${BOLD}Done.$PLAIN $VENDOR_NAME can query the database through this host."
  fi
  say "  runs      $UNIT"
  say "  files     $CONFIG_FOLDER, $STATE_FOLDER, $CODE_FOLDER"
  say "  check     $SERVICE status $INSTANCE"
  say "  undo      $SERVICE uninstall $INSTANCE"
}

main "$@"
exit
