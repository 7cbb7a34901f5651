import { createReadStream } from 'node:fs';
import { Check } from 'typebox/value';
import { type AuditRow, AuditRowSchema } from '../../domain/audit.ts';
import { Problem } from '../../domain/problem.ts';

/**
 * The rows of an export, one after the other; `-` reads standard input. Throws `value-invalid` for a
 * file that cannot be read, and `audit-broken` for a line that is no row.
 */
export async function* readExport(file: string): AsyncGenerator<AuditRow> {
  let seq = 0;
  for await (const line of linesOf(file)) {
    seq += 1;
    const row = parseJson(line);
    if (!Check(AuditRowSchema, row)) {
      throw new Problem('audit-broken', `row ${seq} cannot be read: its line is no row`, {
        field: 'file',
        next: 'Was the file cut off, or edited? Compare it with an earlier export.',
      });
    }
    yield row;
  }
}

/** Split at line feeds alone: readline would also split at U+2028, which may stand inside JSON. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunksOf(file)) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function* chunksOf(file: string): AsyncGenerator<string> {
  const stream = file === '-' ? process.stdin : createReadStream(file);
  try {
    yield* stream.setEncoding('utf8');
  } catch (error) {
    throw new Problem('value-invalid', `file: cannot be read: ${(error as Error).message}`, {
      field: 'file',
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
