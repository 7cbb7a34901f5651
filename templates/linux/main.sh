
# ---- The story --------------------------------------------------------------------------------

main() {
  settle_shell
  take_token
  read_arguments "$@"
  name_paths
  name_run_folder
  make_scratch
  FINGERPRINT=

  phase "Culvert: tunnel '$TUNNEL_NAME' of $ACCOUNT_NAME to $VENDOR_NAME"
  detect_host
  if [[ $MODE == uninstall ]]; then
    as_root uninstall
    return
  fi
  if [[ $MODE == check || $DRY_RUN == yes ]]; then
    TOKEN=
  else
    find_token
  fi
  preflight

  case $MODE in
    check)
      print_ticket
      stop_on_findings
      say
      say 'All that an installation needs is there. Nothing was changed.'
      ;;
    run)
      has ssh || finding 'ssh is missing' 'Install the package openssh-client.'
      stop_on_findings
      run_in_foreground
      ;;
    install)
      stop_on_findings
      print_plan
      if [[ $DRY_RUN == yes ]]; then
        say
        say 'This was a dry run. Nothing was changed.'
        return
      fi
      as_root change_this_host || exit
      say_what_runs
      ;;
  esac
}

# The part that needs root, from the first change to the proof.
change_this_host() {
  begin_record
  install_packages
  make_identity
  enrol linux
  install_service
  prove show_journal
}

show_journal() { journalctl -q -u "$UNIT" -n 5 -o cat --no-pager | quote_ssh; }

say_what_runs() {
  phase 'Done'
  say "$VENDOR_NAME can query the database through this host, also after a reboot."
  say "  service   systemctl status $UNIT"
  say "  log       journalctl -u $UNIT"
  say "  files     $CONFIG_FOLDER, $STATE_FOLDER"
  say "  undo      curl -fsSL $INSTALLER_URL | bash -s -- uninstall"
}

main "$@"
exit
