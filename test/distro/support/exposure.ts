import { readPage } from '../../support/page.ts';

/* What tools find exposed at a tunnel server, and what docs/security.md says of it. */

const EXPLANATIONS = readPage('security.md').section('An installed tunnel server');

/** Of the findings of `systemd-analyze security --json=short` those of which the page says nothing. */
export function unexplainedExposure(
  findings: { name: string; exposure: string | null }[],
): string[] {
  return findings
    .filter(({ exposure }) => Number(exposure) > 0)
    .map(({ name }) => name)
    .filter((name) => !EXPLANATIONS.includes(keywordOf(name)));
}

/** What the page calls a finding, such as `CapabilityBoundingSet=~CAP_KILL`. */
function keywordOf(name: string): string {
  const [, setting = '', what = ''] = /^(\w+)=(?:~(.*))?$/.exec(name.split('/')[0] ?? '') ?? [];
  const [, before = '', first = ''] = /^([\w@]+)(?:\((\w+))?/.exec(what) ?? [];
  return `\`${before}${first}` === '`' ? `\`${setting}` : `\`${before}${first}`;
}

/** Whether a line of ssh-audit warns of an algorithm that was new to it, or of the one with X25519 in it. */
export function isExplainedKeyExchange(line: string): boolean {
  return /^\(kex\) (sntrup761x25519-sha512(@openssh\.com)?|mlkem768x25519-sha256|kex-strict-s-v00@openssh\.com) +-- \[warn\] (unknown algorithm|using experimental algorithm)$/.test(
    line,
  );
}
