import { quoteEnvironment } from './environment.ts';
import { quoteKnownHosts } from './known-hosts.ts';
import { quotePam } from './pam.ts';
import { quotePowerShell } from './powershell.ts';
import { quoteShell } from './shell.ts';
import { quoteSshConfig } from './ssh-config.ts';
import { quoteSshdConfig } from './sshd-config.ts';
import { quoteSystemd } from './systemd.ts';
import { quoteText } from './text.ts';

/**
 * What `{{quote value}}` means in each language a template can be in. A quoting function returns the
 * whole literal, or throws a RangeError that says why the language cannot carry the value.
 */
export const QUOTING = {
  shell: quoteShell,
  powershell: quotePowerShell,
  'ssh-config': quoteSshConfig,
  'known-hosts': quoteKnownHosts,
  'sshd-config': quoteSshdConfig,
  pam: quotePam,
  systemd: quoteSystemd,
  environment: quoteEnvironment,
  text: quoteText,
} as const satisfies Record<string, (value: string) => string>;

export type Language = keyof typeof QUOTING;

/** Whether templates can be in that language. */
export function isLanguage(name: string): name is Language {
  return Object.hasOwn(QUOTING, name);
}
