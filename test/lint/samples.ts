import { randomBytes } from 'node:crypto';
import type { InstallerInput } from '../../src/render/index.ts';

/** Inputs that take every path through the templates: each form of a database, names of other scripts. */
export function sampleInputs(): Record<string, InstallerInput> {
  const plain = sampleInput();
  return {
    plain,
    socket: {
      ...plain,
      database: { type: 'postgresql', socket: '/run/postgresql/.s.PGSQL.5432' },
    },
    ipv6: {
      ...plain,
      database: { type: 'tcp', host: 'fd00::5', port: 5432 },
      region: { ...plain.region, alternate_ports: [443, 8443], egress_addresses: ['192.0.2.1'] },
    },
    names: {
      ...plain,
      vendor: { slug: 'acme', name: `O'Reilly "& Söhne" $(id) \`id\` %s \\ 日本` },
      account: { name: "'; exit 1 #" },
      tunnel: { ...plain.tunnel, name: '-rf / $HOME' },
    },
    service: { ...plain, service: 'acme-tunnel', slot: 2 },
  };
}

function sampleInput(): InstallerInput {
  return {
    public_url: 'https://culvert.example',
    vendor: { slug: 'acme', name: 'Acme' },
    service: 'h_autossh',
    account: { name: 'Globex' },
    tunnel: { id: `tun_${'0'.repeat(26)}`, slug: 'globex-crm', name: 'Globex CRM' },
    slot: 1,
    tunnel_port: 20000,
    region: {
      slug: 'eu',
      name: 'Europe',
      login: 'tunnel',
      port: 50022,
      alternate_ports: [],
      bind_address: '127.0.0.1',
      egress_addresses: [],
    },
    servers: [
      {
        host: 't1.culvert.example',
        aliases: ['192.0.2.10'],
        host_keys: { active: publicKey(), spare: publicKey() },
      },
    ],
    database: { type: 'postgresql', host: 'db.internal', port: 5432 },
  };
}

/** The form of an Ed25519 public key (RFC 8709), of random bytes: nobody logs in with it. */
function publicKey(): string {
  const type = Buffer.from('ssh-ed25519');
  const length = (bytes: number) => Buffer.from([0, 0, 0, bytes]);
  const blob = Buffer.concat([length(type.length), type, length(32), randomBytes(32)]);
  return `ssh-ed25519 ${blob.toString('base64')}`;
}
