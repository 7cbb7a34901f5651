import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** What becomes of an answer on its way to the agent. */
const FAULTS = [
  'none',
  'delayed',
  /** The request has done its work, and nobody is told. */
  'lost',
  /** Cut off: fewer bytes than were announced. */
  'cut',
  /** Ends early, in order: half of it, with a length that says so. */
  'halved',
  /** An answer of some time ago comes once more instead of it. */
  'repeated',
  /** It is kept back, and comes in the place of the next one. */
  'reordered',
] as const;
type Fault = (typeof FAULTS)[number];

interface Answer {
  status: number;
  type: string;
  body: Buffer;
}

/** HTTP in front of a control plane that spoils answers. */
export interface UnreliableFront {
  url: string;
  /** How often each fault befell an answer. */
  counts: Record<Fault, number>;
  /** From now on every answer arrives as it is. */
  heal(): void;
  stop(): void;
}

/** Of all answers; the others arrive as they are. */
const SPOILT = 0.5;
const LONGEST_DELAY_MS = 300;
const REMEMBERED = 20;
/** An agent needs its own answer to this one: a credential, once. */
const JOIN = '/agent/v1/join';

/** Starts it on a free port; `random` gives 0 up to 1 and decides what befalls each answer. */
export async function startUnreliableFront(
  controlPlanePort: number,
  random: () => number,
): Promise<UnreliableFront> {
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  const earlier = new Map<string, Answer[]>();
  const kept = new Map<string, Answer>();
  let isHealed = false;

  const server = createServer(async (asked, answered) => {
    const [path = ''] = (asked.url ?? '').split('?');
    const answer = await forward(controlPlanePort, asked).catch(() => undefined);
    if (!answer || isHealed || path === JOIN) return send(answered, answer);
    const fault = random() < SPOILT ? pick(FAULTS, random) : 'none';
    counts[fault] += 1;
    const known = earlier.get(path) ?? [];
    earlier.set(path, [...known, answer].slice(-REMEMBERED));
    switch (fault) {
      case 'none':
        return send(answered, answer);
      case 'delayed':
        await sleep(random() * LONGEST_DELAY_MS);
        return send(answered, answer);
      case 'lost':
        return answered.destroy();
      case 'cut':
        answered.writeHead(answer.status, head(answer, answer.body.length));
        answered.write(half(answer.body), () => answered.destroy());
        return;
      case 'halved':
        return send(answered, { ...answer, body: half(answer.body) });
      case 'repeated':
        return send(answered, known.length > 0 ? pick(known, random) : answer);
      case 'reordered': {
        const before = kept.get(path);
        kept.set(path, answer);
        return before ? send(answered, before) : answered.destroy();
      }
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    heal() {
      isHealed = true;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function forward(port: number, asked: IncomingMessage): Promise<Answer> {
  const { method, url, headers } = asked;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false });
  onward.end(await buffer(asked));
  const [answer] = (await once(onward, 'response')) as [IncomingMessage];
  return {
    status: answer.statusCode ?? 502,
    type: answer.headers['content-type'] ?? '',
    body: await buffer(answer),
  };
}

function send(answered: ServerResponse, answer: Answer | undefined): void {
  if (!answer) answered.writeHead(502).end();
  else answered.writeHead(answer.status, head(answer, answer.body.length)).end(answer.body);
}

function head({ status, type }: Answer, length: number) {
  return status === 204 ? {} : { 'content-type': type, 'content-length': length };
}

const half = (body: Buffer) => body.subarray(0, body.length >> 1);

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}
