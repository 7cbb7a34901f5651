import { readFile, writeFile } from 'node:fs/promises';
import { SCOPES } from '../../domain/scope.ts';
import { parseToken, secretMatches } from '../../domain/token.ts';
import { findApiToken, type Store } from '../../store/index.ts';
import { issueApiToken } from '../issue-api-token.ts';

/** The API token with every scope that `file` holds; a new one, written there for its owner alone, when it holds none that works. */
export async function ensureAdminToken(store: Store, file: string): Promise<string> {
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (await works(store, kept)) return kept;
  const { token } = await issueApiToken(store, {
    name: 'quickstart',
    scopes: [...SCOPES],
    accounts: null,
    expires_at: null,
  });
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return token;
}

async function works(store: Store, token: string): Promise<boolean> {
  const parts = parseToken('api', token);
  const known = parts && (await findApiToken(store.db, parts.id));
  return (
    known !== undefined &&
    known.revoked_at === null &&
    secretMatches(parts?.secret ?? '', known.hash)
  );
}
