import { Problem } from '../domain/problem.ts';

/**
 * The text form of an SSHSIG signature (OpenSSH PROTOCOL.sshsig, "Armored format"): what
 * `ssh-keygen -Y sign` writes into FILE.sig.
 */

const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';
/** As ssh-keygen breaks its lines. */
const LINE_LENGTH = 70;
/** A signature by a 16,384-bit RSA key, the largest of OpenSSH, takes about 6,000 characters. */
const MAX_LENGTH = 16_384;

/** Writes a signature's bytes as ssh-keygen does. */
export function armor(blob: Buffer): string {
  const base64 = blob.toString('base64');
  const lines = base64.match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return `${[BEGIN, ...lines, END].join('\n')}\n`;
}

/**
 * Reads a signature's bytes. Lines may be of any length and end as on Windows; besides that there is
 * one spelling only: nothing before, between or behind. Throws `signature-malformed`, and says so
 * when it is something else that people paste.
 */
export function dearmor(text: string, field = 'signature'): Buffer {
  if (text.length > MAX_LENGTH) {
    malformed(field, `a signature has at most ${MAX_LENGTH} characters`);
  }
  if (/PRIVATE KEY/.test(text)) malformed(field, 'that is a private key: treat it as lost');
  if (/^-----BEGIN PGP/m.test(text)) malformed(field, 'that is of PGP, not of OpenSSH');
  const lines = text
    .replace(/\r?\n$/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''));
  const base64 = lines.slice(1, -1).join('');
  const blob = Buffer.from(base64, 'base64');
  const isArmored = lines[0] === BEGIN && lines.at(-1) === END && lines.length > 2;
  if (!isArmored || blob.toString('base64') !== base64) {
    malformed(field, 'that is not a signature of OpenSSH');
  }
  return blob;
}

function malformed(field: string, why: string): never {
  throw new Problem('signature-malformed', `${field}: ${why}`, {
    field,
    next: 'Give the whole file that ssh-keygen -Y sign wrote, from BEGIN to END SSH SIGNATURE.',
  });
}
