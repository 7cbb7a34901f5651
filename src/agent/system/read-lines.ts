import { closeSync, existsSync, openSync, readSync } from 'node:fs';

/** Ten lines of the kernel's table of IPv4's connections. */
const CHUNK = 1500;

/** Lines of a table in /proc, read a few at a time, as they are asked for; none of one that is absent. */
export function* readLines(path: string): Generator<string> {
  // Where the kernel has no IPv6, it has no table of it either.
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK);
    let rest = '';
    for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
      const lines = (rest + chunk.toString('latin1', 0, length)).split('\n');
      rest = lines.pop() as string;
      yield* lines;
    }
  } finally {
    closeSync(file);
  }
}
