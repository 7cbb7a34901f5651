import { Problem } from '../../domain/problem.ts';
import { INSTALLER_FILE, PLATFORMS } from '../../render/index.ts';
import type { Served } from '../installers/served.ts';
import { keptUrl } from '../pinned-commands.ts';
import type { ServerSettings } from '../settings.ts';

/** What waits for the reviewers of a slot, and what they do about it. */
export interface ReviewView {
  /** What has become of the newest installer. */
  state: string;
  reasons: string[];
  commands: { label: string; command: string }[];
}

/** What a slot's reviewers are told; undefined where nothing waits. */
export function reviewView(
  settings: ServerSettings,
  tunnelId: string,
  { waiting, scripts }: Served,
): ReviewView | undefined {
  if (!waiting) return undefined;
  const url = (sha256: string, file: string) => keptUrl(settings, tunnelId, sha256, file);
  const page = `${settings.publicUrl}/t/${tunnelId}`;
  const diffs = PLATFORMS.flatMap((platform) => {
    const served = scripts[platform];
    const fresh = waiting.installers.find(({ file }) => file === INSTALLER_FILE[platform]);
    if (served instanceof Problem || !fresh || fresh.sha256 === served.sha256) return [];
    return [
      {
        label: `Read what changed in ${fresh.file}, here or in a browser:`,
        command: `curl -fsS ${url(served.sha256, 'diff')}/${fresh.sha256}`,
      },
    ];
  });
  if (waiting.isStopped) {
    const state = 'Your reviewers stopped the newest installer:';
    return { state, reasons: waiting.reasons, commands: [] };
  }
  return {
    state: 'A newer installer waits for their approval:',
    reasons: waiting.reasons,
    commands: [
      {
        label: 'Get what waits; VERIFY.md in it says how to check it:',
        command: `curl -fsSLO ${url(waiting.bundle, 'bundle.tar.gz')}; tar -xzf bundle.tar.gz`,
      },
      ...diffs,
      {
        label:
          'Approve it, with your key of ssh in place of KEY (add ?decision=refuse to refuse it):',
        command: `curl -fsS ${url(waiting.bundle, 'statement')} -o statement.json; cat statement.json; rm -f statement.json.sig; ssh-keygen -Y sign -f KEY -n culvert-approval-v1 statement.json`,
      },
      {
        label: 'Hand in your signature:',
        command: `cat statement.json statement.json.sig | curl -sS --data-binary @- ${page}/v1/statements`,
      },
    ],
  };
}
