import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { startAgent } from '../../agent/index.ts';
import { createSigning } from '../../bundle/index.ts';
import type { Database } from '../../domain/database.ts';
import { readSettings } from '../../settings.ts';
import { getInstallation, type Store } from '../../store/index.ts';
import { createApiClient } from '../api-client.ts';
import { startControlPlane } from '../control-plane.ts';
import { openAndMigrate } from '../open-store.ts';
import type { IssuedToken } from '../token.ts';
import { ensureAdminToken } from './admin-token.ts';
import { ensureRegion, ensureTunnel } from './demo.ts';
import type { Invitation } from './invitation.ts';
import { ensureJoinToken } from './join-token.ts';
import { ensureOpensshServer } from './openssh-server.ts';
import { ensureSigningKey } from './signing-key.ts';

export interface QuickstartInput {
  /** Absolute path of the folder that holds everything. */
  data: string;
  /** Undefined: as before, at the first start the usual. */
  port: number | undefined;
  sshPort: number | undefined;
  database: Database | undefined;
}

const HOST = '127.0.0.1';
const FIRST_PORT = 8080;
const VENDOR = 'demo';

/**
 * Starts everything on this machine, or goes on with what the folder holds from before; every step
 * finds out what is there already, so a start that was cut short is finished by the next one.
 * What it started is ended with `running`, also when it throws.
 */
export async function startQuickstart(
  { data, port, sshPort, database }: QuickstartInput,
  log: Logger,
  running: AsyncDisposableStack,
): Promise<Invitation> {
  await ensureOpensshServer();
  await mkdir(data, { recursive: true, mode: 0o700 });
  const { store } = await openAndMigrate(`sqlite:${join(data, 'culvert.db')}`);
  running.defer(() => store.close());
  const url = `http://${HOST}:${port ?? (await portBefore(store)) ?? FIRST_PORT}`;
  const signingKey = await ensureSigningKey(join(data, 'signing.pem'));
  const controlPlane = await startControlPlane(
    store,
    {
      publicUrl: url,
      trustProxy: [],
      vendor: { slug: VENDOR, name: 'Demo vendor' },
      serviceName: 'h_autossh',
      signing: createSigning(VENDOR, signingKey, { text: '', name: 'demo' }),
    },
    { host: HOST, port: Number(new URL(url).port) },
    log,
  );
  running.defer(() => controlPlane.close());

  const adminTokenFile = join(data, 'admin.token');
  const client = createApiClient(url, await ensureAdminToken(store, adminTokenFile));
  const demo = { login: readSettings(['login']).login, sshPort, database };
  const region = await ensureRegion(client, demo);
  const joinToken = await ensureJoinToken(client, region.id, join(data, 'join.token'));
  const agent = await startAgent({
    controlPlane: url,
    stateFolder: join(data, 'tunnel-server'),
    ...(joinToken.token !== undefined && { joinToken: joinToken.token }),
    listenAddress: HOST,
    loginUser: demo.login,
    log: log.child({ part: 'agent' }),
  });
  running.defer(() => agent.stop({ endSessions: true }));
  await agent.ready;
  await joinToken.forget();

  const tunnel = await ensureTunnel(client, region, demo);
  const issued = await client.create<IssuedToken>(`/v1/tunnels/${tunnel.id}/tokens`, {});
  return {
    page: tunnel.page,
    run_command: `${issued.token_command} -s -- run`,
    service_command: issued.token_command,
    psql_command: psqlCommand(tunnel.slots),
    admin_token_file: adminTokenFile,
  };
}

async function portBefore(store: Store): Promise<number | undefined> {
  const installation = await getInstallation(store.db);
  return installation && Number(new URL(installation.public_url).port);
}

function psqlCommand(slots: { host: string; tunnel_port: number }[]): string {
  const { host, tunnel_port } = slots[0] as (typeof slots)[number];
  return `psql -h ${host} -p ${tunnel_port} -U postgres`;
}
