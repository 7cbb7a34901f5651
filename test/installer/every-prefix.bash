# every-prefix.bash SCRIPT FIRST STEP: takes SCRIPT cut behind byte FIRST, FIRST + STEP, … and
# prints "length status" for each. A command that the cut script would run is not run, but printed
# as "length ran command". The last two cuts are left out: they are the whole script.

# Returning non-zero from a DEBUG trap skips the command (bash(1), extdebug).
shopt -s extdebug
LC_ALL=C
script=$(cat "$1" && printf x) && script=${script%x}

note() {
  # shellcheck disable=SC2016 # these are the commands themselves
  case $1 in
    'eval "${script:0:length}"') return 0 ;;
    '[ -z "${BASH_VERSION-}" ]' | 'set +o posix') return 0 ;; # the guard that keeps other shells out
    *) printf '%s ran %s\n' "$length" "${1//$'\n'/ }" && return 1 ;;
  esac
}

for ((length = $2; length < ${#script} - 1; length += $3)); do
  # A fork is enough, and is 20 times as fast as another bash.
  (
    trap 'note "$BASH_COMMAND"' DEBUG
    eval "${script:0:length}"
  )
  printf '%s %s\n' "$length" "$?"
done
