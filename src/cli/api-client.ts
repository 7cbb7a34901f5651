import { readFileSync } from 'node:fs';
import { Problem } from '../domain/problem.ts';
import { parseToken } from '../domain/token.ts';
import { readSettings, type SettingName } from '../settings.ts';
import { isProblemCode } from './exit-code.ts';

/** The admin API as the commands see it. Every call throws the control plane's refusal as a Problem. */
export interface ApiClient {
  get<Answer>(path: string): Promise<Answer>;
  /** The items of a list, each page asked for when it is needed. */
  items<Item>(path: string): AsyncGenerator<Item>;
  /** Every item of a list. */
  list<Item>(path: string): Promise<Item[]>;
  create<Answer>(path: string, body: object): Promise<Answer>;
  change<Answer>(path: string, body: object): Promise<Answer>;
  remove(path: string): Promise<void>;
}

/** The settings of every command that talks to a control plane. */
export const CLIENT_SETTINGS = ['url', 'apiToken', 'apiTokenFile'] as const satisfies SettingName[];

const TIMEOUT_MS = 30_000;
const PAGE = 100;

/** A client as flags and environment say. Throws a Problem when no API token can be found. */
export function clientOf(flags: Record<string, unknown>): ApiClient {
  const { url, apiToken, apiTokenFile } = readSettings(CLIENT_SETTINGS, flags);
  return createApiClient(url, apiToken ?? readTokenFile(apiTokenFile));
}

/** A client of the control plane at `url`. */
export function createApiClient(url: string, token: string): ApiClient {
  if (parseToken('api', token) === undefined) {
    throw new Problem('token-missing', 'that is not an API token', {
      next: 'Set CULVERT_API_TOKEN to a token that starts with cva_.',
    });
  }
  const call = <Answer>(method: string, path: string, body?: object) =>
    request<Answer>(url, token, method, path, body);
  async function* items<Item>(path: string): AsyncGenerator<Item> {
    let cursor: string | null = '';
    do {
      const query = new URLSearchParams({ limit: String(PAGE), ...(cursor && { cursor }) });
      const page: { items: Item[]; next_cursor: string | null } = await call(
        'GET',
        `${path}?${query}`,
      );
      yield* page.items;
      cursor = page.next_cursor;
    } while (cursor);
  }
  return {
    get: (path) => call('GET', path),
    create: (path, body) => call('POST', path, body),
    change: (path, body) => call('PATCH', path, body),
    remove: (path) => call('DELETE', path),
    items,
    list: (path) => Array.fromAsync(items(path)),
  };
}

async function request<Answer>(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error) => {
    const cause = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.message;
    throw new Problem('unavailable', `the control plane at ${url} does not answer (${cause})`, {
      next: 'Start it with culvert serve, or set CULVERT_URL to where it is.',
    });
  });
  const text = await response.text();
  if (!response.ok) throw problemOf(url, response.status, text);
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
}

/** A refusal (RFC 9457) as the Problem that the control plane threw. */
function problemOf(url: string, status: number, text: string): Problem {
  const body = parse(text);
  if (!isProblemCode(body?.['code']) || typeof body['detail'] !== 'string') {
    return new Problem(
      'unavailable',
      `${url} answered ${status}, and not as a control plane would`,
      {
        next: 'Check CULVERT_URL and what stands between.',
      },
    );
  }
  const { code, detail, field, next, retry_after: retryAfter } = body;
  return new Problem(code, detail, {
    ...(typeof field === 'string' && { field }),
    ...(typeof next === 'string' && { next }),
    ...(typeof retryAfter === 'number' && { retryAfter }),
  });
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readTokenFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new Problem(
      'token-missing',
      `no API token: CULVERT_API_TOKEN is not set and ${file} cannot be read`,
      {
        next: 'Make one with: culvert api-token create --admin --name <name>',
      },
    );
  }
}
