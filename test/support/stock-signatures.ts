import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyPair, sshKeygen } from '../domain/ssh-keygen.ts';

/** Signs as a person does, with `ssh-keygen -Y sign`. */
export function signByStock(
  pair: Pick<KeyPair, 'file'>,
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
    writeCases(folder, signers, cases);
    const words = ['-c', ACCEPTED, '-', folder, principal, namespace];
    return numbersOf(execFileSync('bash', words, { encoding: 'utf8' }));
  });
}

/** For bash, with a folder that `writeCases` filled, principal and namespace: prints the numbers of what is accepted. */
export const ACCEPTED = `cd "$1" && for file in *.sig; do
  ssh-keygen -Y verify -f signers -I "$2" -n "$3" -s "$file" <"\${file%.sig}" >/dev/null 2>&1 &&
    echo "\${file%.sig}"
done; :`;

/** Puts cases and an allowed_signers file into a folder. */
export function writeCases(folder: string, signers: string, cases: readonly StockCase[]): void {
  writeFileSync(join(folder, 'signers'), signers);
  for (const [index, { signature, message }] of cases.entries()) {
    writeFileSync(join(folder, `${index}.sig`), signature);
    writeFileSync(join(folder, `${index}`), message);
  }
}

/** What `ACCEPTED` printed. */
export function numbersOf(output: string): number[] {
  return output
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .sort((one, other) => one - other);
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
