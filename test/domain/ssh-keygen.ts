import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type PublicKey, parsePublicKey } from '../../src/domain/public-key.ts';

/** A key pair that the real ssh-keygen made, gone when the test process ends. */
export interface KeyPair {
  /** Path of the private key; the public one is beside it with `.pub`. */
  file: string;
  /** The first line of the .pub file: `type blob comment`. */
  line: string;
}

const folder = mkdtempSync(join(tmpdir(), 'culvert-keys-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;

/** Makes a key pair with `ssh-keygen -t <type>` and, for RSA and ECDSA, `-b <bits>`. */
export function makeKeyPair(type: string, bits?: number): KeyPair {
  const file = join(folder, `key-${++made}`);
  const size = bits === undefined ? [] : ['-b', String(bits)];
  sshKeygen('-q', '-t', type, ...size, '-N', '', '-C', 'a comment', '-f', file);
  return { file, line: readFileSync(`${file}.pub`, 'utf8').trimEnd() };
}

/** The public half, as Culvert keeps it. */
export function publicKeyOf({ line }: KeyPair): PublicKey {
  return parsePublicKey(line.split(' ').slice(0, 2).join(' '));
}

/** Runs `ssh-keygen -s signer … subject.pub` and gives the certificate's line. */
export function makeCertificate(signer: KeyPair, subject: KeyPair, ...options: string[]): string {
  sshKeygen('-q', '-s', signer.file, ...options, `${subject.file}.pub`);
  return readFileSync(`${subject.file}-cert.pub`, 'utf8');
}

/** Runs ssh-keygen and gives what it printed. Throws when it fails. */
export function sshKeygen(...options: string[]): string {
  return execFileSync('ssh-keygen', options, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
