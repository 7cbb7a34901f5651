import type { Database } from '../domain/database.ts';
import type { HostKeys, RegionInput, TunnelServerInput } from '../domain/region.ts';

/**
 * Everything that an installer depends on. The same input gives the same bytes, so nothing here
 * may come from a clock, a random source or a request.
 */
export interface InstallerInput {
  /** Base of the control plane's URLs, without a slash at the end. */
  public_url: string;
  vendor: { slug: string; name: string };
  /** Name of service, system user, folders and dispatcher: `h_autossh` unless the vendor chose one. */
  service: string;
  account: { name: string };
  tunnel: { id: string; slug: string; name: string };
  slot: number;
  tunnel_port: number;
  region: Pick<
    RegionInput,
    'slug' | 'name' | 'login' | 'port' | 'alternate_ports' | 'bind_address' | 'egress_addresses'
  >;
  /** The tunnel servers of this slot in the order in which to try them; at least one. */
  servers: (TunnelServerInput & { host_keys: HostKeys })[];
  database: Database;
}

/** A rendered file, named by its digest. */
export interface Artifact {
  file: string;
  bytes: Buffer;
  /** SHA-256 of the bytes, 64 hex digits. */
  sha256: string;
  template: { name: string; version: string };
  /** SHA-256 over canonical template, version and input: what `enrol` calls `render`. */
  render: string;
}
