
# ---- The command that stays: status, logs, rotate-key, upgrade, uninstall ---------------------

# It is this script's own functions and settings, as bash writes them down. What finds it by the
# tunnel's name is the same for every vendor; whoever comes first has written it.
install_command() {
  mkdir -p "$CODE_FOLDER" ||
    fail "$TUNNEL" "$CODE_FOLDER cannot be made." 'Check the disk and its mount options.'
  record folder "$CODE_FOLDER"
  write_own "$CODE_FOLDER/tunnel" 0700 root "$(command_text)"$'\n'
  write_shared "$DISPATCHER_FILE" 0755 "$DISPATCHER"
}

command_text() {
  printf '%s\n' '#!/usr/bin/env bash' \
    '# Looks after one tunnel of this host: the functions of the installer that was run here,' \
    '# as bash writes them down. Read that one, it explains them. Made by Culvert.' \
    '{'
  knowledge
  printf 'main "$@"\nexit\n}\n'
}
