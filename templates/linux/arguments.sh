
# ---- What is asked for ------------------------------------------------------------------------

read_arguments() {
  MODE='' TOKEN_FILE='' PROGRAM='' SUPPORT_FILE='' GIVEN_CONFIG='' GIVEN_HOST=''
  REVIEWERS_FILE='' REVIEWERS='' APPROVALS=''
  DEFER_DATABASE=no DRY_RUN=no ENABLE_EPEL=no REMOVE_PACKAGES=no
  JSON=no FOLLOW=no QUIET=no VERBOSE=no
  while (($# > 0)); do
    case $1 in
      install | check | run | uninstall | status | doctor | logs | rotate-key | upgrade)
        [[ -z $MODE ]] || wrong "Choose one of $MODE and $1."
        MODE=$1
        ;;
      --dry-run) DRY_RUN=yes ;;
      --plain-ssh) choose_in_arguments ssh ;;
      --autossh) choose_in_arguments autossh ;;
      --enable-epel)
        ENABLE_EPEL=yes
        choose_in_arguments autossh
        ;;
      --defer-database) DEFER_DATABASE=yes ;;
      --packages) REMOVE_PACKAGES=yes ;;
      --json) JSON=yes ;;
      --follow) FOLLOW=yes ;;
      -q | --quiet) QUIET=yes ;;
      -v | --verbose) VERBOSE=yes ;;
      --token-file)
        (($# > 1)) || wrong '--token-file needs the name of a file.'
        TOKEN_FILE=$2
        shift
        ;;
      --token-file=*) TOKEN_FILE=${1#*=} ;;
      --support-file | --ssh-config | --host | --reviewers | --approvals)
        (($# > 1)) || wrong "$1 needs a value."
        take_value "$1" "$2"
        shift
        ;;
      --support-file=* | --ssh-config=* | --host=* | --reviewers=* | --approvals=*)
        take_value "${1%%=*}" "${1#*=}"
        ;;
      --version)
        tell "Culvert installer for Linux $TEMPLATE_VERSION"
        exit 0
        ;;
      -h | --help)
        print_help
        exit 0
        ;;
      *) wrong "There is no option or command '${1//[![:print:]]/?}'." ;;
    esac
    shift
  done
  MODE=${MODE:-install}
  goes_with --dry-run "$DRY_RUN" install
  goes_with --plain-ssh "${PROGRAM:-no}" install
  goes_with --defer-database "$DEFER_DATABASE" install check run
  goes_with --reviewers "${REVIEWERS_FILE:-no}" install
  [[ -z $APPROVALS || -n $REVIEWERS_FILE ]] || wrong '--approvals goes with --reviewers only.'
  APPROVALS=${APPROVALS:-1}
  goes_with --packages "$REMOVE_PACKAGES" uninstall
  goes_with --json "$JSON" status doctor
  goes_with --support-file "${SUPPORT_FILE:-no}" doctor
  goes_with --ssh-config "${GIVEN_CONFIG:-no}" doctor
  [[ -z $GIVEN_HOST || -n $GIVEN_CONFIG ]] || wrong '--host goes with --ssh-config only.'
  goes_with --follow "$FOLLOW" logs
  goes_with --quiet "$QUIET" install run rotate-key upgrade uninstall
}

take_value() {
  [[ -n $2 ]] || wrong "$1 needs a value."
  case $1 in
    --support-file) SUPPORT_FILE=$2 ;;
    --ssh-config) GIVEN_CONFIG=$2 ;;
    --host) GIVEN_HOST=$2 ;;
    --reviewers) REVIEWERS_FILE=$2 ;;
    --approvals) APPROVALS=$2 ;;
  esac
}

wrong() { fail "$USAGE" "$1" 'See --help.'; }

# goes_with OPTION GIVEN MODE...: an option without effect was meant for something else.
goes_with() {
  local option=$1 given=$2
  shift 2
  [[ $given == no || " $* " == *" $MODE "* ]] ||
    wrong "$option does not go with $MODE, only with: $*."
}

choose_in_arguments() {
  [[ -z $PROGRAM || $PROGRAM == "$1" ]] || wrong 'Choose one of autossh and plain ssh.'
  PROGRAM=$1
}

print_help() {
  printf '%s\n' \
    'Opens a tunnel from this host to your vendor, so that the vendor can query one database.' \
    '' \
    'Usage: install.sh [COMMAND] [OPTION...]' \
    '' \
    '  install        Install, repair or upgrade the tunnel as a service (the default).' \
    '  check          Change nothing. Test what an installation needs, and print a ticket for' \
    '                 the network and database teams. Needs no token and no root.' \
    '  run            Hold the tunnel open until you press Ctrl-C. Needs no root, installs' \
    '                 nothing; keeps its key in ~/.local/state.' \
    '' \
    'Where it is installed, each also as a command of its own:' \
    "  $SERVICE COMMAND $INSTANCE" \
    '' \
    '  status         Whether the service runs, the tunnel is up, the database answers.' \
    '  doctor         Walk every hop to the database; say which one is broken and what to do.' \
    '                 Changes nothing, and never logs in with the key of the tunnel.' \
    '  logs           What the tunnel has logged, and what its last error means.' \
    '  rotate-key     Make a new key pair; remove the old key once the new one works.' \
    '  upgrade        Fetch this installer anew, and run it; where reviewers are pinned, only' \
    '                 if they signed it.' \
    '  uninstall      Remove what an installation made, and the key at the vendor; leave other' \
    '                 tunnels alone.' \
    '' \
    '  --dry-run      install: change nothing; print each change that would be made here.' \
    '  --defer-database' \
    '                 Go on although the database does not answer yet, and say what is owed.' \
    '  --token-file FILE' \
    '                 Read the enrolment token from FILE. It can also be given in the' \
    '                 environment as CULVERT_TOKEN; else it is asked for on the terminal.' \
    '  --plain-ssh    install: hold the tunnel with ssh alone, under systemd, instead of' \
    '                 autossh; so it is, too, where no package source here has autossh.' \
    '  --autossh      install: hold it with autossh, also where it was plain ssh before.' \
    '  --enable-epel  install, on relatives of RHEL: add the package source EPEL, which has' \
    '                 autossh.' \
    '  --reviewers FILE [--approvals NUMBER]' \
    '                 install: pin the reviewers in FILE, for all tunnels of this vendor here:' \
    '                 a line NAME namespaces="culvert-approval-v1" TYPE KEY for each key. Then' \
    '                 "upgrade" runs only what NUMBER of them signed (1). Needs OpenSSH 8.1.' \
    '  --packages     uninstall: also remove the packages that the installation added, where' \
    '                 nothing else needs them.' \
    '  --json         status, doctor: one JSON object, for programs.' \
    '  --support-file FILE' \
    '                 doctor: also write a new file that you may send to your vendor: versions,' \
    '                 states and times, and nothing else.' \
    '  --ssh-config FILE [--host NAME]' \
    '                 doctor: examine a tunnel that was set up by hand, as that file says.' \
    '                 Needs no installation and no root.' \
    '  --follow       logs: go on printing until you press Ctrl-C.' \
    '  -q, --quiet    Say only what is wrong.' \
    '  -v, --verbose  Show each command that changes this host, and what it says.' \
    '  --version      Print the version of this installer.' \
    '' \
    'In the environment:' \
    '  CULVERT_HTTP_PROXY=http://[user:password@]host:port' \
    '                 The HTTP proxy by which this host reaches the vendor, for the tunnel too.' \
    '                 It is kept for later runs; "none" forgets it.' \
    '  CULVERT_CA_FILE' \
    '                 A file of certificate authorities to trust for the control plane; kept,' \
    '                 too.' \
    '  CULVERT_LOCK_SECONDS' \
    '                 How long to wait while others install packages (300).' \
    '  https_proxy, no_proxy' \
    '                 For requests to the control plane alone; they go before the above.' \
    '' \
    'Exit codes: 0 the vendor can query the database; 2 usage; 3 host not supported; 4 what' \
    'is needed is missing or cannot be reached; 5 packages; 6 enrolment; 7 tunnel; 8 database.' \
    '' \
    'Examples:' \
    '  curl -fsSL URL | bash' \
    '  curl -fsSL URL | CULVERT_TOKEN=cvt_... bash' \
    '  curl -fsSL URL | bash -s -- check'
}
