import { type Catalogue, templateOf } from './catalogue.ts';
import type { Platform } from './platform.ts';

/**
 * A script that explains why there is no installer, and exits with 6. It stands in for a 404, with
 * which `curl -f … | bash` would print nothing and succeed, and `iwr … -OutFile install.ps1` would
 * leave an older file to be run.
 */
export function renderErrorScript(
  catalogue: Catalogue,
  platform: Platform,
  problem: { code: string; detail: string; next: string },
): Buffer {
  const values = {
    code: printable(problem.code),
    detail: printable(problem.detail),
    next: printable(problem.next),
  };
  return Buffer.from(templateOf(catalogue, `${platform}-error`).render(values));
}

/**
 * One line of printable ASCII, which quotes as '…' everywhere: the script for Linux may meet a plain
 * sh, in which the $'…' of other text is no literal, and could end in the middle of a value.
 */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?');
}
