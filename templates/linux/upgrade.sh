
# ---- Upgrade ----------------------------------------------------------------------------------

# Runs the installer as the vendor gives it now. What is as it should be stays, the key too. Where
# reviewers are pinned, it runs the very file that they approved, or none.
upgrade() {
  local installer=$SCRATCH/install.sh options=() pinned=no
  [[ $QUIET == no ]] || options+=(--quiet)
  [[ $VERBOSE == no ]] || options+=(--verbose)
  need_installed
  PHASES=1
  ! is_pinned || pinned=yes PHASES=2
  phase "Fetching $INSTALLER_URL"
  fetch "$INSTALLER_URL" && mv "$SCRATCH/answer" "$installer" ||
    fail "$PREFLIGHT" "The control plane: $ANSWER_PROBLEM." 'Run this again; nothing was changed.'
  [[ $pinned == no ]] || need_approval "$installer"
  [[ $(tail -n 1 "$installer") == '}' ]] && bash -n "$installer" 2>/dev/null ||
    fail "$PREFLIGHT" 'What came is no whole installer.' 'Run this again; nothing was changed.'
  # Before 4.4, bash calls a list without words unbound.
  bash "$installer" install ${options[@]+"${options[@]}"}
}
