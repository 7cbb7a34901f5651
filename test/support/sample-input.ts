import type { InstallerInput } from '../../src/render/index.ts';
import { keyLine } from '../domain/wire.ts';

/** A host key in form only: nobody has its private half. */
export function hostKey(byte: number): string {
  return keyLine('ssh-ed25519', Buffer.alloc(32, byte));
}

/** A plain input of an installer, the same each time. */
export const SAMPLE: InstallerInput = {
  public_url: 'https://culvert.example',
  vendor: { slug: 'acme', name: 'Acme' },
  service: 'h_autossh',
  account: { slug: 'globex', name: 'Globex' },
  tunnel: { id: `tun_${'0'.repeat(26)}`, slug: 'orders', name: 'Orders' },
  slot: 1,
  tunnel_port: 20000,
  region: {
    slug: 'eu',
    name: 'Europe',
    login: 'tunnel',
    port: 50022,
    alternate_ports: [443],
    bind_address: '127.0.0.1',
    egress_addresses: ['192.0.2.1'],
  },
  servers: [
    {
      host: 't1.culvert.example',
      aliases: ['192.0.2.10', '2001:db8::10'],
      host_keys: { active: hostKey(1), spare: hostKey(2) },
    },
    {
      host: 't2.culvert.example',
      aliases: [],
      host_keys: { active: hostKey(3), spare: hostKey(4) },
    },
  ],
  database: { type: 'postgresql', host: 'db.internal', port: 5432 },
};
