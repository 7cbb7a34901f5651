
# ---- What is asked for ------------------------------------------------------------------------

read_arguments() {
  MODE='' TOKEN_FILE='' GIVEN_CULVERT='' ADOPTED=''
  DRY_RUN=no REMOVE_PACKAGES=no QUIET=no VERBOSE=no
  while (($# > 0)); do
    case $1 in
      install | uninstall)
        [[ -z $MODE ]] || wrong "Choose one of $MODE and $1."
        MODE=$1
        ;;
      --dry-run) DRY_RUN=yes ;;
      --packages) REMOVE_PACKAGES=yes ;;
      -q | --quiet) QUIET=yes ;;
      -v | --verbose) VERBOSE=yes ;;
      --join-token-file | --culvert | --adopt)
        (($# > 1)) || wrong "$1 needs the name of a file."
        take_value "$1" "$2"
        shift
        ;;
      --join-token-file=* | --culvert=* | --adopt=*) take_value "${1%%=*}" "${1#*=}" ;;
      --version)
        tell "Culvert installer for tunnel servers $TEMPLATE_VERSION"
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
  [[ $DRY_RUN == no || $MODE == install ]] || wrong '--dry-run goes with install only.'
  [[ -z $ADOPTED || $MODE == install ]] || wrong '--adopt goes with install only.'
  [[ $REMOVE_PACKAGES == no || $MODE == uninstall ]] ||
    wrong '--packages goes with uninstall only.'
}

take_value() {
  [[ -n $2 ]] || wrong "$1 needs the name of a file."
  case $1 in
    --join-token-file) TOKEN_FILE=$2 ;;
    --culvert) GIVEN_CULVERT=$2 ;;
    --adopt) ADOPTED=${2%/} ;;
  esac
}

wrong() { fail "$USAGE" "$1" 'See --help.'; }

print_help() {
  printf '%s\n' \
    "Makes this host a tunnel server of the region $REGION." \
    '' \
    'Usage: install.sh [COMMAND] [OPTION...]' \
    '' \
    '  install        Install, repair or upgrade (the default). Live tunnels stay.' \
    '  uninstall      Remove what an installation made, host keys and live tunnels too.' \
    '' \
    '  --dry-run      Change nothing; print each change that would be made here.' \
    '  --join-token-file FILE' \
    '                 Read the join token from FILE. It can also be given in the environment' \
    '                 as CULVERT_JOIN_TOKEN; else it is asked for on the terminal. It is needed' \
    '                 once, and kept nowhere.' \
    '  --culvert FILE The culvert command that the agent is run by; looked for in the usual' \
    '                 places when left out.' \
    '  --adopt FOLDER Take host keys and membership from the state folder of an agent that was' \
    '                 run by hand and has ended, such as /var/lib/culvert. Needs no token.' \
    '  --packages     uninstall: also remove the package that the installation added.' \
    '  -q, --quiet    Say only what is wrong.' \
    '  -v, --verbose  Show each command that changes this host, and what it says.' \
    '  --version      Print the version of this installer.' \
    '' \
    'In the environment:' \
    '  CULVERT_LOCK_SECONDS' \
    '                 How long to wait while others install packages (300).' \
    '' \
    'Exit codes: 0 it runs; 2 usage; 3 host not supported; 4 what is needed is missing; 5' \
    'packages and files; 6 joining; 7 a service does not start.' \
    '' \
    'Examples:' \
    '  bash install.sh --dry-run' \
    '  bash install.sh --join-token-file /root/join' \
    '  CULVERT_JOIN_TOKEN=cvj_... bash install.sh'
}
