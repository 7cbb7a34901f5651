import { Problem } from './problem.ts';
import type { KeyType, PublicKey } from './public-key.ts';
import { isSignatureBy } from './ssh-signature.ts';
import { WireReader } from './wire-reader.ts';

/**
 * Proof of possession: an OpenSSH certificate used as a signature, made by
 * `ssh-keygen -s KEY -I '<statement>' -n culvert-proof -O clear KEY.pub`. Every OpenSSH since 5.6
 * can make one, whereas `ssh-keygen -Y sign` needs 8.1 (RHEL 8 and Server 2019 ship older ones).
 * Certificate form: OpenSSH PROTOCOL.certkeys. Serial, nonce and validity are ignored: a statement
 * names keys that never return once removed, so a replay does nothing.
 */

const PRINCIPAL = 'culvert-proof';
const MAX_LINE = 4096;
const MAX_STATEMENT = 512;
const USER_CERTIFICATE = 1;
/** The larger curves, which no installer makes a key of, are left out. */
const SIGNERS: readonly KeyType[] = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa'];

export interface ProofExpectation {
  /** The exact key id that the certificate must carry. */
  statement: string;
  /** The key that the certificate is about. */
  subject: PublicKey;
  /** The key that must have signed it. */
  signer: PublicKey;
}

/** The statement by which a proxy enrols a key with a token. */
export function enrolStatement(tunnel: string, slot: number, tokenId: string): string {
  return `culvert-enrol-v1 ${tunnel} ${slot} ${tokenId}`;
}

/** The statement by which a slot's key takes a new one in; both keys sign it. */
export function addKeyStatement(
  tunnel: string,
  slot: number,
  oldHex: string,
  newHex: string,
): string {
  return `culvert-key-v1 add ${tunnel} ${slot} ${oldHex} ${newHex}`;
}

/** The statement by which a slot's active key removes one of its keys. */
export function removeKeyStatement(tunnel: string, slot: number, targetHex: string): string {
  return `culvert-key-v1 remove ${tunnel} ${slot} ${targetHex}`;
}

/**
 * Accepts a proof or throws `proof-missing` or `proof-invalid` naming `field`. Nothing of the
 * certificate is interpreted: each part must equal what is expected, byte for byte.
 */
export function verifyProof(
  line: string | undefined,
  expected: ProofExpectation,
  field = 'proof',
): void {
  if (line === undefined || line === '') {
    throw new Problem('proof-missing', 'the request does not prove that you hold the private key', {
      field,
      next: 'Run the installer: it makes the proof with ssh-keygen.',
    });
  }
  let accepted: boolean;
  try {
    accepted = line.length <= MAX_LINE && isProof(line.replace(/\r?\n$/, ''), expected);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    accepted = false;
  }
  if (!accepted) {
    throw new Problem(
      'proof-invalid',
      'the proof is not a signature by that key over this request',
      {
        field,
        next: 'Run the installer again; if it repeats, the key files on the proxy are damaged.',
      },
    );
  }
}

function isProof(line: string, { statement, subject, signer }: ProofExpectation): boolean {
  const parts = line.split(' ');
  const [type, base64] = parts;
  if (parts.length < 2 || type === undefined || base64 === undefined) return false;
  if (type !== certificateType(subject) || statement.length > MAX_STATEMENT) return false;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) return false;

  const reader = new WireReader(bytes);
  if (reader.text() !== type) return false;
  reader.string(); // nonce
  const keyStart = reader.offset;
  const subjectParts = new WireReader(Buffer.from(subject.blob, 'base64'));
  subjectParts.string(); // type
  reader.skip(subjectParts.rest().length);
  if (!bytes.subarray(keyStart, reader.offset).equals(subjectParts.rest())) return false;
  reader.uint64(); // serial
  if (reader.uint32() !== USER_CERTIFICATE) return false;
  if (reader.text() !== statement) return false;
  const principals = new WireReader(reader.string());
  if (principals.text() !== PRINCIPAL || !principals.atEnd()) return false;
  reader.uint64(); // valid after
  reader.uint64(); // valid before
  const criticalOptions = reader.string();
  const extensions = reader.string();
  const reserved = reader.string();
  if (criticalOptions.length + extensions.length + reserved.length > 0) return false;
  if (reader.string().toString('base64') !== signer.blob) return false;
  const signed = bytes.subarray(0, reader.offset);
  const signature = reader.string();
  return (
    reader.atEnd() && SIGNERS.includes(signer.type) && isSignatureBy(signer, signed, signature)
  );
}

function certificateType({ type }: PublicKey): string {
  return `${type}-cert-v01@openssh.com`;
}
