import { type Catalogue, templateOf } from './catalogue.ts';

/** The script that PAM runs when a key has logged in at the tunnel server, the same for everyone. */
export function renderLoginHook(catalogue: Catalogue): string {
  return templateOf(catalogue, 'login-hook').render({});
}

/** The PAM service of the tunnel server's sshd. `hook` is the script's absolute path. */
export function renderPamService(catalogue: Catalogue, hook: string): string {
  return templateOf(catalogue, 'pam-service').render({ hook });
}
