import { Problem } from '../../domain/problem.ts';

/** `not-found` for a digest of which a tunnel never had a file. */
export function neverMade(): Problem {
  return new Problem('not-found', 'this tunnel never had such a file', {
    next: 'Compare the digest in the address with the one that you were given.',
  });
}
