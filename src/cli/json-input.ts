import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Problem } from '../domain/problem.ts';

/** What the JSON file of `--input` holds; `-` is standard input. Throws a problem that names it. */
export async function readJsonInput(file: string): Promise<unknown> {
  const reading = file === '-' ? text(process.stdin) : readFile(file, 'utf8');
  const content = await reading.catch((error: Error) => refuse('cannot be read', error));
  try {
    return JSON.parse(content);
  } catch (error) {
    return refuse(`${file} is not JSON`, error as Error);
  }
}

function refuse(what: string, error: Error): never {
  const field = '--input';
  throw new Problem('value-invalid', `${field}: ${what}: ${error.message}`, { field });
}
