import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { BundleFile } from '../domain/bundle-file.ts';
import { CHECKSUMS, CHECKSUMS_SIGNATURE, formatChecksums } from './checksums.ts';
import type { Signing } from './signing.ts';
import { ARTIFACT_NAMESPACE, signBytes, signDigest } from './sshsig.ts';
import { packTar } from './tar.ts';

/** A bundle, ready to be sent. */
export interface Bundle {
  /** The tar, compressed. How well, and so these bytes, depends on the zlib at hand. */
  gzip: Buffer;
  /** SHA-256 of the tar, 64 hex digits. */
  sha256: string;
  /** The vendor's signature over the tar; undefined where the vendor signs nothing. */
  signature: string | undefined;
}

/**
 * Makes the bundle of these files: adds `SHA256SUMS`, and with a key `SHA256SUMS.sig` and
 * `allowed_signers`. The same files and key give the same tar. It is made as a stream: the tar is
 * never there as a whole, only what is left of it when it is compressed.
 */
export async function makeBundle(
  files: readonly BundleFile[],
  signing: Signing | undefined,
): Promise<Bundle> {
  const [sha256, sha512] = [createHash('sha256'), createHash('sha512')];
  async function* digest(tar: AsyncIterable<Buffer>) {
    for await (const chunk of tar) {
      sha256.update(chunk);
      sha512.update(chunk);
      yield chunk;
    }
  }
  const compress = createGzip();
  const [gzip] = await Promise.all([
    buffer(compress),
    pipeline(packTar(listed(files, signing)), digest, compress),
  ]);
  return {
    gzip,
    sha256: sha256.digest('hex'),
    signature: signing && signDigest(signing.key, ARTIFACT_NAMESPACE, sha512.digest()),
  };
}

/** The files with what vouches for them. */
function listed(files: readonly BundleFile[], signing: Signing | undefined): BundleFile[] {
  const all = [...files];
  if (signing) all.push({ path: 'allowed_signers', bytes: Buffer.from(signing.allowedSigners) });
  const list = Buffer.from(formatChecksums(all));
  all.push({ path: CHECKSUMS, bytes: list });
  if (signing) {
    const signature = signBytes(signing.key, ARTIFACT_NAMESPACE, list);
    all.push({ path: CHECKSUMS_SIGNATURE, bytes: Buffer.from(signature) });
  }
  return all;
}
