import { Problem } from './problem.ts';

const DETAILS = {
  'token-missing': 'the request carries no enrolment token',
  'token-unknown': 'this enrolment token is not valid',
  'token-other-tunnel': 'this enrolment token is for another tunnel or slot',
  'token-expired': 'this enrolment token has expired',
  'token-spent': 'this enrolment token was used for another key',
} as const;

export type TokenRefusal = keyof typeof DETAILS;

/** An enrolment token does not do, for the reason in `code`. */
export class RefusedToken extends Problem {
  constructor(code: TokenRefusal) {
    super(code, DETAILS[code], {
      field: 'authorization',
      next: 'Ask the vendor for a new token for this tunnel.',
    });
  }
}
