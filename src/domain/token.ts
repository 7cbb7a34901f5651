import { createHash, timingSafeEqual } from 'node:crypto';
import { ID_CHARACTERS, randomCharacters } from './id.ts';

/**
 * Secrets that Culvert hands out, all `<prefix>_<id>_<secret>`: the id finds the row, the secret
 * proves. Only a hash of the secret is stored; the whole is shown once.
 */
export const TOKEN_PREFIX = {
  enrolment: 'cvt',
  api: 'cva',
  join: 'cvj',
  agent: 'cvg',
} as const;

export type TokenKind = keyof typeof TOKEN_PREFIX;

export interface MintedToken {
  /** Sixteen characters, public: names the token in lists and the audit. */
  id: string;
  /** What is stored: 64 hex digits. */
  hash: string;
  /** The whole token. Show it once, keep it nowhere. */
  token: string;
}

/** Makes a new token: 80 bits of id, 160 bits of secret. */
export function mintToken(kind: TokenKind): MintedToken {
  const id = randomCharacters(16);
  const secret = randomCharacters(32);
  return { id, hash: hashSecret(secret), token: `${TOKEN_PREFIX[kind]}_${id}_${secret}` };
}

/** Splits a token of that kind, or gives undefined where `text` is not one. */
export function parseToken(
  kind: TokenKind,
  text: string,
): { id: string; secret: string } | undefined {
  const pattern = new RegExp(
    `^${TOKEN_PREFIX[kind]}_(${ID_CHARACTERS}{16})_(${ID_CHARACTERS}{32})$`,
  );
  const match = pattern.exec(text);
  if (!match) return undefined;
  return { id: match[1] as string, secret: match[2] as string };
}

/** Whether `secret` is the one that was stored as `hash`; takes the same time either way. */
export function secretMatches(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret), 'hex'), Buffer.from(hash, 'hex'));
}

// A plain hash will do: the secret is 160 random bits, so there is nothing to guess or slow down.
function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
