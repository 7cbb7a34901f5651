import { type Static, Type } from 'typebox';
import { checkSlug, checkText } from './grammar.ts';

/** A customer of the vendor. */
export const AccountSchema = Type.Object(
  { slug: Type.String({ maxLength: 31 }), name: Type.String({ maxLength: 120 }) },
  { additionalProperties: false },
);

export type AccountInput = Static<typeof AccountSchema>;

export interface Account extends AccountInput {
  id: string;
  created_at: number;
}

/** Checks what the schema cannot say. Throws a problem that names the field. */
export function checkAccount(input: AccountInput): AccountInput {
  checkSlug('slug', input.slug);
  checkText('name', input.name);
  return input;
}
