import { databaseAddress, hostPort } from '../../domain/database.ts';
import type { Region } from '../../domain/region.ts';
import type { Slot } from '../../domain/tunnel.ts';
import { getAccount, getRegion, getTunnelServer, listSlots } from '../../store/index.ts';
import { type SlotStatus, slotStatus } from '../enrolment/slot-status.ts';
import { findTunnel } from '../find-tunnel.ts';
import { findServedOrNone } from '../installers/find-served.ts';
import type { Services } from '../services.ts';
import { type ReviewView, reviewView } from './review-view.ts';
import { type SystemView, systemViews } from './system-view.ts';

/** What the customer's page says, in whatever form. Holds no token. */
export interface TunnelView {
  title: string;
  slots: SlotView[];
  /** What the installer will do, in order. */
  steps: string[];
  facts: { name: string; value: string }[];
  undo: string;
}

export interface SlotView {
  number: number;
  heading: string;
  systems: SystemView[];
  /** Undefined: nothing waits for reviewers. */
  review: ReviewView | undefined;
  status: SlotStatus;
}

/** Gathers what the page of a tunnel says. Throws `not-found`. */
export async function tunnelView(services: Services, tunnelId: string): Promise<TunnelView> {
  const { store, settings } = services;
  const { db } = store;
  const tunnel = await findTunnel(db, tunnelId);
  const [account, region, slots] = await Promise.all([
    getAccount(db, tunnel.account_id),
    getRegion(db, tunnel.region_id),
    listSlots(db, tunnel.id),
  ]);
  if (!account || !region) throw new Error('a tunnel without its account or region');
  const { vendor, serviceName } = settings;
  const destinations = await destinationsOf(services, region, slots);
  const database = databaseAddress(tunnel.database);
  const now = Date.now();
  return {
    title: `${tunnel.name}: a tunnel from ${account.name} to ${vendor.name}`,
    slots: await Promise.all(
      slots.map(async (slot) => {
        const served = await findServedOrNone(services, tunnel.id, slot.number);
        return {
          number: slot.number,
          heading:
            slots.length === 1
              ? 'On a host that reaches the database'
              : `On proxy ${slot.number}, one of ${slots.length}`,
          systems: systemViews(settings, tunnel, slot, served),
          review: served && reviewView(settings, tunnel.id, served),
          status: await slotStatus(db, slot, undefined, now),
        };
      }),
    ),
    steps: [
      'Checks everything first: this host, the network, the database. If a check fails, nothing is changed.',
      'Shows its plan before the first change; on Linux it asks for administrator rights only then.',
      "Installs the OpenSSH client, on Linux also autossh, from your system's own sources, if missing.",
      `Makes a key pair, on Linux also the user ${serviceName}; the private key never leaves the host.`,
      'Registers the public key with the token that you were given.',
      `Starts the service ${serviceName}@${vendor.slug}_${tunnel.slug}, on Windows ${serviceName}_${vendor.slug}, which connects outwards only.`,
      'Ends well only once the tunnel is up and the database answers through it.',
    ],
    facts: [
      { name: 'Database', value: database },
      { name: 'Connects outwards to', value: destinations },
      { name: 'Region', value: region.name },
    ],
    undo: 'Undo all of it, later, with the same command and "-s -- uninstall" behind bash, on Windows with "-Uninstall" behind install.ps1.',
  };
}

async function destinationsOf({ store }: Services, region: Region, slots: Slot[]): Promise<string> {
  const ids = [...new Set(slots.map(({ server_id }) => server_id))];
  const servers = await Promise.all(ids.map((id) => getTunnelServer(store.db, id)));
  return servers
    .flatMap((server) => (server ? [server.host, ...server.aliases] : []))
    .flatMap((host) => [region.port, ...region.alternate_ports].map((port) => hostPort(host, port)))
    .join(', ');
}
