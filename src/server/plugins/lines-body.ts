import type { FastifyInstance } from 'fastify';
import { parseLines } from '../../domain/lines.ts';
import { Problem } from '../../domain/problem.ts';

/** Reads `text/plain` bodies of `name=value` lines into the same flat fields that JSON has. */
export function readLinesBodies(app: FastifyInstance): void {
  app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => {
    const text = String(body);
    const lines = parseLines(text);
    if (!lines) return done(unreadable(text));
    done(null, lines);
  });
}

/** A pasted private key has many lines, so it fails here already: say what really is wrong. */
function unreadable(text: string): Problem {
  if (/PRIVATE KEY/.test(text)) {
    return new Problem('key-private', 'that is a private key, not a public one', {
      field: 'public_key',
      next: 'Treat that private key as lost: make a new pair, and send the .pub file.',
    });
  }
  return new Problem('body-invalid', 'the body is cut, or not made of name=value lines', {
    field: 'body',
    next: 'Send lines of printable ASCII, each name once, the last one end=1.',
  });
}
