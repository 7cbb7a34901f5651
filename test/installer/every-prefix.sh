# every-prefix.sh SCRIPT: takes SCRIPT cut behind each byte and prints "length status" for each.
# What a cut script runs is on standard error, behind "ran: ". For a plain sh: dash.

# shellcheck disable=SC2123 # so that nothing can be found
PATH=/nonexistent
PS4='ran: '
length=0
prefix=

cut_here() {
  length=$((length + 1))
  # A fork is enough, and is much faster than another shell.
  (eval "set -x
$prefix")
  echo "$length $?"
}

while IFS= read -r line; do
  rest=$line
  while [ -n "$rest" ]; do
    prefix=$prefix${rest%"${rest#?}"}
    rest=${rest#?}
    cut_here
  done
  prefix="$prefix
"
  cut_here
done <"$1"
