import type { InstallerInput } from '../src/render/index.ts';

/** An ordinary customer's installer. The host keys are public halves of pairs made for this file alone. */
export const SAMPLE_INPUT: InstallerInput = {
  public_url: 'https://tunnels.acme.example',
  vendor: { slug: 'acme', name: 'Acme BI' },
  service: 'h_autossh',
  account: { name: 'Customer Ltd' },
  tunnel: { id: 'tun_0123456789abcdefghjkmnpqrs', slug: 'sales', name: 'Sales database' },
  slot: 1,
  tunnel_port: 20001,
  region: {
    slug: 'eu',
    name: 'Europe',
    login: 'tunnel',
    port: 50022,
    alternate_ports: [443],
    bind_address: '127.0.0.1',
    egress_addresses: ['192.0.2.7'],
  },
  servers: [
    {
      host: 'eu1.tunnels.acme.example',
      aliases: ['eu1b.tunnels.acme.example'],
      host_keys: {
        active: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINbuOoNblhOQ+zAUBuG4WhQUWdA2qmMLBAS8OCa3Ek0Q',
        spare: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxGDLBYKQWHk7+OMogSGOdKy3vuyDxrKKKeOYaBjdxy',
      },
    },
  ],
  database: { type: 'postgresql', host: 'db.customer.internal', port: 5432 },
};
