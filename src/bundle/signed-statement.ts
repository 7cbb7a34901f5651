import { Problem } from '../domain/problem.ts';

/**
 * Parts what `cat statement.json statement.json.sig` gives: the text, its line feed included, and the
 * signature. Throws `statement-invalid` where the first line is no JSON object or nothing is behind it.
 */
export function splitSignedStatement(bytes: string): { text: string; signature: string } {
  const end = bytes.indexOf('\n') + 1;
  const [text, signature] = [bytes.slice(0, end), bytes.slice(end)];
  if (/^\{.*\}\n$/.test(text) && signature !== '') return { text, signature };
  throw new Problem('statement-invalid', 'statement: is not a statement with its signature', {
    field: 'statement',
    next: 'Send both: cat statement.json statement.json.sig | curl --data-binary @- …',
  });
}

/** A statement with all signatures under it, each as ssh-keygen writes it. */
export function formatSignedStatement(text: string, signatures: readonly string[]): string {
  return [text, ...signatures].join('');
}
