import { type Catalogue, templateOf } from './catalogue.ts';

/**
 * A script that explains why there is no installer, and exits with 6. It stands in for a 404, with
 * which `curl -f … | bash` would print nothing and succeed.
 */
export function renderErrorScript(
  catalogue: Catalogue,
  problem: { code: string; detail: string; next: string },
): Buffer {
  const values = {
    code: printable(problem.code),
    detail: printable(problem.detail),
    next: printable(problem.next),
  };
  return Buffer.from(templateOf(catalogue, 'linux-error').render(values));
}

/**
 * One line of printable ASCII, which quotes as '…' everywhere: this script may meet a plain sh, in
 * which the $'…' of other text is no literal, and could end in the middle of a value.
 */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?');
}
