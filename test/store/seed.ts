import type { Transaction } from 'kysely';
import type { AuditEvent } from '../../src/domain/audit.ts';
import type { Region, TunnelServer } from '../../src/domain/region.ts';
import { mintToken } from '../../src/domain/token.ts';
import type { Slot, Tunnel } from '../../src/domain/tunnel.ts';
import {
  change,
  getRegion,
  insertAccount,
  insertEnrolmentToken,
  insertKey,
  insertRegion,
  insertTunnel,
  insertTunnelServer,
  joinTunnelServer,
  type NewEnrolmentToken,
  removeKey,
  type Store,
  type StoredKey,
  type Tables,
} from '../../src/store/index.ts';

/** Rows for tests, each made by a change of its own. */

/** An event for changes whose record does not matter. */
export const SOME_EVENT: AuditEvent = {
  action: 'test.changed',
  actor: 'system',
  subject: 'test',
  from: '',
  data: {},
};

/** Makes a change with one event. */
export function changing<T>(
  store: Store,
  regions: string[],
  work: (trx: Transaction<Tables>, at: number) => Promise<T>,
): Promise<T> {
  return change(store, { regions }, async (trx, at) => ({
    result: await work(trx, at),
    events: [SOME_EVENT],
  }));
}

let named = 0;

/** A slug that no other row of this process has. */
export function freshSlug(prefix = 'name'): string {
  named += 1;
  return `${prefix}-${named}`;
}

export function addRegion(store: Store, ports: [number, number] = [20000, 29999]): Promise<Region> {
  return changing(store, [], (trx, at) =>
    insertRegion(
      trx,
      {
        slug: freshSlug('region'),
        name: 'Region',
        login: 'tunnel',
        port: 50022,
        alternate_ports: [443],
        first_tunnel_port: ports[0],
        last_tunnel_port: ports[1],
        bind_address: '127.0.0.1',
        egress_addresses: ['192.0.2.1', '2001:db8::1'],
      },
      at,
    ),
  );
}

/** A region's revision now. */
export async function revisionOf(store: Store, region: string): Promise<number> {
  return (await getRegion(store.db, region))?.revision ?? 0;
}

/** A tunnel server that has joined. */
export async function addServer(store: Store, region: Region): Promise<TunnelServer> {
  return changing(store, [region.id], async (trx, at) => {
    const input = { host: `${freshSlug('host')}.example`, aliases: ['192.0.2.9'] };
    const { id } = await insertTunnelServer(trx, region.id, input, mintToken('join'), at);
    return joinTunnelServer(trx, id, someJoin(), at);
  });
}

/** What an agent brings along when it joins. */
export function someJoin() {
  const credential = mintToken('agent');
  return {
    host_keys: {
      active: `ssh-ed25519 active${credential.id}`,
      spare: `ssh-ed25519 spare${credential.id}`,
    },
    mode: 'user' as const,
    openssh: 'OpenSSH_9.2p1',
    credential: { id: credential.id, hash: credential.hash },
  };
}

export function addAccount(store: Store) {
  return changing(store, [], (trx, at) =>
    insertAccount(trx, { slug: freshSlug('account'), name: 'Account' }, at),
  );
}

export function addTunnel(
  store: Store,
  region: { id: string },
  account: { id: string },
): Promise<{ tunnel: Tunnel; slot: Slot }> {
  return changing(store, [region.id], async (trx, at) => {
    const { tunnel, slots } = await insertTunnel(
      trx,
      {
        slug: freshSlug('tunnel'),
        name: 'Tunnel',
        account_id: account.id,
        region_id: region.id,
        database: { type: 'postgresql', host: 'db.example', port: 5432 },
      },
      at,
    );
    return { tunnel, slot: slots[0] };
  });
}

/** A region with a joined server, an account, and a tunnel. */
export async function addEverything(store: Store) {
  const region = await addRegion(store);
  const server = await addServer(store, region);
  const account = await addAccount(store);
  return { region, server, account, ...(await addTunnel(store, region, account)) };
}

export async function addToken(
  store: Store,
  tunnel: Tunnel,
  overrides: Partial<NewEnrolmentToken> = {},
): Promise<string> {
  const { id, hash } = mintToken('enrolment');
  const token: NewEnrolmentToken = {
    id,
    hash,
    tunnel_id: tunnel.id,
    slot: 1,
    expires_at: Date.now() + 60_000,
    max_uses: 1,
    sources: [],
    confirm: false,
    ...overrides,
  };
  await changing(store, [tunnel.region_id], (trx, at) => insertEnrolmentToken(trx, token, at));
  return id;
}

/** 64 hex digits that stand for a key. */
export function freshFingerprint(): string {
  named += 1;
  return named.toString(16).padStart(64, '0');
}

export function addKey(
  store: Store,
  tunnel: Tunnel,
  fingerprint: string = freshFingerprint(),
  confirmed = true,
): Promise<StoredKey> {
  return changing(store, [tunnel.region_id], async (trx, at) => {
    const { key } = await insertKey(trx, { ...someKey(tunnel), fingerprint, confirmed }, at);
    return key;
  });
}

export function dropKey(
  store: Store,
  tunnel: Tunnel,
  fingerprint: string,
): Promise<StoredKey | undefined> {
  return changing(store, [tunnel.region_id], (trx, at) =>
    removeKey(trx, tunnel.id, fingerprint, at),
  );
}

export function someKey(tunnel: Tunnel) {
  return {
    tunnel_id: tunnel.id,
    slot: 1,
    type: 'ssh-ed25519',
    blob: 'AAAAC3NzaC1lZDI1NTE5AAAAIA==',
    render: '0'.repeat(64),
    platform: 'linux',
  };
}
