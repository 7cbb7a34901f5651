#!/bin/bash -p
# Takes the configuration that this host's OpenSSH understands, before its sshd starts: versions
# from 9.8 on need two keywords that earlier ones do not know. So an upgrade needs nobody.

LC_ALL=C
PATH=/usr/bin:/bin
HERE=${0%/*}

for config in "$HERE/sshd_config" "$HERE/sshd_config.before-9.8"; do
  said=$("$HERE/culvert-sshd" -t -f "$config" 2>&1) &&
    exec ln -sfn "$config" /run/culvert-sshd/sshd_config
done
printf '%s\n' "$said" >&2
exit 1
