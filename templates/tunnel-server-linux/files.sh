
# ---- Files ------------------------------------------------------------------------------------

# What root's sshd reads and runs is root's; the agent may write in the folders of FOLDERS alone.
write_files() {
  phase 'Files'
  write_file "$FOLDERS_FILE" 0644 root "$FOLDERS"
  record tree "$STATE_FOLDER"
  record tree "$LOG_FOLDER"
  record tree "$RUN_FOLDER"
  run systemd-tmpfiles --create "$FOLDERS_FILE" ||
    fail "$PACKAGES" 'The folders cannot be made.' 'See the message above.'
  write_file "$FOLDER/sshd_config" 0644 root "$SSHD_CONFIG"
  write_file "$FOLDER/sshd_config.before-9.8" 0644 root "$SSHD_CONFIG_BEFORE_9_8"
  write_file "$FOLDER/choose-config" 0755 root "$CHOOSE_CONFIG"
  write_file "$FOLDER/login-hook" 0755 root "$LOGIN_HOOK"
  write_file "$PAM_FILE" 0644 root "$PAM_SERVICE"
  write_file "$FOLDER/agent.env" 0644 root "$AGENT_ENVIRONMENT"
  # By this name OpenSSH before 9.8 finds its PAM service.
  write_link "$FOLDER/culvert-sshd" /usr/sbin/sshd
  write_link "$FOLDER/culvert" "$CULVERT"
  write_link "$FOLDER/keys" "$STATE_FOLDER/keys"
  write_link "$FOLDER/sessions" "$RUN_FOLDER/sessions"
  write_link "$FOLDER/bars" "$RUN_FOLDER/bars"
  write_link "$FOLDER/log" "$LOG_FOLDER/log"
  write_link "$FOLDER/pid" "$RUN_FOLDER/sshd.pid"
  write_file "$UNITS/culvert-sshd.service" 0644 root "$SSHD_UNIT"
  write_file "$UNITS/culvert-agent.service" 0644 root "$AGENT_UNIT"
  label_files
}

# With SELinux a file has the right label by the folder it is made in; the port needs one, too.
label_files() {
  is_enforcing || return 0
  run restorecon -R "$FOLDER" "$PAM_FILE" "$UNITS"/culvert-*.service "$STATE_FOLDER" \
    "$LOG_FOLDER" "$RUN_FOLDER" || warn 'The SELinux labels could not be restored; see above.'
  ! semanage port -l | awk -v port="$SSHD_PORT" '
    $1 == "ssh_port_t" && $2 == "tcp" { for (i = 3; i <= NF; i++) found += $i + 0 == port }
    END { exit !found }' || return 0
  record port "$SSHD_PORT"
  run semanage port -a -t ssh_port_t -p tcp "$SSHD_PORT" ||
    fail "$PACKAGES" "SELinux does not let sshd have port $SSHD_PORT." 'See the message above.'
}
