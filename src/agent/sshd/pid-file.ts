import { readFileSync } from 'node:fs';

/** The process that a pid file names; undefined where there is none, or it names nothing. */
export function pidInFile(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'latin1');
    return /^[1-9]\d{0,9}\n?$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
