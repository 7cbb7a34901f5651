import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyPair, sshKeygen } from '../domain/ssh-keygen.ts';

/** Signs as a person does, with `ssh-keygen -Y sign`. */
export function signByStock(
  pair: KeyPair,
  namespace: string,
  message: Buffer | string,
  ...options: string[]
): string {
  return inFolder((folder) => {
    const file = join(folder, 'message');
    writeFileSync(file, message);
    sshKeygen('-q', '-Y', 'sign', '-f', pair.file, '-n', namespace, ...options, file);
    return readFileSync(`${file}.sig`, 'utf8');
  });
}

/** What is given to `ssh-keygen -Y verify`. */
export interface StockCase {
  signature: Buffer | string;
  message: Buffer | string;
}

/** The numbers of the cases that it accepts; all are tried in one shell. */
export function acceptedByStock(
  signers: string,
  principal: string,
  namespace: string,
  cases: readonly StockCase[],
): number[] {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'signers'), signers);
    for (const [index, { signature, message }] of cases.entries()) {
      writeFileSync(join(folder, `${index}.sig`), signature);
      writeFileSync(join(folder, `${index}`), message);
    }
    const each = `for ((i = 0; i < ${cases.length}; i++)); do
      ssh-keygen -Y verify -f signers -I "$1" -n "$2" -s $i.sig <$i >/dev/null 2>&1 && echo $i
    done; :`;
    const words = ['-c', each, '-', principal, namespace];
    const accepted = execFileSync('bash', words, { cwd: folder, encoding: 'utf8' });
    return accepted.split('\n').filter(Boolean).map(Number);
  });
}

function inFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-stock-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The bytes once for each of them, with one of its bits turned over; a line end becomes no other white space. */
export function* flipped(bytes: Buffer): Generator<Buffer> {
  for (const index of bytes.keys()) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(
      bytes.readUInt8(index) ^ (bytes[index] === 0x0a ? 4 : 1 << (index % 8)),
      index,
    );
    yield changed;
  }
}
