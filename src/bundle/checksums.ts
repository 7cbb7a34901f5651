import { hash } from 'node:crypto';
import { type BundleFile, byPath } from '../domain/bundle-file.ts';

/** The list of the digests, and the signature over it. */
export const CHECKSUMS = 'SHA256SUMS';
export const CHECKSUMS_SIGNATURE = 'SHA256SUMS.sig';

/** What `sha256sum --check` reads: a line a file, in the order of the paths. */
export function formatChecksums(files: readonly BundleFile[]): string {
  return files
    .toSorted(byPath)
    .map(({ path, bytes }) => `${hash('sha256', bytes)}  ${path}\n`)
    .join('');
}
