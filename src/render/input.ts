import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { checkDatabase, type Database, DatabaseSchema } from '../domain/database.ts';
import {
  checkBindAddress,
  checkCertificates,
  checkHost,
  checkLogin,
  checkPort,
  checkPublicUrl,
  checkServiceName,
  checkSlug,
  checkText,
} from '../domain/grammar.ts';
import { isId } from '../domain/id.ts';
import { Problem } from '../domain/problem.ts';
import { parsePublicKey } from '../domain/public-key.ts';
import { checkTunnelServer, RegionSchema, TunnelServerSchema } from '../domain/region.ts';

const exact = { additionalProperties: false };
const text = Type.String({ maxLength: 4096 });

/**
 * Everything that an installer depends on. The same input gives the same bytes, so nothing here
 * may come from a clock, a random source or a request.
 */
export const InstallerInputSchema = Type.Object(
  {
    /** Base of the control plane's URLs, without a slash at the end. */
    public_url: text,
    /** PEM of the authorities to trust for it, where those that proxies know are not meant. */
    ca_certificates: Type.Optional(Type.String({ maxLength: 65_536 })),
    vendor: Type.Object({ slug: text, name: text }, exact),
    /** Name of service, system user, folders and dispatcher: `h_autossh` unless the vendor chose one. */
    service: text,
    account: Type.Object({ slug: text, name: text }, exact),
    tunnel: Type.Object({ id: text, slug: text, name: text }, exact),
    slot: Type.Integer({ minimum: 1, maximum: 99 }),
    tunnel_port: Type.Integer(),
    region: Type.Object(
      {
        slug: RegionSchema.properties.slug,
        name: RegionSchema.properties.name,
        login: RegionSchema.properties.login,
        port: RegionSchema.properties.port,
        alternate_ports: RegionSchema.properties.alternate_ports,
        bind_address: RegionSchema.properties.bind_address,
        egress_addresses: RegionSchema.properties.egress_addresses,
      },
      exact,
    ),
    /** The tunnel servers of this slot in the order in which to try them. */
    servers: Type.Array(
      Type.Object(
        {
          ...TunnelServerSchema.properties,
          host_keys: Type.Object({ active: text, spare: text }, exact),
        },
        exact,
      ),
      { minItems: 1, maxItems: 8 },
    ),
    database: DatabaseSchema,
  },
  exact,
);

const shape = Compile(InstallerInputSchema);

export type InstallerInput = Static<typeof InstallerInputSchema>;

/** The same after its check. */
export type CheckedInstallerInput = Omit<InstallerInput, 'database'> & { database: Database };

/**
 * Checks every value by its grammar, before any quoting. Throws a problem that names the field.
 * Takes anything, so that a JSON file written by hand gets the same answers as the control plane.
 */
export function checkInstallerInput(input: unknown): CheckedInstallerInput {
  const given = checkShape(input);
  checkPublicUrl('public_url', given.public_url);
  if (given.ca_certificates !== undefined) {
    checkCertificates('ca_certificates', given.ca_certificates);
  }
  checkSlug('vendor.slug', given.vendor.slug);
  checkText('vendor.name', given.vendor.name);
  checkServiceName('service', given.service);
  checkSlug('account.slug', given.account.slug);
  checkText('account.name', given.account.name);
  if (!isId('tun', given.tunnel.id)) refuse('tunnel.id', 'is not the id of a tunnel');
  checkSlug('tunnel.slug', given.tunnel.slug);
  checkText('tunnel.name', given.tunnel.name);
  checkPort('tunnel_port', given.tunnel_port);
  checkSlug('region.slug', given.region.slug);
  checkText('region.name', given.region.name);
  checkLogin('region.login', given.region.login);
  checkPort('region.port', given.region.port);
  for (const [index, port] of given.region.alternate_ports.entries()) {
    checkPort(`region.alternate_ports.${index}`, port);
  }
  checkBindAddress('region.bind_address', given.region.bind_address);
  for (const [index, address] of given.region.egress_addresses.entries()) {
    checkHost(`region.egress_addresses.${index}`, address);
  }
  for (const [index, server] of given.servers.entries()) {
    const field = `servers.${index}`;
    checkTunnelServer(server, `${field}.`);
    parsePublicKey(server.host_keys.active, `${field}.host_keys.active`);
    parsePublicKey(server.host_keys.spare, `${field}.host_keys.spare`);
  }
  return { ...given, database: checkDatabase(given.database) };
}

function checkShape(input: unknown): InstallerInput {
  if (shape.Check(input)) return input;
  const [first] = shape.Errors(input);
  const field = first ? nameOf(first.instancePath, first.params) : 'input';
  // TypeBox says "schema is false" of a name that the schema does not have.
  const isUnknown = first?.keyword === 'boolean';
  return refuse(field, isUnknown ? 'is not known' : (first?.message ?? 'is not valid'));
}

/** The dotted name of what a schema error is about: the unknown or missing property, if any. */
function nameOf(instancePath: string, params: object): string {
  const { additionalProperties, requiredProperties } = params as Record<
    string,
    string[] | undefined
  >;
  const property = additionalProperties?.[0] ?? requiredProperties?.[0];
  return [...instancePath.split('/').slice(1), property].filter(Boolean).join('.') || 'input';
}

function refuse(field: string, why: string): never {
  throw new Problem('value-invalid', `${field}: ${why}`, {
    field,
    next: `Correct ${field} and try again.`,
  });
}
