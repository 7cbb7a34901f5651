import { type Static, Type } from 'typebox';
import { checkDatabase, type Database, DatabaseSchema } from './database.ts';
import { checkSlug, checkText } from './grammar.ts';

/** Of one tunnel at a time. */
export const MAX_SLOTS = 16;
/** Slots are never numbered anew; the wire knows no higher number. */
export const MAX_SLOT_NUMBER = 9999;

/** One database of one account, as the vendor asks for it. */
export const TunnelSchema = Type.Object(
  {
    /** Names files on the proxy, so it is unique for the vendor and never changes. */
    slug: Type.String({ maxLength: 31 }),
    name: Type.String({ maxLength: 120 }),
    /** Ids. */
    account: Type.String({ maxLength: 40 }),
    region: Type.String({ maxLength: 40 }),
    database: DatabaseSchema,
    /** How many proxies may hold it at the same time. */
    slots: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SLOTS })),
    /** True: the answer also holds a fresh enrolment token (needs the scope tokens:create). */
    issue_token: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

export type TunnelInput = Static<typeof TunnelSchema>;

export interface Tunnel {
  id: string;
  slug: string;
  name: string;
  account_id: string;
  region_id: string;
  database: Database;
  created_at: number;
}

/** A place for one proxy in a tunnel: owns a tunnel port on one tunnel server. */
export interface Slot {
  tunnel_id: string;
  /** 1 … n within its tunnel. */
  number: number;
  region_id: string;
  server_id: string;
  tunnel_port: number;
  /** CIDR blocks that its proxy may log in from; none: any. */
  sources: string[];
}

/** What an enrolled key is to its slot. `waiting`: until the vendor confirms its fingerprint. */
export type KeyState = 'pending' | 'active' | 'waiting' | 'removed';

/** A public key that belongs to a slot, for good: a removed one stays on record and never returns. */
export interface SlotKey {
  id: string;
  tunnel_id: string;
  slot: number;
  fingerprint: string;
  type: string;
  blob: string;
  /** The stored part of the state; `pending` and `active` are told apart by what the agent applied. */
  removed_at: number | null;
  /** The region's revision at which the key was added. */
  revision: number;
  /** Digest of the render that the proxy said is installed. */
  render: string;
  platform: string;
  created_at: number;
}

/** Checks what the schema cannot say. Throws a problem that names the field. */
export function checkTunnel(input: TunnelInput): {
  slug: string;
  name: string;
  database: Database;
} {
  return {
    slug: checkSlug('slug', input.slug),
    name: checkText('name', input.name),
    database: checkDatabase(input.database),
  };
}
