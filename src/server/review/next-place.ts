import type { Kysely } from 'kysely';
import { Problem } from '../../domain/problem.ts';
import type { Statement } from '../../domain/statement.ts';
import { lastStatement, type Tables } from '../../store/index.ts';

/** Where the next statement about a tunnel or an account stands. */
export interface NextPlace {
  serial: number;
  /** Digest of the statement before; null for the first. */
  previous: string | null;
}

/** The place behind the last statement that counts. */
export async function nextPlace(db: Kysely<Tables>, about: string): Promise<NextPlace> {
  const last = await lastStatement(db, about);
  return { serial: (last?.serial ?? 0) + 1, previous: last?.digest ?? null };
}

/** Throws a `conflict` problem when a statement does not stand at that place. */
export function checkPlace({ serial, previous }: Statement, next: NextPlace): void {
  if (serial === next.serial && previous === next.previous) return;
  const field = serial === next.serial ? 'previous' : 'serial';
  throw new Problem(
    'conflict',
    field === 'serial'
      ? `serial: is ${serial}, but the next statement has ${next.serial}`
      : 'previous: is not the digest of the last statement',
    { field, next: 'Get the text to sign anew; somebody was faster, or it was used before.' },
  );
}
