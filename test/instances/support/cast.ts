import { freePort } from '../../support/free-port.ts';
import type { KeptTunnel } from './kept-tunnel.ts';
import { DOWN, NO_KEY, UP, UP_WITHOUT_DATABASE, untilRight, type Wanted } from './states.ts';
import type { VendorSide } from './vendor-side.ts';

const DOWN_WITHIN_MS = 60_000;

/** Tunnels to which something happens during the faults. */
export interface Cast {
  /** How they are to be before it, and after it. */
  before: Wanted[];
  after: Wanted[];
  /** Revokes one, ends one, brings one up, and enrols one, however long that takes. */
  change(): Promise<void>;
  remove(): Promise<void>;
}

/** `number` tells them from those before them. */
export async function makeCast(
  vendor: VendorSide,
  databasePort: number,
  number: number,
): Promise<Cast> {
  const make = (what: string) => vendor.makeTunnel(`${what}-${number}`);
  const revoked = await make('revoked');
  const leaving = await make('leaving');
  const coming = await make('coming');
  const fresh = await make('fresh');
  for (const tunnel of [revoked, leaving, coming]) await vendor.enrol(tunnel);
  // Which an installer waits for.
  const down = [revoked, leaving, coming].map((tunnel) => ({ tunnel, wanted: DOWN }));
  await untilRight(vendor.cluster, down, DOWN_WITHIN_MS);
  const keptRevoked = vendor.keep(revoked, databasePort);
  const keptLeaving = vendor.keep(leaving, databasePort);
  const started: KeptTunnel[] = [keptRevoked, keptLeaving];
  return {
    before: [
      { tunnel: revoked, wanted: UP },
      { tunnel: leaving, wanted: UP },
      { tunnel: coming, wanted: DOWN },
      { tunnel: fresh, wanted: NO_KEY },
    ],
    after: [
      { tunnel: revoked, wanted: NO_KEY },
      { tunnel: leaving, wanted: DOWN },
      { tunnel: coming, wanted: UP_WITHOUT_DATABASE },
      { tunnel: fresh, wanted: UP },
    ],
    async change() {
      started.push(vendor.keep(coming, await freePort()));
      await Promise.all([
        vendor.revoke(revoked),
        keptLeaving.end(),
        vendor.enrol(fresh).then(() => started.push(vendor.keep(fresh, databasePort))),
      ]);
    },
    async remove() {
      await Promise.all(started.map((kept) => kept.end()));
      for (const { id } of [revoked, leaving, coming, fresh]) {
        await vendor.cluster.api('DELETE', `/v1/tunnels/${id}`);
      }
    },
  };
}
