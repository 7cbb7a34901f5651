import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePublicKey } from '../../../src/domain/public-key.ts';

/** A key pair made by the real ssh-keygen. */
export interface KeyPair {
  file: string;
  /** `type blob`. */
  publicKey: string;
  /** 64 hex digits. */
  fingerprint: string;
  privateKey: string;
}

const folder = mkdtempSync(join(tmpdir(), 'culvert-keys-'));
// Not by the test runner's hook: its async hooks would slow benchmarks down that use this.
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let made = 0;

/** Makes a key pair; `options` as ssh-keygen takes them. */
export function makeKey(options: string[] = ['-t', 'ed25519']): KeyPair {
  made += 1;
  const file = join(folder, `key-${made}`);
  execFileSync('ssh-keygen', ['-q', ...options, '-N', '', '-C', '', '-f', file]);
  const [type, blob] = readFileSync(`${file}.pub`, 'utf8').trim().split(' ');
  const publicKey = `${type} ${blob}`;
  const isWeak = options.includes('1024');
  return {
    file,
    publicKey,
    fingerprint: isWeak ? '' : parsePublicKey(publicKey).fingerprint,
    privateKey: readFileSync(file, 'utf8'),
  };
}

/** A proof as the installer makes it: a certificate about `subject`, signed by `signer`. */
export function prove(statement: string, signer: KeyPair, subject: KeyPair = signer): string {
  const copy = join(folder, `proof-${made}-${Math.random()}`);
  copyFileSync(`${subject.file}.pub`, `${copy}.pub`);
  const rsa = signer.publicKey.startsWith('ssh-rsa ') ? ['-t', 'rsa-sha2-512'] : [];
  const statementOptions = ['-I', statement, '-n', 'culvert-proof', '-O', 'clear'];
  execFileSync('ssh-keygen', ['-q', '-s', signer.file, ...rsa, ...statementOptions, `${copy}.pub`]);
  return readFileSync(`${copy}-cert.pub`, 'utf8').trim();
}
