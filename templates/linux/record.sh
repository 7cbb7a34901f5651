
# ---- Record of what is made -------------------------------------------------------------------

# record KIND NAME: notes what is about to be made, before it is made, so that an uninstallation
# removes exactly that, even after a crash in between.
record() {
  grep -qsxF -- "$1 $2" "$RECORD" && return
  printf '%s %s\n' "$1" "$2" >>"$RECORD" && sync "$RECORD" ||
    fail "$PACKAGES" "$RECORD cannot be written." 'Check disk and rights of that folder.'
}
