
# ---- Findings: all that is wrong, listed at once ----------------------------------------------

# finding WHAT NEXT [CODE]: notes what is wrong and goes on, so that all of it is listed at once.
# The run ends with CODE if nothing else is wrong, else with $PREFLIGHT.
finding() {
  FINDINGS+=("$1"$'\n'"       $2")
  CODE_OF_FINDING=${3-$PREFLIGHT}
  say "  no   $1"
}

ok() { say "  ok   $*"; }

# note WHAT: not as it could be, but good enough to go on.
note() { say "  note $*"; }

# Ends the run when anything was found.
stop_on_findings() {
  ((${#FINDINGS[@]} > 0)) || return 0
  local code=$PREFLIGHT
  ((${#FINDINGS[@]} > 1)) || code=$CODE_OF_FINDING
  {
    printf '\nerror: nothing was changed; %s found:\n' "${#FINDINGS[@]}"
    printf '  %s\n' "${FINDINGS[@]}"
  } >&2
  exit "$code"
}
