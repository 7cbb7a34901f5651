import type { FastifyError } from 'fastify';
import { Problem } from '../domain/problem.ts';
import { isConnectionLost } from '../store/index.ts';

/** Any error of a request as what its sender is told: never a stack, nor what only an operator may know. */
export function problemOf(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error;
  if (!isConnectionLost(error)) return problemOfFramework(error);
  return new Problem('unavailable', 'the store does not answer', {
    next: 'Try again in a few seconds.',
    retryAfter: 5,
  });
}

/** Fastify's own refusals (parsing, limits, validation) in our words. */
function problemOfFramework(error: FastifyError): Problem {
  if (error.validation) return problemOfValidation(error);
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new Problem('body-too-large', 'the body is larger than this route takes', {
      field: 'body',
      next: 'Send only the documented fields.',
    });
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new Problem('body-invalid', 'the body is of a type that this route does not read', {
      field: 'content-type',
      next: 'Send application/json; enrolment and keys also take text/plain lines.',
    });
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new Problem('body-invalid', 'the request cannot be read', {
      field: 'body',
      next: 'Send one well-formed JSON object.',
    });
  }
  return new Problem('internal', 'something failed on our side', {
    next: 'Try again; if it repeats, give the time of this request to the operator.',
  });
}

function problemOfValidation(error: FastifyError): Problem {
  // Errors of one unknown field come in pairs; the first that names a field says enough.
  const first = error.validation?.[0];
  const params = (first?.params ?? {}) as { requiredProperties?: string[] };
  const path = (first?.instancePath ?? '').split('/').slice(1).map(unescapePointer);
  const missing = params.requiredProperties?.[0];
  const field = [...path, ...(missing === undefined ? [] : [missing])].join('.');
  const whole = error.validationContext === 'body' ? 'body' : 'query';
  const named = field === '' ? whole : field;
  return new Problem('value-invalid', `${named}: ${reason(first, missing)}`, {
    field: named,
    next: `Correct ${named} and send the request again.`,
  });
}

function reason(
  first: { keyword: string; message?: string } | undefined,
  missing?: string,
): string {
  if (missing !== undefined) return 'is missing';
  // TypeBox reports an unknown property as one whose schema is `false`.
  if (first?.keyword === 'boolean') return 'is not a field of this request';
  return first?.message ?? 'is not as documented';
}

/** One part of a JSON pointer (RFC 6901, section 4). */
function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
