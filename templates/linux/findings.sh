
# ---- Findings: all that is wrong, listed at once ----------------------------------------------

# finding WHAT NEXT: notes what is wrong and goes on, so that all of it is listed at once.
finding() {
  FINDINGS+=("$1"$'\n'"       $2")
  say "  no   $1"
}

ok() { say "  ok   $*"; }

# note WHAT: not as it could be, but good enough to go on.
note() { say "  note $*"; }

# Ends the run when anything was found.
stop_on_findings() {
  ((${#FINDINGS[@]} > 0)) || return 0
  local code=$PREFLIGHT
  [[ $TOKEN_REFUSED == no ]] || ((${#FINDINGS[@]} > 1)) || code=$ENROLMENT
  {
    printf '\nerror: nothing was changed; %s found:\n' "${#FINDINGS[@]}"
    printf '  %s\n' "${FINDINGS[@]}"
  } >&2
  exit "$code"
}
