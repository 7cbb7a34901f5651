import { type Catalogue, templateOf, textOf } from './catalogue.ts';

/** The script that PAM runs when a key has logged in at the tunnel server, the same for everyone. */
export function renderLoginHook(catalogue: Catalogue): string {
  return textOf(catalogue, 'login-hook');
}

/** The PAM service of the tunnel server's sshd. `hook` is the script's absolute path. */
export function renderPamService(catalogue: Catalogue, hook: string): string {
  return templateOf(catalogue, 'pam-service').render({ hook });
}
