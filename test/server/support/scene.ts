import type { LightMyRequestResponse } from 'fastify';
import type { AgentReport, AgentState, JoinAnswer } from '../../../src/domain/agent-protocol.ts';
import { keysDigest } from '../../../src/domain/keys-digest.ts';
import { encodeLines, type Lines, parseLines } from '../../../src/domain/lines.ts';
import { enrolStatement } from '../../../src/domain/proof.ts';
import { parseToken } from '../../../src/domain/token.ts';
import type { ControlPlane } from './control-plane.ts';
import { type KeyPair, makeKey, prove } from './ssh-keys.ts';

/** A region with a joined tunnel server, an account and a tunnel. */
export interface Scene {
  region: string;
  account: string;
  server: string;
  credential: string;
  tunnel: string;
}

export const RENDER = 'a'.repeat(64);

let named = 0;

/** A slug that nothing else has. */
export function freshSlug(prefix: string): string {
  named += 1;
  return `${prefix}-${named}`;
}

export async function setScene(plane: ControlPlane): Promise<Scene> {
  const { api } = plane;
  const region = await api<{ id: string }>('POST', '/v1/regions', {
    slug: freshSlug('region'),
    name: 'Europe',
  });
  const joined = await joinServer(plane, region.id);
  const account = await api<{ id: string }>('POST', '/v1/accounts', {
    slug: freshSlug('account'),
    name: 'Customer',
  });
  const tunnel = await addTunnel(plane, region.id, account.id);
  return {
    region: region.id,
    account: account.id,
    server: joined.server,
    credential: joined.credential,
    tunnel,
  };
}

export async function addTunnel(
  { api }: ControlPlane,
  region: string,
  account: string,
): Promise<string> {
  const { id } = await api<{ id: string }>('POST', '/v1/tunnels', {
    slug: freshSlug('tunnel'),
    name: 'Orders',
    account,
    region,
    database: { type: 'postgresql', host: 'db.example', port: 5432 },
  });
  return id;
}

const hostKeys = [makeKey(), makeKey()] as const;

/** What an agent sends to join. */
export function joinRequest(joinToken: string) {
  const [active, spare] = hostKeys;
  return {
    join_token: joinToken,
    host_keys: { active: active.publicKey, spare: spare.publicKey },
    mode: 'root',
    login: 'tunnel',
    openssh: 'OpenSSH_9.2p1',
    protocol: 1,
  };
}

export async function joinServer({ app, api }: ControlPlane, region: string): Promise<JoinAnswer> {
  const { join_token } = await api<{ join_token: string }>(
    'POST',
    `/v1/regions/${region}/servers`,
    { host: `${freshSlug('host')}.example`, aliases: [] },
  );
  const payload = joinRequest(join_token);
  const answer = await app.inject({ method: 'POST', url: '/agent/v1/join', payload });
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.json();
}

export async function issueToken(
  { api }: ControlPlane,
  tunnel: string,
  terms: { slot?: number; uses?: number; sources?: string[]; confirm?: boolean } = {},
): Promise<string> {
  const { token } = await api<{ token: string }>('POST', `/v1/tunnels/${tunnel}/tokens`, terms);
  return token;
}

/** The fields of an enrolment with a right proof. */
export function enrolFields(tunnel: string, token: string, key: KeyPair, slot = 1): Lines {
  const tokenId = parseToken('enrolment', token)?.id ?? '';
  return {
    slot: String(slot),
    public_key: key.publicKey,
    proof: prove(enrolStatement(tunnel, slot, tokenId), key),
    render: RENDER,
    platform: 'linux',
  };
}

/** Sends lines as an installer does. */
export function sendLines(
  { app }: ControlPlane,
  url: string,
  fields: Lines,
  token = '',
): Promise<LightMyRequestResponse> {
  return app.inject({
    method: 'POST',
    url,
    headers: {
      'content-type': 'text/plain',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    },
    payload: encodeLines(fields),
  });
}

/** Enrols a key, for slot 1 when not said otherwise, and gives the answer. */
export function enrolKey(
  plane: ControlPlane,
  tunnel: string,
  token: string,
  key: KeyPair,
  slot = 1,
): Promise<LightMyRequestResponse> {
  const fields = enrolFields(tunnel, token, key, slot);
  return sendLines(plane, `/t/${tunnel}/v1/enrol`, fields, token);
}

/** The lines of an answer; fails when they were cut. */
export function linesOf(answer: LightMyRequestResponse): Lines {
  const lines = parseLines(answer.body);
  if (!lines) throw new Error(`not lines: ${answer.body}`);
  return lines;
}

export async function statusOf(
  { app }: ControlPlane,
  tunnel: string,
  key?: string,
): Promise<Lines> {
  const query = key === undefined ? '' : `&key=${key}`;
  return linesOf(await app.inject(`/t/${tunnel}/v1/status?slot=1${query}`));
}

/** An agent's long poll. */
export function pollState(
  { app }: ControlPlane,
  credential: string,
  since: number,
  wait = 0,
): Promise<LightMyRequestResponse> {
  return app.inject({
    url: `/agent/v1/state?since=${since}&wait=${wait}`,
    headers: { authorization: `Bearer ${credential}` },
  });
}

let sequence = 0;

/** Reports that everything of a state is applied, and what of the slots is given. */
export async function report(
  { app }: ControlPlane,
  credential: string,
  state: Pick<AgentState, 'revision' | 'keys'>,
  more: Partial<AgentReport> = {},
): Promise<LightMyRequestResponse> {
  sequence += 1;
  return app.inject({
    method: 'POST',
    url: '/agent/v1/report',
    headers: { authorization: `Bearer ${credential}` },
    payload: {
      boot: 'boot',
      seq: sequence,
      applied: state.revision,
      digest: keysDigest(state.keys.map(({ fingerprint }) => fingerprint)),
      full: true,
      slots: [],
      ...more,
    },
  });
}
