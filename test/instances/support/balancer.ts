import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from './instance.ts';

export interface Call {
  method?: 'GET' | 'POST' | 'DELETE';
  path: string;
  token?: string;
  body?: object;
  /** The client's address, which instances believe of a proxy that they trust. */
  from?: string;
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers.
  body: any;
  /** How often the call was made before without an answer. */
  lost: number;
}

const TRIES = 200;
const PAUSE_MS = 20;

/** Gives each call to the next instance, and to another one when that is gone or dies meanwhile. */
export function createBalancer(instances: readonly Instance[]): (call: Call) => Promise<Answer> {
  let turn = 0;
  return async (call) => {
    for (let lost = 0; lost < TRIES; lost += 1) {
      const { url } = instances[turn++ % instances.length] as Instance;
      try {
        return { ...(await send(url, call)), lost };
      } catch {
        await delay(PAUSE_MS);
      }
    }
    throw new Error(`no instance answers ${call.path}`);
  };
}

/** Calls one instance. Throws when it does not answer. */
export async function send(
  url: string,
  { method = 'GET', path, token, body, from }: Call,
): Promise<Omit<Answer, 'lost'>> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      accept: 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(from !== undefined && { 'x-forwarded-for': from }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}
