import { type Bundle, makeBundle } from '../../bundle/index.ts';
import { renderBundleFiles } from '../../render/index.ts';
import { enqueueDelivery, insertBundle } from '../../store/index.ts';
import { changeAndWake, type Services } from '../services.ts';
import type { Candidate } from './candidate.ts';
import type { Served } from './served.ts';

/** A candidate's bundle; without its bytes where this process kept it before. */
export type Packed = Pick<Bundle, 'sha256'> & { gzip?: Buffer };

/**
 * Makes a candidate's bundle, when its installers are seen for the first time in this process:
 * packing and compressing costs some 10 ms.
 */
export async function packCandidate(
  { catalogue, settings, kept }: Services,
  place: string,
  { input, installers }: Candidate,
): Promise<Packed> {
  const known = kept.get(place);
  if (known?.installers === digestsOf(installers)) return { sha256: known.bundle };
  const signed = settings.signing !== undefined;
  return makeBundle(renderBundleFiles(catalogue, input, { signed }), settings.signing);
}

/** Keeps a candidate's bundle for good, before anything of it is served, and writes down that it waits. */
export async function keepBundle(
  services: Services,
  place: { tunnel_id: string; slot: number },
  { input, installers }: Candidate,
  { sha256, gzip }: Packed,
  waiting: Served['waiting'],
): Promise<void> {
  if (!gzip) return;
  await changeAndWake(services, [], async (trx, at) => {
    const bundle = { ...place, sha256, installers, input, gzip, created_at: at };
    const isNew = await insertBundle(trx, bundle);
    if (isNew && waiting && services.settings.webhook) {
      const data = { tunnel: place.tunnel_id, slot: place.slot, bundle: sha256 };
      const event = {
        type: 'artifact.waiting',
        data: { ...data, reasons: waiting.reasons },
      } as const;
      await enqueueDelivery(trx, event, at);
    }
    const after = { slot: place.slot, bundle: sha256, installers, reasons: waiting?.reasons };
    const event = { action: 'artifact.waiting', actor: 'system', from: '', after };
    return {
      result: undefined,
      events: isNew && waiting ? [{ ...event, subject: place.tunnel_id }] : [],
    };
  });
  services.kept.set(placeKey(place.tunnel_id, place.slot), {
    installers: digestsOf(installers),
    bundle: sha256,
  });
}

/** A slot as caches know it. */
export function placeKey(tunnelId: string, slot: number): string {
  return slot === 1 ? tunnelId : `${tunnelId} ${slot}`;
}

function digestsOf(installers: Candidate['installers']): string {
  return installers.map(({ sha256 }) => sha256).join(' ');
}
