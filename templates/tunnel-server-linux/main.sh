
# ---- The story --------------------------------------------------------------------------------

main() {
  settle_shell
  take_token
  read_arguments "$@"
  choose_style
  settle_run
  PHASE=0 PHASES=9 FINDINGS=()
  case $MODE in
    install) make_tunnel_server ;;
    uninstall)
      read_os_release
      as_root uninstall
      ;;
  esac
}

make_tunnel_server() {
  say "${BOLD}Culvert: a tunnel server of the region $REGION$PLAIN"
  detect_host
  preflight
  stop_on_findings
  print_plan
  if [[ $DRY_RUN == yes ]]; then
    tell
    tell 'This was a dry run. Nothing was changed.'
    return
  fi
  as_root change_this_host
}

# The part that needs root, from the first change to the proof.
change_this_host() {
  take_turn
  check_adopted
  begin_record
  install_openssh
  make_accounts
  make_host_keys
  write_files
  settle_kernel
  start_sshd
  join_region
  start_agent
  say_what_runs
}

say_what_runs() {
  end_phase
  say
  say "${BOLD}Done.$PLAIN Proxies reach this host on port $SSHD_PORT; open it for them."
  say '  runs      culvert-sshd.service, culvert-agent.service'
  say "  files     $FOLDER, $STATE_FOLDER, $LOG_FOLDER"
  say '  check     culvert region show, with an API token'
  say '  undo      bash install.sh uninstall'
}

main "$@"
exit
