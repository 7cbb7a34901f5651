import { randomBytes } from 'node:crypto';

/** 32 characters without i, l, o and u: nothing to confuse when read aloud or retyped. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The characters of ids and tokens, for use inside a regular expression. */
export const ID_CHARACTERS = '[0-9a-hjkmnp-tv-z]';

export type IdPrefix = 'reg' | 'srv' | 'acc' | 'tun' | 'key';

const ID = new RegExp(`^(reg|srv|acc|tun|key)_${ID_CHARACTERS}{26}$`);

/** `length` random characters of the id alphabet: 5 bits each, from the system's generator. */
export function randomCharacters(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** A new id such as `tun_` and 26 random characters (130 bits): a tunnel's is a read capability. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${randomCharacters(26)}`;
}

/** Whether `value` has the form of an id of that kind. */
export function isId(prefix: IdPrefix, value: string): boolean {
  return value.startsWith(prefix) && ID.test(value);
}
