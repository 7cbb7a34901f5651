#!/usr/bin/env bash
#
# Looks after the tunnels of this host. Each tunnel, of whichever vendor, has a program of its own;
# this one finds it by the name that this file has, hands over, and does nothing else.
# Made by Culvert.

{
  service=${0##*/}
  programs=/usr/local/lib/$service

  print_help() {
    printf "%s\n" \
      "Usage: $service COMMAND [TUNNEL] [OPTION...]" \
      "" \
      "  status [--json]     whether the service runs, the tunnel is up, the database answers" \
      "  doctor [--json]     walks every hop, says which one is broken and what to do" \
      "  logs [--follow]     what the tunnel has logged, and what its last error means" \
      "  rotate-key          makes a new key pair; removes the old key once the new one works" \
      "  upgrade             fetches the installer of this tunnel anew, and runs it" \
      "  uninstall           removes the tunnel from this host, and its key at the vendor" \
      "" \
      "TUNNEL may be left out where there is only one; status then shows all of them." \
      "" \
      "Tunnels of this host:"
    printf "  %s\n" "${tunnels[@]:-none}"
  }

  find_tunnels() {
    local program
    tunnels=()
    for program in "$programs"/*/tunnel; do
      program=${program%/tunnel}
      [[ ! -x $program/tunnel ]] || tunnels+=("${program##*/}")
    done
  }

  # choose NAME: the tunnels that NAME may mean, <vendor>_<tunnel> or <tunnel> alone.
  choose() {
    local tunnel
    chosen=()
    for tunnel in "${tunnels[@]}"; do
      [[ $tunnel != "$1" && ${tunnel#*_} != "$1" ]] || chosen+=("$tunnel")
    done
  }

  refuse() {
    printf "error: %s\n       %s\n" "$1" "$2" >&2
    exit 2
  }

  main() {
    local command=${1-} tunnel code=0 worst=0
    find_tunnels
    case $command in
      status | doctor | logs | rotate-key | upgrade | uninstall) shift ;;
      "" | help | -h | --help)
        print_help
        return
        ;;
      *) refuse "There is no command ${command//[![:print:]]/?}." "See: $service --help" ;;
    esac

    chosen=("${tunnels[@]}")
    ((${#chosen[@]} > 0)) || refuse "No tunnel is installed on this host." "Ask your vendor."
    if (($# > 0)) && [[ $1 != -* ]]; then
      choose "$1"
      ((${#chosen[@]} > 0)) ||
        refuse "There is no tunnel ${1//[![:print:]]/?} on this host." "See: $service --help"
      shift
    fi
    [[ $command == status || ${#chosen[@]} == 1 ]] ||
      refuse "Which tunnel? There are: ${chosen[*]}." "Say: $service $command TUNNEL"

    ((${#chosen[@]} > 1)) || exec "$programs/${chosen[0]}/tunnel" "$command" "$@"
    for tunnel in "${chosen[@]}"; do
      "$programs/$tunnel/tunnel" "$command" "$@" || code=$?
      ((code <= worst)) || worst=$code
    done
    return "$worst"
  }

  # Root alone may read the programs: each names its tunnel to the vendor.
  if ((EUID > 0)); then
    type -P sudo >/dev/null || refuse "This needs root, and there is no sudo." "Become root first."
    exec sudo -- "$0" "$@"
  fi
  main "$@"
  exit
}
