import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';
import {
  type AgentReport,
  AgentReportAnswerSchema,
  type AgentState,
  AgentStateSchema,
  type AskedCheck,
  AskedChecksSchema,
  type CheckReport,
  type JoinAnswer,
  JoinAnswerSchema,
  type JoinRequest,
  MAX_WAIT_SECONDS,
} from '../domain/agent-protocol.ts';
import { Problem, type ProblemCode } from '../domain/problem.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const NO_CONTENT = 204;

interface Call {
  method: 'GET' | 'POST';
  path: string;
  credential?: string;
  body?: unknown;
  signal: AbortSignal;
  timeout?: number;
}

/** Joins a region with a join token. Throws the control plane's refusal, or `unavailable`. */
export async function join(
  url: string,
  request: JoinRequest,
  signal: AbortSignal,
): Promise<JoinAnswer> {
  const answer = await call(url, { method: 'POST', path: 'join', body: request, signal });
  return checked(JoinAnswerSchema, answer);
}

/**
 * Asks for what has changed since a revision (0: for all there is), and waits for it. Undefined when
 * nothing has changed in time. `digest` is of the keys at that revision: where the store came back
 * from a backup, the same number may mean other keys.
 */
export async function fetchState(
  url: string,
  credential: string,
  { since, digest }: { since: number; digest: string },
  signal: AbortSignal,
): Promise<AgentState | undefined> {
  const answer = await call(url, {
    method: 'GET',
    path: `state?since=${since}&digest=${digest}&wait=${MAX_WAIT_SECONDS}`,
    credential,
    signal,
    timeout: MAX_WAIT_SECONDS * 1000 + REQUEST_TIMEOUT_MS,
  });
  return answer === undefined ? undefined : checked(AgentStateSchema, answer);
}

/** Sends a report; the answer says whether the control plane wants a full one next. */
export async function sendReport(
  url: string,
  credential: string,
  report: AgentReport,
  signal: AbortSignal,
): Promise<{ full: boolean }> {
  const answer = await call(url, {
    method: 'POST',
    path: 'report',
    credential,
    body: report,
    signal,
  });
  return checked(AgentReportAnswerSchema, answer);
}

/** Waits to be asked for checks of slots; gives none when nobody asked in time. */
export async function fetchChecks(
  url: string,
  credential: string,
  signal: AbortSignal,
): Promise<AskedCheck[]> {
  const answer = await call(url, {
    method: 'GET',
    path: `checks?wait=${MAX_WAIT_SECONDS}`,
    credential,
    signal,
    timeout: MAX_WAIT_SECONDS * 1000 + REQUEST_TIMEOUT_MS,
  });
  return answer === undefined ? [] : checked(AskedChecksSchema, answer).checks;
}

/** Says what a check saw. */
export async function sendCheck(
  url: string,
  credential: string,
  id: string,
  report: CheckReport,
  signal: AbortSignal,
): Promise<void> {
  const path = `checks/${encodeURIComponent(id)}`;
  await call(url, { method: 'POST', path, credential, body: report, signal });
}

async function call(url: string, request: Call): Promise<unknown> {
  const { method, path, credential, body, signal, timeout = REQUEST_TIMEOUT_MS } = request;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}/agent/v1/${path}`, {
      method,
      headers: {
        ...(credential && { authorization: `Bearer ${credential}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // A redirect would carry the credential elsewhere.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    text = await response.text();
  } catch (error) {
    throw new Problem('unavailable', `${url} does not answer: ${causeOf(error)}`, {
      next: 'See that the control plane runs and that this host reaches it.',
    });
  }
  if (response.status === NO_CONTENT) return undefined;
  const answer = parseJson(text);
  if (!response.ok) throw refusal(response.status, answer);
  return answer;
}

/** The control plane's problem details (RFC 9457) as the problem that they were made from. */
function refusal(status: number, answer: unknown): Problem {
  const { code, detail, field, next } = (answer ?? {}) as Record<string, unknown>;
  const isOurs = typeof code === 'string' && typeof detail === 'string';
  if (!isOurs || status >= 500) {
    return new Problem('unavailable', `the control plane answered with status ${status}`);
  }
  return new Problem(code as ProblemCode, detail, {
    ...(typeof field === 'string' && { field }),
    ...(typeof next === 'string' && { next }),
  });
}

function checked<T extends TSchema>(schema: T, answer: unknown): Static<T> {
  if (Check(schema, answer)) return answer as Static<T>;
  throw new Problem('unavailable', 'the control plane gave an answer of another form', {
    next: 'See that agent and control plane are of the same version.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
