
# ---- How this script speaks -------------------------------------------------------------------

# Functions that the caller's shell exported are none of ours; a foreign curl must not come along.
# shellcheck disable=SC2046 # each name is a word
builtin unset -f $(compgen -A function)

# say TEXT: what a person may want to follow; --quiet leaves it out.
say() { [[ $QUIET == yes ]] || printf '%s\n' "$*"; }

# tell TEXT: what was asked for, or must not be missed.
tell() { printf '%s\n' "$*"; }

warn() { printf 'warning: %s\n' "$*" >&2; }

# fail CODE WHAT NEXT: says what happened and what to do about it, and ends.
fail() {
  printf '\nerror: %s\n       %s\n' "$2" "$3" >&2
  exit "$1"
}

# Exit codes, the same for every way to run this.
readonly USAGE=2 UNSUPPORTED=3 PREFLIGHT=4 PACKAGES=5 ENROLMENT=6 TUNNEL=7 DATABASE=8
EXIT_CODES=(USAGE UNSUPPORTED PREFLIGHT PACKAGES ENROLMENT TUNNEL DATABASE)

# phase TITLE: the next of $PHASES steps begins; how long the last one took, if it was noticeable.
phase() {
  end_phase
  PHASE=$((PHASE + 1))
  PHASE_BEGAN=$(now)
  say
  say "${BOLD}[$PHASE/$PHASES] $1$PLAIN"
}

end_phase() {
  local seconds=$(($(now) - ${PHASE_BEGAN:-$(now)}))
  ((seconds == 0)) || say "     took $seconds s"
}

now() { printf '%(%s)T' -1; }

# Bold where somebody looks and has not asked for plain text (https://no-color.org).
choose_style() {
  BOLD='' PLAIN=''
  [[ -t 1 && -z ${NO_COLOR-} && ${TERM:-dumb} != dumb ]] || return 0
  BOLD=$'\e[1m' PLAIN=$'\e[0m'
}

# run COMMAND...: runs it quietly; only if it fails, or with --verbose, is its output shown.
run() {
  local output
  if [[ $VERBOSE == yes ]]; then
    printf '  + %s\n' "$*" >&2
    "$@" >&2
    return
  fi
  output=$("$@" 2>&1) || {
    local status=$?
    printf '%s\n' "$output" >&2
    return "$status"
  }
}

# printable: text that a terminal takes as text, from standard input.
printable() { tr -d '\n' | tr -c '[:print:]' '?'; }

# quote_ssh: shows what ssh said, without letting a peer's text play with the terminal.
quote_ssh() { tr -c '[:print:]\n' '?' | sed 's/^/  ssh: /' >&2; }

has() { command -v "$1" >/dev/null 2>&1; }
