import type { Kysely, Selectable, Transaction } from 'kysely';
import { newId } from '../domain/id.ts';
import { Problem } from '../domain/problem.ts';
import type { SlotKey } from '../domain/tunnel.ts';
import { nextRevision } from './regions.ts';
import type { SlotKeyTable, Tables } from './tables.ts';

/** The live one, and its successor during a change of keys. */
export const MAX_KEYS_PER_SLOT = 2;

/** A key as it is kept: `waiting` as long as `confirmed_at` is null. */
export interface StoredKey extends SlotKey {
  confirmed_at: number | null;
  /** True: when it counts, the slot's other keys go. */
  replaces: boolean;
}

export interface NewSlotKey {
  tunnel_id: string;
  slot: number;
  fingerprint: string;
  type: string;
  blob: string;
  render: string;
  platform: string;
  /** False: tunnel servers do not hear of the key before the vendor has accepted it. */
  confirmed: boolean;
  /** True: the slot's other keys go as soon as this one counts. */
  replaces?: boolean;
}

/** A key that came in, or counts from now on, and what went for it. */
export interface KeyChange {
  key: StoredKey;
  replaced: StoredKey[];
}

/**
 * Registers a key, in a change that names the tunnel's region. A fingerprint belongs to one slot
 * for good: the same key again gives the row that is there. A key that replaces the others takes
 * their place; while it waits itself, only of those that wait. Throws `key-elsewhere` for a key of
 * another slot, `key-removed` for one that was removed, `slot-full` for a third key.
 */
export async function insertKey(
  trx: Transaction<Tables>,
  { confirmed, replaces = false, ...key }: NewSlotKey,
  now: number,
): Promise<KeyChange> {
  const known = await findKeyByFingerprint(trx, key.fingerprint);
  if (known) return { key: checkSameSlot(known, key), replaced: [] };
  const present = await listSlotKeys(trx, key.tunnel_id, key.slot);
  const replaced = present.filter((other) => replaces && (confirmed || isWaiting(other)));
  if (present.length - replaced.length >= MAX_KEYS_PER_SLOT) throw slotFull();
  await removeKeys(trx, key.tunnel_id, replaced, now);
  const row = await trx
    .insertInto('slot_key')
    .values({
      ...key,
      id: newId('key'),
      revision: await nextRevision(trx, await regionOf(trx, key.tunnel_id)),
      created_at: now,
      confirmed_at: confirmed ? now : null,
      replaces: replaces ? 1 : 0,
    })
    // Another region's change, with another lock, may have brought the same key in meanwhile.
    .onConflict((conflict) => conflict.column('fingerprint').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) throw keyElsewhere();
  return { key: toKey(row), replaced };
}

/**
 * Lets a key that waits count, in a change that names the tunnel's region; tunnel servers hear of it
 * then. One that counts already is given as it is. Undefined when it is not there or was removed.
 */
export async function confirmKey(
  trx: Transaction<Tables>,
  tunnelId: string,
  fingerprint: string,
  now: number,
): Promise<(KeyChange & { changed: boolean }) | undefined> {
  const key = await findKeyByFingerprint(trx, fingerprint);
  if (key?.tunnel_id !== tunnelId || key.removed_at !== null) return undefined;
  if (!isWaiting(key)) return { key, replaced: [], changed: false };
  const others = (await listSlotKeys(trx, tunnelId, key.slot)).filter(({ id }) => id !== key.id);
  const replaced = key.replaces ? others : [];
  await removeKeys(trx, tunnelId, replaced, now);
  const row = await trx
    .updateTable('slot_key')
    .set({ confirmed_at: now, revision: await nextRevision(trx, await regionOf(trx, tunnelId)) })
    .where('id', '=', key.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { key: toKey(row), replaced, changed: true };
}

/** Whether the vendor has yet to accept the key. */
export function isWaiting(key: StoredKey): boolean {
  return key.confirmed_at === null;
}

/** The key with that fingerprint, also a removed one. */
export async function findKeyByFingerprint(
  db: Kysely<Tables>,
  fingerprint: string,
): Promise<StoredKey | undefined> {
  const row = await db
    .selectFrom('slot_key')
    .selectAll()
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirst();
  return row && toKey(row);
}

/** The keys of a slot that were not removed, oldest first. */
export async function listSlotKeys(
  db: Kysely<Tables>,
  tunnelId: string,
  slot: number,
): Promise<StoredKey[]> {
  const rows = await db
    .selectFrom('slot_key')
    .selectAll()
    .where('tunnel_id', '=', tunnelId)
    .where('slot', '=', slot)
    .where('removed_at', 'is', null)
    .orderBy('created_at')
    .orderBy('revision') // of those that came within one millisecond
    .orderBy('id')
    .execute();
  return rows.map(toKey);
}

/** Every key that a tunnel has or had, by slot and age. */
export async function listTunnelKeys(db: Kysely<Tables>, tunnelId: string): Promise<StoredKey[]> {
  const rows = await db
    .selectFrom('slot_key')
    .selectAll()
    .where('tunnel_id', '=', tunnelId)
    .orderBy('slot')
    .orderBy('created_at')
    .orderBy('revision')
    .orderBy('id')
    .execute();
  return rows.map(toKey);
}

/**
 * Removes a key of a tunnel for good, in a change that names the tunnel's region, and gives it as it
 * was; undefined when it is not there or was removed before.
 */
export async function removeKey(
  trx: Transaction<Tables>,
  tunnelId: string,
  fingerprint: string,
  now: number,
): Promise<StoredKey | undefined> {
  const key = await findKeyByFingerprint(trx, fingerprint);
  if (key?.tunnel_id !== tunnelId || key.removed_at !== null) return undefined;
  await removeKeys(trx, tunnelId, [key], now);
  return key;
}

/** Removes every key of a slot for good, in a change that names the region, and gives them. */
export async function removeSlotKeys(
  trx: Transaction<Tables>,
  tunnelId: string,
  slot: number,
  now: number,
): Promise<StoredKey[]> {
  const keys = await listSlotKeys(trx, tunnelId, slot);
  await removeKeys(trx, tunnelId, keys, now);
  return keys;
}

async function removeKeys(
  trx: Transaction<Tables>,
  tunnelId: string,
  keys: StoredKey[],
  now: number,
): Promise<void> {
  if (keys.length === 0) return;
  const removed_revision = await nextRevision(trx, await regionOf(trx, tunnelId));
  await trx
    .updateTable('slot_key')
    .set({ removed_at: now, removed_revision })
    .where(
      'id',
      'in',
      keys.map(({ id }) => id),
    )
    .execute();
}

async function regionOf(trx: Transaction<Tables>, tunnelId: string): Promise<string> {
  const tunnel = await trx
    .selectFrom('tunnel')
    .select('region_id')
    .where('id', '=', tunnelId)
    .executeTakeFirstOrThrow();
  return tunnel.region_id;
}

function checkSameSlot(known: StoredKey, asked: { tunnel_id: string; slot: number }): StoredKey {
  if (known.tunnel_id !== asked.tunnel_id || known.slot !== asked.slot) throw keyElsewhere();
  if (known.removed_at !== null) {
    throw new Problem('key-removed', 'this key was removed and cannot come back', {
      field: 'public_key',
      next: 'Make a new key pair and enrol that.',
    });
  }
  return known;
}

function keyElsewhere(): Problem {
  return new Problem('key-elsewhere', 'this key belongs to another tunnel or slot', {
    field: 'public_key',
    next: 'Make a key pair for this tunnel alone.',
  });
}

function slotFull(): Problem {
  return new Problem('slot-full', `this slot has ${MAX_KEYS_PER_SLOT} keys already`, {
    next: 'Finish the change of keys, or ask the vendor to remove a key.',
  });
}

function toKey({ removed_revision: _, ...row }: Selectable<SlotKeyTable>): StoredKey {
  return { ...row, replaces: row.replaces === 1 };
}
