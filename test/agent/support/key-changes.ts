import { normalize } from 'node:path';
import { enrolStatement } from '../../../src/domain/proof.ts';
import { opensshFingerprint } from '../../../src/domain/public-key.ts';
import { parseToken } from '../../../src/domain/token.ts';
import { makeNodeKey, type NodeKey } from '../../instances/support/node-key.ts';
import type { ControlPlane } from '../../server/support/control-plane.ts';

/** A slot as its vendor means it to be. */
interface Slot {
  tunnel: string;
  number: number;
  port: number;
  sources: string[];
  keys: NodeKey[];
  /** A key that the vendor has yet to accept. */
  waiting?: NodeKey;
}

/** Random changes of keys by the API, and what must come of them. */
export interface KeyChanges {
  /** Makes one change. */
  next(): Promise<void>;
  /** How often each kind was made. */
  counts: Record<string, number>;
  /** What sshd's keys folder must hold, by path in it. */
  files(): Map<string, string>;
  fingerprints(): string[];
}

const MOST_TUNNELS = 60;
const MOST_SLOTS = 4;
/** Keys change more often than tunnels. */
const WEIGHTS: Record<string, number> = {
  'sources changed': 4,
  'key added': 6,
  'key replaced': 2,
  'key removed': 2,
  'waiting key confirmed or removed': 2,
};

/** Starts with nothing; `random` gives 0 up to 1. */
export function keyChanges(
  plane: ControlPlane,
  { region, account }: { region: string; account: string },
  random: () => number,
): KeyChanges {
  let slots: Slot[] = [];
  let made = 0;
  const counts: Record<string, number> = {};
  const { api } = plane;
  const pick = <T>(from: T[]) => from[Math.floor(random() * from.length)] as T;
  const tunnels = () => [...new Set(slots.map(({ tunnel }) => tunnel))];
  const slotsOf = (id: string) => slots.filter(({ tunnel }) => tunnel === id);
  const withKeys = () => slots.filter(({ keys }) => keys.length > 0);
  const withRoom = () => slots.filter(({ keys, waiting }) => keys.length < 2 && !waiting);

  async function enrol({ tunnel, number }: Slot, terms: { uses?: number; confirm?: boolean }) {
    const path = `/v1/tunnels/${tunnel}/tokens`;
    const { token } = await api<{ token: string }>('POST', path, { slot: number, ...terms });
    const key = makeNodeKey();
    const answer = await plane.app.inject({
      method: 'POST',
      url: `/t/${tunnel}/v1/enrol`,
      headers: { authorization: `Bearer ${token}` },
      payload: {
        slot: number,
        public_key: key.publicKey,
        proof: key.prove(enrolStatement(tunnel, number, parseToken('enrolment', token)?.id ?? '')),
        render: 'a'.repeat(64),
        platform: 'linux',
      },
    });
    if (answer.statusCode !== 200) throw new Error(answer.body);
    return key;
  }
  const remove = ({ tunnel }: Slot, { fingerprint }: NodeKey) =>
    api('DELETE', `/v1/tunnels/${tunnel}/keys/${fingerprint}`);

  /** Each gives false where it has nothing to work on. */
  const kinds: Record<string, () => Promise<unknown>> = {
    async 'tunnel added'() {
      if (tunnels().length >= MOST_TUNNELS) return false;
      made += 1;
      const { id, slots: given } = await api<Made>('POST', '/v1/tunnels', {
        slug: `tunnel-${made}`,
        name: 'Orders',
        account,
        region,
        database: { type: 'postgresql', host: 'db.example', port: 5432 },
      });
      slots.push(toSlot(id, given[0]));
    },
    async 'tunnel removed'() {
      if (tunnels().length < MOST_TUNNELS / 2) return false;
      const id = pick(tunnels());
      await api('DELETE', `/v1/tunnels/${id}`);
      slots = slots.filter(({ tunnel }) => tunnel !== id);
    },
    async 'slot added'() {
      const id = pick(tunnels().filter((tunnel) => slotsOf(tunnel).length < MOST_SLOTS));
      if (id === undefined) return false;
      slots.push(toSlot(id, await api<MadeSlot>('POST', `/v1/tunnels/${id}/slots`, {})));
    },
    async 'slot removed'() {
      const slot = pick(slots.filter(({ number }) => number > 1));
      if (!slot) return false;
      await api('DELETE', `/v1/tunnels/${slot.tunnel}/slots/${slot.number}`);
      slots = slots.filter((other) => other !== slot);
    },
    async 'sources changed'() {
      const slot = pick(slots);
      if (!slot) return false;
      const block = () => `10.${Math.floor(random() * 256)}.0.0/16`;
      slot.sources = [...new Set(Array.from({ length: Math.floor(random() * 3) }, block))];
      const path = `/v1/tunnels/${slot.tunnel}/slots/${slot.number}`;
      await api('PATCH', path, { sources: slot.sources });
    },
    async 'key added'() {
      const slot = pick(withRoom());
      if (!slot) return false;
      slot.keys.push(await enrol(slot, {}));
    },
    async 'key replaced'() {
      const slot = pick(withRoom());
      if (!slot) return false;
      slot.keys = [await enrol(slot, { uses: 2 })];
    },
    async 'key removed'() {
      const slot = pick(withKeys());
      if (!slot) return false;
      const key = pick(slot.keys);
      await remove(slot, key);
      slot.keys = slot.keys.filter((other) => other !== key);
    },
    async 'key waits'() {
      const slot = pick(withRoom());
      if (!slot) return false;
      slot.waiting = await enrol(slot, { confirm: true });
    },
    async 'waiting key confirmed or removed'() {
      const slot = pick(slots.filter(({ waiting }) => waiting));
      if (!slot?.waiting) return false;
      const { waiting, tunnel } = slot;
      const { fingerprint } = waiting;
      delete slot.waiting;
      if (random() < 0.5) return remove(slot, waiting);
      const path = `/v1/tunnels/${tunnel}/keys/${fingerprint}/confirm`;
      await api('POST', path, { fingerprint }, 200);
      slot.keys.push(waiting);
    },
  };
  const weighted = Object.keys(kinds).flatMap((kind) => Array(WEIGHTS[kind] ?? 1).fill(kind));

  return {
    counts,
    async next() {
      for (;;) {
        const kind = pick(weighted);
        if ((await kinds[kind]?.()) === false) continue;
        counts[kind] = (counts[kind] ?? 0) + 1;
        return;
      }
    },
    files: () =>
      new Map(
        slots.flatMap((slot) =>
          slot.keys.map((key) => [pathOf(key), `${lineOf(slot, key)}\n`] as const),
        ),
      ),
    fingerprints: () => slots.flatMap(({ keys }) => keys.map(({ fingerprint }) => fingerprint)),
  };
}

interface MadeSlot {
  slot: number;
  tunnel_port: number;
}
interface Made {
  id: string;
  slots: [MadeSlot];
}

function toSlot(tunnel: string, { slot: number, tunnel_port: port }: MadeSlot): Slot {
  return { tunnel, number, port, sources: [], keys: [] };
}

/** A base64 may hold `//`, which is one folder to the kernel. */
const pathOf = ({ fingerprint }: NodeKey) => normalize(opensshFingerprint(fingerprint));

/** As docs and sshd(8) have it, and not by the code that is under test. */
function lineOf({ tunnel, port, sources }: Slot, { publicKey }: NodeKey): string {
  const from = sources.length > 0 ? `,from="${sources.join(',')}"` : '';
  const permits = `permitlisten="localhost:${port}",permitlisten="127.0.0.1:${port}"`;
  return `restrict,port-forwarding,${permits}${from} ${publicKey} ${tunnel}`;
}
