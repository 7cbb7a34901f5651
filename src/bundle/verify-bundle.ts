import { gunzipSync } from 'node:zlib';
import type { BundleFile } from '../domain/bundle-file.ts';
import { Problem } from '../domain/problem.ts';
import type { AllowedSigner } from './allowed-signers.ts';
import { CHECKSUMS, CHECKSUMS_SIGNATURE, formatChecksums } from './checksums.ts';
import { unpackTar } from './tar.ts';
import { type Expectation, verifySignature } from './verify-signature.ts';

/** Many times what a bundle is; more would be there to fill the memory. */
const MAX_TAR_BYTES = 32 * 1024 * 1024;

/** A bundle that was checked. */
export interface VerifiedBundle {
  /** What the list names. */
  files: BundleFile[];
  /** The line that the signature counts by. */
  signer: AllowedSigner;
}

/**
 * Reads a compressed bundle whose files are those of its list, and nothing else is in it. Who made it
 * is another question. Throws `bundle-invalid`.
 */
export async function readBundle(gzip: Buffer): Promise<BundleFile[]> {
  const { files, list } = await open(gzip);
  checkListed(files, list);
  return files;
}

/**
 * Checks a compressed bundle as a whole: its list is signed as expected, it lists every file with
 * its digest, and nothing else is there. Throws `bundle-invalid`, or the problems of
 * `verifySignature`.
 */
export async function verifyBundle(gzip: Buffer, expected: Expectation): Promise<VerifiedBundle> {
  const { files, list, signature } = await open(gzip);
  if (!signature) invalid(`is not signed: it holds no ${CHECKSUMS_SIGNATURE}`);
  const signer = verifySignature(signature.toString('latin1'), list, expected, CHECKSUMS_SIGNATURE);
  checkListed(files, list);
  return { files, signer };
}

async function open(gzip: Buffer) {
  const all = await unpackTar(decompress(gzip)).catch(refuse);
  const [list, signature] = [CHECKSUMS, CHECKSUMS_SIGNATURE].map(
    (path) => all.find((file) => file.path === path)?.bytes,
  );
  if (!list) invalid(`holds no ${CHECKSUMS}`);
  const files = all.filter(({ path }) => ![CHECKSUMS, CHECKSUMS_SIGNATURE].includes(path));
  return { files, list, signature };
}

function checkListed(files: BundleFile[], list: Buffer): void {
  if (formatChecksums(files) === list.toString('latin1')) return;
  invalid(`holds other files than its ${CHECKSUMS} says`);
}

function decompress(gzip: Buffer): Buffer {
  try {
    return gunzipSync(gzip, { maxOutputLength: MAX_TAR_BYTES });
  } catch {
    return invalid('is not compressed by gzip, is damaged, or is far too large');
  }
}

function refuse(error: unknown): never {
  if (error instanceof RangeError) invalid(error.message);
  throw error;
}

function invalid(why: string): never {
  throw new Problem('bundle-invalid', `the bundle ${why}`, {
    field: 'bundle',
    next: 'Do not use it; ask who sent it, by another way than it came.',
  });
}
