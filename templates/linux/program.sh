
# ---- The program that stays: status, doctor, logs, rotate-key, upgrade, uninstall -------------

# It is this script's own functions and settings, as bash writes them down. The command that finds
# it is the same for every vendor, and whoever comes first has written it.
install_program() {
  mkdir -p "$PROGRAM_FOLDER" ||
    fail "$TUNNEL" "$PROGRAM_FOLDER cannot be made." 'Check the disk and its mount options.'
  record folder "$PROGRAM_FOLDER"
  write_own "$PROGRAM_FOLDER/tunnel" 0700 root "$(program)"$'\n'
  write_shared "$DISPATCHER_FILE" 0755 "$DISPATCHER"
}

program() {
  printf '%s\n' '#!/usr/bin/env bash' \
    '# Looks after one tunnel of this host: the functions of the installer that was run here,' \
    '# as bash writes them down. Read that one, it explains them. Made by Culvert.' \
    '{'
  knowledge
  printf 'main "$@"\nexit\n}\n'
}
