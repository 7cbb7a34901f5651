import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { createSigningKey, readSigningKey, type SigningKey } from '../../bundle/index.ts';
import { readPrivateFile } from '../../setting-grammar.ts';

/** The demo vendor's signing key that `file` holds; a new one, written there for its owner alone, when there is none. */
export async function ensureSigningKey(file: string): Promise<SigningKey> {
  if (existsSync(file)) return readSigningKey(readPrivateFile(file, file), file);
  const { pem, key } = createSigningKey();
  // A start that is cut short leaves a whole key or none.
  await writeFile(`${file}.new`, pem, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return key;
}
