import type { Container } from './bed/index.ts';

/** Looks for a secret in everything that runs on a host while the watch is on. */
export interface TokenWatch {
  /** Ends the watch: every command line that had the secret in its argv or environment. */
  stop(): Promise<string[]>;
}

/**
 * Watches argv and environment of each process. Left out is `bash` without arguments alone: that is
 * the shell that the pasted line gives CULVERT_TOKEN to, and its forks.
 */
export async function watchToken(host: Container, token: string): Promise<TokenWatch> {
  await host.writeFile('/run/token-watch/pattern', token, '0600');
  await host.writeFile(
    '/run/token-watch/watch',
    `while [ -e /run/token-watch/pattern ]; do
  for found in $(grep -lasF -f /run/token-watch/pattern /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null); do
    line=$(tr '\\0' ' ' <"\${found%/*}/cmdline" 2>/dev/null)
    [ "$line" = 'bash ' ] || [ -z "$line" ] && continue
    # A fork of that shell may have become another program between the two looks: look again.
    grep -qasF -f /run/token-watch/pattern "$found" && echo "\${found##*/}: $line"
  done
done >/run/token-watch/found 2>/dev/null
`,
  );
  await host.output('systemd-run --quiet --unit=token-watch bash /run/token-watch/watch');
  return {
    async stop() {
      await host.output('rm /run/token-watch/pattern; systemctl stop token-watch; true');
      const found = await host.output('sort -u /run/token-watch/found; rm -r /run/token-watch');
      return found.split('\n').filter(Boolean);
    },
  };
}

/** Every place on the host's disks and in its journal that still holds the secret. */
export async function placesHolding(host: Container, token: string): Promise<string[]> {
  const found = await host.shell(
    `read -r token
    folders='/etc /var /root /home /tmp /run /usr/local /opt /srv /dev/shm'
    grep -rlasF --exclude-dir=journal -e "$token" $folders 2>/dev/null | grep -v '^/opt/culvert'
    journalctl --no-pager -o export | grep -aF -e "$token" | head -3`,
    { input: `${token}\n` },
  );
  return found.stdout.split('\n').filter(Boolean);
}
