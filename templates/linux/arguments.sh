
# ---- What is asked for ------------------------------------------------------------------------

MODE=
DRY_RUN=no
REMOVE_PACKAGES=no
TOKEN_FILE=

read_arguments() {
  while (($# > 0)); do
    case $1 in
      install | check | run | uninstall)
        [[ -z $MODE ]] || fail "$USAGE" "Choose one of $MODE and $1." 'See --help.'
        MODE=$1
        ;;
      --dry-run) DRY_RUN=yes ;;
      --packages) REMOVE_PACKAGES=yes ;;
      --token-file)
        (($# > 1)) || fail "$USAGE" '--token-file needs the name of a file.' 'See --help.'
        TOKEN_FILE=$2
        shift
        ;;
      --token-file=*) TOKEN_FILE=${1#*=} ;;
      --version)
        say "Culvert installer for Linux $TEMPLATE_VERSION"
        exit 0
        ;;
      -h | --help)
        print_help
        exit 0
        ;;
      *) fail "$USAGE" "There is no option or command '${1//[![:print:]]/?}'." 'See --help.' ;;
    esac
    shift
  done
  MODE=${MODE:-install}
  [[ $DRY_RUN == no || $MODE == install ]] ||
    fail "$USAGE" "--dry-run shows an installation; it does not go with $MODE." 'See --help.'
  [[ $REMOVE_PACKAGES == no || $MODE == uninstall ]] ||
    fail "$USAGE" "--packages goes with uninstall, not with $MODE." 'See --help.'
}

print_help() {
  printf '%s\n' \
    'Opens a tunnel from this host to your vendor, so that the vendor can query one database.' \
    '' \
    'Usage: install.sh [install | check | run | uninstall] [OPTION...]' \
    '' \
    '  install        Install, repair or upgrade the tunnel as a service (the default). Needs' \
    '                 root or sudo.' \
    '  check          Change nothing. Test what an installation needs, and print a ticket for' \
    '                 the network and database teams. Needs no token.' \
    '  run            Hold the tunnel open until you press Ctrl-C. Needs no root, installs' \
    '                 nothing; keeps its key in ~/.local/state.' \
    '  uninstall      Remove what an installation made, and the key at the vendor. Needs root' \
    '                 or sudo; leaves other tunnels alone.' \
    '' \
    '  --packages     With uninstall: also remove the packages that the installation added,' \
    '                 where nothing else needs them.' \
    '  --dry-run      Change nothing. Print each change that an installation would make here.' \
    '  --token-file FILE' \
    '                 Read the enrolment token from FILE. It can also be given in the' \
    '                 environment as CULVERT_TOKEN; else it is asked for on the terminal.' \
    '  --version      Print the version of this installer.' \
    '' \
    'In the environment: https_proxy and no_proxy for requests to the control plane, and' \
    'CULVERT_CA_FILE, a file of certificate authorities to trust for them.' \
    '' \
    'Exit codes: 0 the vendor can query the database; 2 usage; 3 host not supported; 4 what' \
    'is needed is missing or cannot be reached; 5 packages; 6 enrolment; 7 tunnel; 8 database.' \
    '' \
    'Examples:' \
    '  curl -fsSL URL | bash' \
    '  curl -fsSL URL | CULVERT_TOKEN=cvt_... bash' \
    '  curl -fsSL URL | bash -s -- check'
}
