import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import {
  type AgentKey,
  type AgentReport,
  AgentReportSchema,
  type JoinAnswer,
  type JoinRequest,
  JoinRequestSchema,
} from '../../../src/domain/agent-protocol.ts';
import { keysDigest } from '../../../src/domain/keys-digest.ts';

export const JOIN_TOKEN = 'cvj_test';
const CREDENTIAL = 'cvg_test';

export type Row = AgentReport['slots'][number];

/** The agent's side of a control plane: checks each request by its schema, keeps what was reported. */
export class ControlPlane {
  readonly region: JoinAnswer['region'];
  readonly joins: JoinRequest[] = [];
  readonly reports: (AgentReport & { at: number })[] = [];
  /** What no agent may send. */
  readonly faults: unknown[] = [];
  /** When an agent was last told of a change, performance.now(). */
  answeredAt = 0;
  #keys = new Map<string, AgentKey>();
  #removed = new Map<string, number>();
  #added = new Map<string, number>();
  #revision = 0;
  #waiting = new Set<() => void>();
  #server: Server | undefined;
  #port = 0;

  constructor(region: Omit<JoinAnswer['region'], 'id' | 'slug'>) {
    this.region = { id: 'reg_test', slug: 'test', ...region };
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    this.#changed();
  }

  addKey(key: AgentKey): void {
    this.#revision += 1;
    this.#keys.set(key.fingerprint, key);
    this.#added.set(key.fingerprint, this.#revision);
    this.#changed();
  }

  removeKey(fingerprint: string): void {
    this.#revision += 1;
    this.#keys.delete(fingerprint);
    this.#removed.set(fingerprint, this.#revision);
    this.#changed();
  }

  /** What the reports say of a slot, as a control plane would put them together. */
  row(tunnel: string): Row | undefined {
    let row: Row | undefined;
    for (const { full, slots } of this.reports) {
      const reported = slots.find((slot) => slot.tunnel === tunnel);
      if (full || reported) row = reported;
    }
    return row;
  }

  /** Waits until a slot is as wanted; gives the row and the time, Date.now(), of its arrival. */
  async until(tunnel: string, wanted: (row: Row) => boolean, within = 60_000): Promise<Row> {
    return await this.#poll(within, `slot of ${tunnel}`, () => {
      const row = this.row(tunnel) ?? ({ session: 'down' } as Row);
      return wanted(row) ? row : undefined;
    });
  }

  /** Waits until an agent has all keys in place. */
  async applied(within = 60_000): Promise<void> {
    await this.#poll(within, `revision ${this.#revision}`, () =>
      this.reports.at(-1)?.applied === this.#revision ? true : undefined,
    );
  }

  async #poll<T>(within: number, what: string, look: () => T | undefined): Promise<T> {
    for (const end = Date.now() + within; ; await sleep(5)) {
      const found = look();
      if (found !== undefined) return found;
      if (Date.now() > end) {
        throw new Error(`waited for ${what}; last: ${JSON.stringify(this.reports.slice(-3))}`);
      }
    }
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.url);
    const chunks: Buffer[] = await request.toArray();
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const send = (status: number, answer?: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    };
    const isJoin = url.pathname === '/agent/v1/join';
    if (!isJoin && request.headers.authorization !== `Bearer ${CREDENTIAL}`) {
      return send(401, { code: 'token-unknown', detail: 'no such credential' });
    }
    switch (`${request.method} ${url.pathname}`) {
      case 'POST /agent/v1/join':
        return this.#join(this.#checked(JoinRequestSchema, body) as JoinRequest, send);
      case 'POST /agent/v1/report':
        this.reports.push({
          ...(this.#checked(AgentReportSchema, body) as AgentReport),
          at: Date.now(),
        });
        return send(200, { full: false });
      case 'GET /agent/v1/state':
        return await this.#state(Number(url.searchParams.get('since')), response, send);
      case 'GET /agent/v1/checks':
        // As one of the version before, which knows no checks. With a real one: test/instances.
        return send(404, { code: 'not-found', detail: 'nothing is served at this address' });
      default:
        this.faults.push(`${request.method} ${request.url}`);
        return send(404, {});
    }
  }

  #join(request: JoinRequest, send: (status: number, answer: unknown) => void): void {
    this.joins.push(request);
    if (request.join_token !== JOIN_TOKEN) {
      send(401, { code: 'token-unknown', detail: 'no such join token' });
      return;
    }
    send(200, { server: 'srv_test', region: this.region, credential: CREDENTIAL });
  }

  async #state(
    since: number,
    response: ServerResponse,
    send: (status: number, answer?: unknown) => void,
  ): Promise<void> {
    while (since >= this.#revision && !response.destroyed) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        response.on('close', resolve);
      });
      this.#waiting.clear();
    }
    const isNewer = ([, revision]: [string, number]) => revision > since;
    const fresh = new Map([...this.#added].filter(isNewer));
    this.answeredAt = performance.now();
    send(200, {
      revision: this.#revision,
      full: since === 0,
      keys: [...this.#keys.values()].filter(({ fingerprint }) => fresh.has(fingerprint)),
      removed: since === 0 ? [] : [...this.#removed].filter(isNewer).map(([key]) => key),
      digest: keysDigest(this.#keys.keys()),
    });
  }

  #checked(schema: TSchema, body: unknown): unknown {
    if (!Check(schema, body)) this.faults.push(Errors(schema, body));
    return body;
  }
}
