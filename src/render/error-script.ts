import { type Catalogue, templateOf } from './catalogue.ts';

/**
 * A script that explains why there is no installer, and exits with 6. It stands in for a 404, with
 * which `curl -f … | bash` would print nothing and succeed.
 */
export function renderErrorScript(
  catalogue: Catalogue,
  problem: { code: string; detail: string; next: string },
): Buffer {
  const { code, detail, next } = problem;
  return Buffer.from(templateOf(catalogue, 'linux-error').render({ code, detail, next }));
}
