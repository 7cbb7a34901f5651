import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Container, type Network, startContainer, vendorImage } from './bed/index.ts';
import { until } from './until.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const STORE_FILE = '/var/lib/culvert-control/culvert.db';
const CULVERT = '/opt/culvert/node_modules/.bin/node /opt/culvert/src/main.ts';

/** A tunnel as the vendor's API gave it. */
export interface MadeTunnel {
  id: string;
  slug: string;
  command: string;
  token: string;
  token_command: string;
  slots: { slot: number; host: string; tunnel_port: number }[];
}

/** The address of a tunnel's installer, at the vendor host that has the name it usually has. */
export const urlOf = ({ id }: { id: string }) => `http://vendor:8080/t/${id}/install.sh`;

/** Where the vendor's application connects to. */
export const portOf = ({ slots }: MadeTunnel) => slots[0]?.tunnel_port ?? 0;

/** The vendor's side on one host: control plane, agent and sshd, each its own unit. */
export interface VendorHost {
  container: Container;
  /** Calls the vendor's API as an administrator; throws unless it answers with 2xx. */
  api<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>;
  /** A tunnel to a PostgreSQL, that of `startDatabaseHost` unless told otherwise, with a fresh enrolment token. */
  makeTunnel(slug: string, database?: { host: string; port: number }): Promise<MadeTunnel>;
  /** Changes the store behind the control plane's back, for what its API does not do. */
  sql(statement: string): Promise<void>;
  /** A fresh enrolment token. */
  makeToken(tunnel: string): Promise<string>;
  /** Makes a token as old as if its time were over; the API gives none for less than a minute. */
  expireToken(token: string): Promise<void>;
  /** Queries through a tunnel port, as the vendor's application would; gives psql's output or undefined. */
  query(tunnelPort: number, sql?: string): Promise<string | undefined>;
  /** Waits until a query through the tunnel port answers; gives milliseconds. Throws after `limitMs`. */
  untilAnswered(tunnelPort: number, limitMs?: number): Promise<number>;
  /** Waits until the API, too, says that a tunnel's database answers: an application may be first. */
  untilReported(tunnel: MadeTunnel): Promise<void>;
  /** Starts, stops or kills `culvert` or `culvert-agent`; a start waits until the former serves. */
  systemctl(...words: string[]): Promise<void>;
}

export interface VendorOptions {
  /** The public URL, where it is not the plain one of the host; `prepare` makes it answer. */
  url?: string;
  /** Further settings of the control plane. */
  settings?: Record<string, string>;
  /** Further variables of the agent. */
  agent?: Record<string, string>;
  /** Fields of the region and of its tunnel server beside their names. */
  region?: object;
  server?: object;
  /** Of the host, beyond podman's default. */
  capabilities?: readonly string[];
  /** What is done on the host before anything starts. */
  prepare?(host: Container): Promise<void>;
}

/** Starts the vendor's side as `docs/quickstart` describes for one host, and joins its tunnel server. */
export async function startVendorHost(
  network: Network,
  name = 'vendor',
  options: VendorOptions = {},
): Promise<VendorHost> {
  const container = await startContainer({
    image: vendorImage(),
    network,
    name,
    mounts: [{ from: REPOSITORY, to: '/opt/culvert' }],
    capabilities: options.capabilities ?? [],
  });
  const url = options.url ?? `http://${name}:8080`;
  const publicHost = new URL(url).host;
  await options.prepare?.(container);
  await writeUnit(container, 'culvert', `${CULVERT} serve --migrate`, {
    CULVERT_PUBLIC_URL: url,
    CULVERT_LISTEN: '0.0.0.0:8080',
    CULVERT_STORE: `sqlite:${STORE_FILE}`,
    CULVERT_VENDOR: 'acme',
    CULVERT_VENDOR_NAME: 'Acme BI',
    ...options.settings,
  });
  await container.output('install -d -m 0700 /var/lib/culvert-control; systemctl start culvert');
  const environment = `CULVERT_STORE=sqlite:${STORE_FILE}`;
  await untilServing(container);
  const { token } = JSON.parse(
    await container.output(
      `${environment} ${CULVERT} api-token create --admin --name tests --json`,
    ),
  );

  const api: VendorHost['api'] = (method, path, body) =>
    callApi(container.address, publicHost, token, { method, path, body });

  const region = await api<{ id: string }>('POST', '/v1/regions', {
    ...options.region,
    slug: 'eu',
    name: 'Europe',
  });
  const joined = await api<{ join_token: string }>('POST', `/v1/regions/${region.id}/servers`, {
    ...options.server,
    host: name,
  });
  const account = await api<{ id: string }>('POST', '/v1/accounts', {
    slug: 'customer',
    name: 'Customer Ltd',
  });
  await writeUnit(container, 'culvert-agent', `${CULVERT} tunnel-server`, {
    CULVERT_CONTROL_PLANE: url,
    CULVERT_JOIN_TOKEN: joined.join_token,
    ...options.agent,
  });
  await container.output(
    'id tunnel >/dev/null 2>&1 || useradd --system --password "*" tunnel; systemctl start culvert-agent',
  );
  await untilJoined(container, api, region.id);

  async function query(tunnelPort: number, sql = 'select value from greeting') {
    const psql = [
      'psql',
      '-h',
      '127.0.0.1',
      '-p',
      String(tunnelPort),
      '-U',
      'app',
      '-Atc',
      sql,
      'app',
    ];
    const env = { PGPASSWORD: 'app', PGCONNECT_TIMEOUT: '3' };
    const { code, stdout } = await container.exec(psql, { env, timeoutMs: 15_000 });
    return code === 0 ? stdout.trim() : undefined;
  }

  async function sql(statement: string) {
    await container.output(`/opt/culvert/node_modules/.bin/node -e '
      const { DatabaseSync } = require("node:sqlite");
      new DatabaseSync("${STORE_FILE}").exec(\`${statement.replaceAll("'", "'\\''")}\`);'`);
  }

  return {
    container,
    api,
    query,
    sql,
    makeTunnel: (slug, { host, port } = { host: 'database', port: 5432 }) =>
      api('POST', '/v1/tunnels', {
        slug,
        name: `Tunnel ${slug}`,
        account: account.id,
        region: region.id,
        database: { type: 'postgresql', host, port },
        issue_token: true,
      }),
    async makeToken(tunnel) {
      const made = await api<{ token: string }>('POST', `/v1/tunnels/${tunnel}/tokens`, {});
      return made.token;
    },
    async expireToken(token) {
      const [, id = ''] = token.split('_');
      const statement = `update enrolment_token set expires_at = 1 where id = '${id}'`;
      await sql(statement);
    },
    async untilAnswered(tunnelPort, limitMs = 60_000) {
      const started = performance.now();
      for (;;) {
        if ((await query(tunnelPort)) !== undefined) return performance.now() - started;
        if (performance.now() - started > limitMs) {
          throw new Error(`no answer through port ${tunnelPort} within ${limitMs} ms`);
        }
        await sleep(250);
      }
    },
    untilReported: ({ id, slug }) =>
      until(`the agent has reported ${slug}`, async () => {
        const { slots } = await api<{ slots: [{ status: { database: string } }] }>(
          'GET',
          `/v1/tunnels/${id}`,
        );
        return slots[0].status.database === 'answers';
      }),
    async systemctl(...words) {
      await container.output(`systemctl ${words.join(' ')}`);
      const [verb = '', unit] = words;
      if (unit === 'culvert' && ['start', 'restart'].includes(verb)) await untilServing(container);
    },
  };
}

/** `fetch` would send the address as Host; the control plane answers to its public name alone. */
async function callApi<T>(
  address: string,
  publicHost: string,
  token: string,
  { method, path, body }: { method: string; path: string; body: unknown },
): Promise<T> {
  const call = request({
    host: address,
    port: 8080,
    method,
    path,
    headers: {
      host: publicHost,
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  });
  call.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const answer = await text(response);
  if ((response.statusCode ?? 500) >= 300) {
    throw new Error(`${method} ${path}: ${response.statusCode} ${answer}`);
  }
  return (answer === '' ? undefined : JSON.parse(answer)) as T;
}

/** A unit of its own, as an operator would write it; the agent's sshd outlives its unit's restart. */
async function writeUnit(
  container: Container,
  name: string,
  command: string,
  environment: Record<string, string>,
): Promise<void> {
  const lines = Object.entries(environment).map(([key, value]) => `Environment="${key}=${value}"`);
  await container.writeFile(
    `/etc/systemd/system/${name}.service`,
    `[Service]\n${lines.join('\n')}\nExecStart=${command}\nKillMode=process\nRestart=always\nRestartSec=1\n[Install]\nWantedBy=multi-user.target\n`,
  );
  await container.output(`systemctl daemon-reload; systemctl enable ${name}`);
}

/** How long a service of the vendor's host may take to start where other tests compute beside it. */
const START_MS = 60_000;

async function untilServing(container: Container): Promise<void> {
  await untilStarted(container, 'culvert', async () => {
    const { code } = await container.shell('curl -fsS http://127.0.0.1:8080/readyz');
    return code === 0;
  });
}

async function untilJoined(
  container: Container,
  api: VendorHost['api'],
  region: string,
): Promise<void> {
  await untilStarted(container, 'culvert-agent', async () => {
    const { items } = await api<{ items: { reported_at?: unknown }[] }>(
      'GET',
      `/v1/regions/${region}/servers`,
    );
    return Boolean(items[0]?.reported_at);
  });
}

/** Waits until a service is there; throws with its journal when it is not within START_MS. */
async function untilStarted(
  container: Container,
  unit: string,
  started: () => Promise<boolean>,
): Promise<void> {
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(100)) {
    if (await started()) return;
  }
  throw new Error(`${unit} has not started:\n${await container.journal(unit)}`);
}
