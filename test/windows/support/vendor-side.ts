import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import pino from 'pino';
import { startControlPlane } from '../../../src/cli/control-plane.ts';
import { openAndMigrate } from '../../../src/cli/open-store.ts';
import { SCOPES } from '../../../src/domain/scope.ts';
import { AgentHost } from '../../agent/support/agent-host.ts';
import { apiToken } from '../../server/support/control-plane.ts';
import { freePort } from '../../support/free-port.ts';
import { makePortable } from './portable.ts';

/** A vendor on this machine: control plane, agent and sshd as they are, and a front that can fail. */
export interface VendorSide {
  slug: string;
  makeTunnel(slug: string, database: { host: string; port: number }): Promise<MadeTunnel>;
  /** The installer of a tunnel's slot, the first when not said otherwise, made portable. */
  installer(tunnel: MadeTunnel, slot?: number): Promise<Buffer>;
  /** Changes each installer on its way, until told otherwise. */
  tamper(change: ((script: Buffer) => Buffer) | undefined): void;
  /** Answers by digest what its front says of an installer's statements; before, there are none. */
  statements: Map<string, string>;
  api<Answer>(method: string, path: string, body?: object): Promise<Answer>;
  /** Spoils each answer to a request that holds `where` in its line or body, until told otherwise. */
  befall(fault: Fault | undefined, where?: string): void;
  stop(): Promise<void>;
}

export interface MadeTunnel {
  id: string;
  token: string;
  slots: [{ tunnel_port: number }];
  /** Address of the installer for Windows: here it comes made portable. */
  url: string;
}

export type Fault = '500' | 'html' | 'cut' | 'redirect';

const PORTAL = '<html><title>Sign in to the guest network</title></html>\n';

export interface VendorSideOptions {
  slug: string;
  firstTunnelPort: number;
  /** Key and certificate of the front, where it is to speak HTTPS. */
  tls?: { key: string; cert: string };
}

/** Starts one. */
export async function startVendorSide(options: VendorSideOptions): Promise<VendorSide> {
  const { slug, firstTunnelPort, tls } = options;
  const [publicPort, innerPort, sshPort] = [await freePort(), await freePort(), await freePort()];
  const publicUrl = `${tls ? 'https' : 'http'}://localhost:${publicPort}`;
  const agent = new AgentHost('root');
  const { store } = await openAndMigrate(`sqlite:${join(agent.folder, 'culvert.db')}`);
  const controlPlane = await startControlPlane(
    store,
    {
      publicUrl,
      trustProxy: [],
      vendor: { slug, name: `Vendor ${slug}` },
      serviceName: 'h_autossh',
    },
    { host: '127.0.0.1', port: innerPort },
    pino({ level: 'silent' }),
  );
  const token = await apiToken(store, [...SCOPES]);

  let fault: Fault | undefined;
  let where = '';
  const answerAll = async (asked: IncomingMessage, answered: ServerResponse) => {
    const body = await buffer(asked);
    const spoils = `${asked.method} ${asked.url}\n${body}`.includes(where);
    if (fault && spoils) spoil(fault, asked, answered);
    else await pass(asked, body, answered);
  };
  const front = tls ? createSecureServer(tls, answerAll) : createServer(answerAll);
  // A client that keeps its connection must not meet one that has just been closed.
  front.keepAliveTimeout = 300_000;
  front.listen(publicPort, '127.0.0.1');
  await once(front, 'listening');

  /** Asks the control plane itself, by its public name. */
  async function ask(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer) {
    const host = `localhost:${publicPort}`;
    const call = request({
      ...{ host: '127.0.0.1', port: innerPort, method, path },
      headers: { ...headers, host },
    });
    call.end(body);
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    return answer;
  }

  // A script made portable is none that the control plane knows, so it has no statements about it.
  let tampering = (script: Buffer) => script;
  const statements = new Map<string, string>();

  async function pass(asked: IncomingMessage, body: Buffer, answered: ServerResponse) {
    const { method = 'GET', url = '/', headers } = asked;
    const [, digest] = /\/v1\/statements\?artifact=(.*)$/.exec(url) ?? [];
    if (digest !== undefined) {
      answered.writeHead(200, { 'content-type': 'text/plain' });
      answered.end(`${statements.get(digest) ?? ''}end=1\n`);
      return;
    }
    const answer = await ask(method, url, headers, body);
    // A script that explains an error calls nothing of Windows.
    if (!url.endsWith('/install.ps1') || answer.headers['culvert-error']) {
      answered.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(answered);
      return;
    }
    const script = await makePortable(await buffer(answer));
    answered.writeHead(200, { 'content-type': 'text/plain' });
    answered.end(tampering(script));
  }

  const api: VendorSide['api'] = async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await ask(
      method,
      path,
      body ? headers : { authorization: headers.authorization },
      Buffer.from(body ? JSON.stringify(body) : ''),
    );
    const said = await text(answer);
    if ((answer.statusCode ?? 500) >= 300) throw new Error(`${method} ${path}: ${said}`);
    return JSON.parse(said || 'null');
  };

  const region = await api<{ id: string }>('POST', '/v1/regions', {
    ...{ slug: 'here', name: 'Here', login: agent.login, port: sshPort },
    ...{ first_tunnel_port: firstTunnelPort, last_tunnel_port: firstTunnelPort + 99 },
  });
  const { join_token: joinToken } = await api<{ join_token: string }>(
    'POST',
    `/v1/regions/${region.id}/servers`,
    { host: '127.0.0.1' },
  );
  const account = await api<{ id: string }>('POST', '/v1/accounts', {
    ...{ slug: 'customer', name: 'Customer Ltd' },
  });
  await agent.start(publicUrl, { joinToken });

  return {
    slug,
    statements,
    api,
    async makeTunnel(name, database) {
      const made = await api<Omit<MadeTunnel, 'url'>>('POST', '/v1/tunnels', {
        ...{ slug: name, name, account: account.id, region: region.id, issue_token: true },
        database: { type: 'postgresql', ...database },
      });
      return { ...made, url: `${publicUrl}/t/${made.id}/install.ps1` };
    },
    async installer({ id }, slot = 1) {
      const path = `/t/${id}/s/${slot}/install.ps1`;
      return makePortable(await buffer(await ask('GET', path, {}, NOTHING)));
    },
    befall(next, what = '') {
      fault = next;
      where = what;
    },
    tamper(change = (script) => script) {
      tampering = change;
    },
    async stop() {
      await agent.remove();
      front.closeAllConnections();
      front.close();
      await controlPlane.close();
      await store.close();
    },
  };
}

const NOTHING = Buffer.alloc(0);

function spoil(fault: Fault, asked: IncomingMessage, answered: ServerResponse): void {
  switch (fault) {
    case '500':
      answered.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Internal error</h1>');
      return;
    case 'html':
      answered.writeHead(200, { 'content-type': 'text/html' }).end(PORTAL);
      return;
    case 'redirect':
      answered.writeHead(302, { location: 'https://elsewhere.invalid/' }).end(PORTAL);
      return;
    case 'cut':
      answered.writeHead(200, { 'content-type': 'text/plain', 'content-length': '500' });
      answered.write('now=1\n', () => asked.socket.destroy());
  }
}
