import { writeFile } from 'node:fs/promises';
import { Problem } from '../domain/problem.ts';

/** Writes the file of `--output`. Throws a problem that names it. */
export async function writeOutput(
  file: string,
  content: Buffer | string,
  options: { flag?: string; mode?: number } = {},
): Promise<void> {
  await writeFile(file, content, options).catch((error: Error) => {
    const field = '--output';
    const detail = `${field}: cannot be written: ${error.message}`;
    throw new Problem('value-invalid', detail, { field });
  });
}
