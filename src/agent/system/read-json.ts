import { readFile } from 'node:fs/promises';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';

/** Reads a file of our own; undefined when it is not there or does not hold what it should. */
export async function readJson<T extends TSchema>(
  path: string,
  schema: T,
): Promise<Static<T> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Check(schema, value) ? (value as Static<T>) : undefined;
  } catch {
    return undefined;
  }
}
