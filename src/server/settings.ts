import type { Signing } from '../bundle/index.ts';

/** What the control plane must be told; fixed while it runs. */
export interface ServerSettings {
  /**
   * Base of every URL that Culvert prints, without a slash at the end; never taken from a request.
   * It may have a path: then the reverse proxy in front strips it, and routes stand at `/` here.
   */
  publicUrl: string;
  /** Addresses or CIDR blocks of reverse proxies whose `X-Forwarded-*` headers are believed. */
  trustProxy: string[];
  vendor: { slug: string; name: string };
  /** Name of service, system user and folders on the proxies. */
  serviceName: string;
  /** PEM of the authorities that proxies are to trust for `publicUrl`, and no others. */
  caCertificates?: string;
  /** What artifacts and bundles are signed with; nothing is signed where it is left out. */
  signing?: Signing;
  /** Where the vendor's programs hear of what goes wrong; nowhere when left out. */
  webhook?: WebhookSettings;
}

/** The vendor's webhook. */
export interface WebhookSettings {
  /** https. */
  url: URL;
  /** The bytes of the key that signs. */
  secret: Buffer;
  /** Addresses or CIDR blocks that it may be at although they are private. */
  allow: string[];
  /** For how long something must be bad before it is told, milliseconds: a reconnect wakes no one. */
  graceMs: number;
  /** PEM of the authorities to trust for it, in place of the usual ones. */
  ca?: string;
}
