import type { Kysely } from 'kysely';
import { type Static, Type } from 'typebox';
import { DATABASE_TYPES } from '../../domain/database.ts';
import type { Region } from '../../domain/region.ts';
import { SourcesSchema } from '../../domain/source-list.ts';
import type { Slot, Tunnel } from '../../domain/tunnel.ts';
import { getRegion, listSlots, type Tables } from '../../store/index.ts';
import { slotAddresses } from '../addresses.ts';
import { slotStatus } from '../enrolment/slot-status.ts';
import type { ServerSettings } from '../settings.ts';
import { seconds } from './shapes.ts';

export const SlotAnswer = Type.Object({
  slot: Type.Integer(),
  /** Where the vendor's application connects, on the tunnel server. */
  host: Type.String(),
  tunnel_port: Type.Integer(),
  server: Type.String(),
  /** CIDR blocks that its proxy may log in from; none: any. */
  sources: SourcesSchema,
  /** What its customer pastes: as for the tunnel, which names those of the first slot. */
  command: Type.String(),
  windows_command: Type.Optional(Type.String()),
  status: Type.Object({
    key: Type.String(),
    session: Type.String(),
    session_id: Type.String(),
    session_key: Type.String(),
    session_since: Type.Integer(),
    database: Type.String(),
    database_at: Type.Integer(),
    reason: Type.String(),
    agent_at: Type.Integer(),
    render: Type.String(),
  }),
});

export const TunnelAnswer = Type.Object({
  id: Type.String(),
  slug: Type.String(),
  name: Type.String(),
  account: Type.String(),
  region: Type.String(),
  database: Type.Object({
    type: Type.Enum([...DATABASE_TYPES]),
    host: Type.Optional(Type.String()),
    port: Type.Optional(Type.Integer()),
    socket: Type.Optional(Type.String()),
  }),
  slots: Type.Array(SlotAnswer),
  page: Type.String(),
  /** For a shell of Linux. */
  command: Type.String(),
  /** Two lines for PowerShell as administrator; absent where the database is a Unix socket. */
  windows_command: Type.Optional(Type.String()),
  created_at: Type.Integer(),
});

/** A tunnel with its slots and their states, as the admin API gives it. */
export async function tunnelAnswer(
  db: Kysely<Tables>,
  settings: ServerSettings,
  tunnel: Tunnel,
): Promise<Static<typeof TunnelAnswer>> {
  const region = await getRegion(db, tunnel.region_id);
  if (!region) throw new Error('a tunnel without its region');
  const slots = await Promise.all(
    (await listSlots(db, tunnel.id)).map((slot) => slotAnswer(db, settings, tunnel, region, slot)),
  );
  const { id, slug, name, account_id: account, region_id, database, created_at } = tunnel;
  const { page } = slotAddresses(settings, id, 1);
  return {
    id,
    slug,
    name,
    account,
    region: region_id,
    database,
    slots,
    page,
    ...commandsOf(settings, tunnel, 1),
    created_at: seconds(created_at),
  };
}

/** A slot of it alone. */
export async function slotAnswer(
  db: Kysely<Tables>,
  settings: ServerSettings,
  tunnel: Tunnel,
  { bind_address }: Region,
  slot: Slot,
): Promise<Static<typeof SlotAnswer>> {
  return {
    slot: slot.number,
    host: bind_address,
    tunnel_port: slot.tunnel_port,
    server: slot.server_id,
    sources: slot.sources,
    ...commandsOf(settings, tunnel, slot.number),
    status: await slotStatus(db, slot, undefined, Date.now()),
  };
}

function commandsOf(settings: ServerSettings, { id, database }: Tunnel, slot: number) {
  const { command, windows } = slotAddresses(settings, id, slot);
  return {
    command,
    ...('host' in database && { windows_command: `${windows.download}\n${windows.run}` }),
  };
}
