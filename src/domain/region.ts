import { type Static, Type } from 'typebox';
import {
  checkBindAddress,
  checkHost,
  checkLogin,
  checkPort,
  checkSlug,
  checkText,
} from './grammar.ts';
import { Problem } from './problem.ts';

/** Tunnel ports stay below Linux's ephemeral range (32768), or outgoing connections would take them. */
const LOWEST_TUNNEL_PORT = 1024;
const HIGHEST_TUNNEL_PORT = 32767;

const Host = Type.String({ maxLength: 253 });

/** A place of tunnel servers: what they share. */
export const RegionSchema = Type.Object(
  {
    slug: Type.String({ maxLength: 31 }),
    name: Type.String({ maxLength: 120 }),
    /** The account on the tunnel servers that every tunnel logs in as. */
    login: Type.String({ maxLength: 32, default: 'tunnel' }),
    /** sshd's port, and others that lead to it (443 where firewalls are strict). */
    port: Type.Integer({ default: 50022 }),
    alternate_ports: Type.Array(Type.Integer(), { maxItems: 8, default: [] }),
    /** First and last tunnel port, both included. */
    first_tunnel_port: Type.Integer({ default: 20000 }),
    last_tunnel_port: Type.Integer({ default: 29999 }),
    /** The address that tunnel ports listen on: 127.0.0.1, or a private address of the server. */
    bind_address: Type.String({ maxLength: 45, default: '127.0.0.1' }),
    /** Addresses that the vendor's side connects from, for the customer's records. */
    egress_addresses: Type.Array(Type.String({ maxLength: 45 }), { maxItems: 32, default: [] }),
  },
  { additionalProperties: false },
);

export type RegionInput = Static<typeof RegionSchema>;

export interface Region extends RegionInput {
  id: string;
  /** Rises with every change that an agent or an installer must hear of. */
  revision: number;
  created_at: number;
}

/** A host of a region that runs sshd, as the operator names it. */
export const TunnelServerSchema = Type.Object(
  {
    host: Host,
    /** Other names or addresses of the same host. */
    aliases: Type.Array(Host, { maxItems: 8, default: [] }),
  },
  { additionalProperties: false },
);

export type TunnelServerInput = Static<typeof TunnelServerSchema>;

export interface HostKeys {
  /** `type blob` of the key that sshd offers. */
  active: string;
  /** `type blob` of the key that can take over without a new installer. */
  spare: string;
}

export interface TunnelServer extends TunnelServerInput {
  id: string;
  region_id: string;
  /** Null until the agent has joined. */
  host_keys: HostKeys | null;
  /** The region's revision that the agent says it has applied; null before its first report. */
  applied: number | null;
  /** When the agent last reported, milliseconds; null before its first report. */
  reported_at: number | null;
  created_at: number;
}

/** Checks what the schema cannot say. Throws a problem that names the field. */
export function checkRegion(input: RegionInput): RegionInput {
  checkSlug('slug', input.slug);
  checkText('name', input.name);
  checkLogin('login', input.login);
  checkPort('port', input.port);
  input.alternate_ports.forEach((port, index) => {
    checkPort(`alternate_ports.${index}`, port);
  });
  checkPortRange(input);
  checkBindAddress('bind_address', input.bind_address);
  input.egress_addresses.forEach((address, index) => {
    checkHost(`egress_addresses.${index}`, address);
  });
  return input;
}

/** Checks a tunnel server's names. Throws a problem that names the field, behind `prefix`. */
export function checkTunnelServer(input: TunnelServerInput, prefix = ''): TunnelServerInput {
  checkHost(`${prefix}host`, input.host);
  input.aliases.forEach((alias, index) => {
    checkHost(`${prefix}aliases.${index}`, alias);
  });
  return input;
}

function checkPortRange({ first_tunnel_port: first, last_tunnel_port: last }: RegionInput): void {
  for (const [field, port] of Object.entries({
    first_tunnel_port: first,
    last_tunnel_port: last,
  })) {
    if (port < LOWEST_TUNNEL_PORT || port > HIGHEST_TUNNEL_PORT) {
      throw new Problem(
        'value-invalid',
        `${field}: must be from ${LOWEST_TUNNEL_PORT} to ${HIGHEST_TUNNEL_PORT}`,
        {
          field,
          next: 'Choose ports below 32768, where Linux takes ports for outgoing connections.',
        },
      );
    }
  }
  if (first > last) {
    throw new Problem('value-invalid', 'last_tunnel_port: lies before first_tunnel_port', {
      field: 'last_tunnel_port',
      next: 'Give the range in ascending order.',
    });
  }
}
