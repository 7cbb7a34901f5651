import type { InstallerInput, TunnelServerInput } from '../../../src/render/index.ts';
import { CERTIFICATE } from '../certificate.ts';
import { hostKey, SAMPLE } from '../sample-input.ts';

/** An account for which everything is rendered, for review and for the tests of what customers get. */
export interface Account {
  /** What is special about it, for the list of samples. */
  shows: string;
  input: InstallerInput;
}

/**
 * Together they take every path through the templates. An account stays as it is: another input
 * would change its samples with no template changed. A further case is a further account.
 */
export const ACCOUNTS: Record<string, Account> = {
  plain: {
    shows: 'a usual account, and whole whatever is the same for everyone',
    input: SAMPLE,
  },
  'longest-names': {
    shows: 'every name as long as it may be, with what shells, ssh and Markdown mind in them',
    input: longestNames(),
  },
  ipv6: {
    shows: 'tunnel servers, database and egress addresses by IPv6; tunnel ports stay on IPv4',
    input: {
      ...SAMPLE,
      region: { ...SAMPLE.region, egress_addresses: ['2001:db8:ffff::1', '2001:db8:ffff::2'] },
      servers: [
        {
          host: '2001:db8:1::10',
          aliases: ['2001:db8:2::10', '::ffff:192.0.2.10'],
          host_keys: { active: hostKey(1), spare: hostKey(2) },
        },
      ],
      database: { type: 'postgresql', host: 'fd00::5', port: 5432 },
    },
  },
  'unix-socket': {
    shows: 'a database behind a Unix socket, so nothing for Windows',
    input: {
      ...SAMPLE,
      database: { type: 'postgresql', socket: '/run/postgresql/.s.PGSQL.5432' },
    },
  },
  'private-ca': {
    shows: 'a control plane whose authorities proxies do not know',
    input: { ...SAMPLE, ca_certificates: CERTIFICATE.repeat(2) },
  },
  endpoints: {
    shows: 'several tunnel servers, aliases and ports; tunnel ports on a private address; `tcp`',
    input: {
      ...SAMPLE,
      region: {
        ...SAMPLE.region,
        alternate_ports: [443, 8443, 22],
        bind_address: '10.20.0.4',
        egress_addresses: ['192.0.2.1', '192.0.2.2', 'egress.culvert.example'],
      },
      servers: [1, 2, 3].map((server) => ({
        host: `t${server}.culvert.example`,
        aliases: [`t${server}.backup.example`, `192.0.2.${10 * server}`],
        host_keys: { active: hostKey(2 * server - 1), spare: hostKey(2 * server) },
      })),
      database: { type: 'tcp', host: 'db.internal', port: 1433 },
    },
  },
  'second-slot': {
    shows: 'the second proxy of a tunnel',
    input: { ...SAMPLE, slot: 2, tunnel_port: 20001 },
  },
};

/** Tunnel servers whose installers are rendered, for review and for the tests. */
export const TUNNEL_SERVERS: Record<string, TunnelServerInput> = {
  plain: {
    control_plane: 'https://culvert.example',
    region: {
      slug: 'eu',
      name: 'Europe',
      login: 'tunnel',
      port: 50022,
      alternate_ports: [],
      first_tunnel_port: 20000,
      last_tunnel_port: 29999,
      bind_address: '127.0.0.1',
      egress_addresses: [],
    },
    listen_address: '0.0.0.0',
  },
  'private-address': {
    control_plane: 'https://[2001:db8::1]:8443/culvert/~v1',
    region: {
      slug: 'eu-2',
      name: "Île-d'Yeu",
      login: 'Tunnel.user-2',
      port: 443,
      alternate_ports: [8443],
      first_tunnel_port: 32000,
      last_tunnel_port: 32767,
      bind_address: '10.20.0.4',
      egress_addresses: ['192.0.2.1'],
    },
    listen_address: '192.0.2.10',
  },
};

/** The inputs alone, by the accounts' names. */
export function accountInputs(): Record<string, InstallerInput> {
  return Object.fromEntries(Object.entries(ACCOUNTS).map(([name, { input }]) => [name, input]));
}

/** A public URL has no limit of its own but the schema's 4096: here its host is a longest name. */
function longestNames(): InstallerInput {
  const slug = (start: string) => start.padEnd(31, '-x');
  const [server] = SAMPLE.servers;
  if (!server) throw new Error('the sample has no tunnel server');
  return {
    ...SAMPLE,
    public_url: `https://${longestHost('culvert')}`,
    vendor: { slug: slug('acme'), name: longestText(`O'Reilly "& Söhne" $(id) \`id\` %s \\ 日本`) },
    service: 'acme-tunnel_'.padEnd(31, 'x'),
    account: { slug: slug('globex'), name: longestText(`'; exit 1 # *Größe* <b> {{a}}`) },
    tunnel: {
      ...SAMPLE.tunnel,
      slug: slug('orders'),
      name: longestText('-rf / $HOME "数🐘" الله'),
    },
    region: {
      ...SAMPLE.region,
      slug: slug('eu'),
      name: longestText(`Île-d'Yeu "est"`),
      login: 'Tunnel.user-'.padEnd(32, 'x'),
      egress_addresses: ['egress-'.padEnd(45, 'x')],
    },
    servers: [{ ...server, host: longestHost('t1'), aliases: [longestHost('t2')] }],
    database: { type: 'postgresql', host: longestHost('db'), port: 5432 },
  };
}

/** 120 bytes of UTF-8 that begin with the text, again and again. */
function longestText(text: string): string {
  let longest = '';
  for (const character of `${text} `.repeat(120)) {
    if (Buffer.byteLength(longest + character) > 120) break;
    longest += character;
  }
  return longest.trimEnd() + 'x'.repeat(120 - Buffer.byteLength(longest.trimEnd()));
}

/** A name of 253 letters in labels of at most 63. */
function longestHost(start: string): string {
  return [start.padEnd(63, 'x'), 'y'.repeat(63), 'z'.repeat(63), 'w'.repeat(61)].join('.');
}
