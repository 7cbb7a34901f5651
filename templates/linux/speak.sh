
# ---- How this script speaks -------------------------------------------------------------------

# Functions that the caller's shell exported are none of ours; a foreign curl must not come along.
# shellcheck disable=SC2046 # each name is a word
builtin unset -f $(compgen -A function)

say() { printf '%s\n' "$*"; }

warn() { printf 'warning: %s\n' "$*" >&2; }

# fail CODE WHAT NEXT: says what happened and what to do about it, and ends.
fail() {
  printf '\nerror: %s\n       %s\n' "$2" "$3" >&2
  exit "$1"
}

# Exit codes, the same for every way to run this.
readonly USAGE=2 UNSUPPORTED=3 PREFLIGHT=4 PACKAGES=5 ENROLMENT=6 TUNNEL=7 DATABASE=8

# phase TITLE: the next step begins.
phase() { printf '\n== %s\n' "$*"; }

# run COMMAND...: runs it quietly; only if it fails is its output shown.
run() {
  local output
  output=$("$@" 2>&1) || {
    local status=$?
    printf '%s\n' "$output" >&2
    return "$status"
  }
}

# quote_ssh: shows what ssh said, without letting a peer's text play with the terminal.
quote_ssh() { tr -c '[:print:]\n' '?' | sed 's/^/  ssh: /' >&2; }

has() { command -v "$1" >/dev/null 2>&1; }
