import { type Static, Type } from 'typebox';
import type { Tunnel } from '../../domain/tunnel.ts';
import { listSlots } from '../../store/index.ts';
import { findServedOrNone } from '../installers/find-served.ts';
import { pinnedCommands } from '../pinned-commands.ts';
import type { Services } from '../services.ts';

const DigestOrNull = Type.Union([Type.String(), Type.Null()]);

/** What a slot serves, and what waits for its reviewers. */
export const SlotInstallers = Type.Object({
  slot: Type.Integer(),
  /** Digest of the bundle that is served; null while nothing may be. */
  served: DigestOrNull,
  /** Digest of a newer one that waits, and why; null where none does. */
  waiting: DigestOrNull,
  reasons: Type.Array(Type.String()),
  /** The command that runs exactly the installer that is served. */
  pinned_command: Type.Optional(Type.String()),
  pinned_windows_command: Type.Optional(Type.String()),
});

/** What the slots of a tunnel serve. Each is rendered for it: not for lists of tunnels. */
export async function slotInstallers(
  services: Services,
  tunnel: Tunnel,
): Promise<Static<typeof SlotInstallers>[]> {
  const slots = await listSlots(services.store.db, tunnel.id);
  return Promise.all(
    slots.map(async ({ number }) => {
      const served = await findServedOrNone(services, tunnel.id, number);
      const { linux, windows } = pinnedCommands(services.settings, tunnel.id, served);
      return {
        slot: number,
        served: served?.bundle ?? null,
        waiting: served?.waiting?.bundle ?? null,
        reasons: served?.waiting?.reasons ?? [],
        ...(linux !== undefined && { pinned_command: linux }),
        ...(windows !== undefined && { pinned_windows_command: windows }),
      };
    }),
  );
}
