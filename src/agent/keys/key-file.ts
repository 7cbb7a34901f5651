import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { type Static, type TSchema, Type } from 'typebox';
import { Check } from 'typebox/value';
import { type AgentKey, AgentKeySchema } from '../../domain/agent-protocol.ts';
import { randomCharacters } from '../../domain/id.ts';
import { readJson } from '../system/read-json.ts';
import { writeAtomically } from '../system/write-atomically.ts';

const WholeSchema = Type.Object({
  revision: Type.Integer(),
  /** Named by the changes that follow it; an agent of an older version left none. */
  id: Type.Optional(Type.String()),
  keys: Type.Array(AgentKeySchema),
});
const FirstLineSchema = Type.Object({ of: Type.String() });
const ChangeSchema = Type.Object({
  revision: Type.Integer(),
  keys: Type.Array(AgentKeySchema),
  removed: Type.Array(Type.String()),
});

/** Keys by fingerprint, as of a revision. */
export interface SavedKeys {
  revision: number;
  keys: Map<string, AgentKey>;
}

/** What led to a revision. */
export type KeysChange = Static<typeof ChangeSchema>;

/**
 * The list of keys on disk: all of them in one file, and in another, `.changes`, a line for each
 * change since. So a change costs a line, and not the writing of 100,000 keys.
 */
export interface KeyFile {
  /** Keeps a change, and comes back once it is on disk; `now` is what it led to. */
  append(change: KeysChange, now: SavedKeys['keys']): Promise<void>;
  /** Keeps all of them, and comes back once they are on disk. */
  replace(now: SavedKeys): Promise<void>;
}

/** Writing all of them has to be worth it also where there are few. */
const FEW = 100;

/** The list at `path`, for one writer. Its first write is of all keys, whatever is there. */
export function openKeyFile(path: string): KeyFile {
  const changesPath = `${path}.changes`;
  /** Whether a change can follow what stands there. */
  let isOpen = false;
  /** How many keys the changes hold. */
  let changed = 0;

  async function replace({ revision, keys }: SavedKeys): Promise<void> {
    isOpen = false;
    const id = randomCharacters(26);
    const whole = JSON.stringify({ revision, id, keys: [...keys.values()] });
    await writeAtomically(path, whole, { durable: true });
    // Until then the changes there name another list, and count for nothing.
    await writeAtomically(changesPath, lineOf({ of: id }), { durable: true });
    isOpen = true;
    changed = 0;
  }

  async function append(change: KeysChange, now: SavedKeys['keys']): Promise<void> {
    changed += change.keys.length + change.removed.length;
    if (!isOpen || changed > now.size + FEW) {
      return replace({ revision: change.revision, keys: now });
    }
    // When it fails half a line may be there, which nothing can follow.
    isOpen = false;
    await appendDurably(changesPath, lineOf(change));
    isOpen = true;
  }

  return { append, replace };
}

async function appendDurably(path: string, line: string): Promise<void> {
  // Without O_CREAT: where somebody took the file away, a new one would not name its list.
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND);
  try {
    await file.appendFile(line);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** The list at `path` as it was left; undefined when there is none, or none that can be read. */
export async function readKeyFile(path: string): Promise<SavedKeys | undefined> {
  const whole = await readJson(path, WholeSchema);
  if (!whole) return undefined;
  const keys = new Map(whole.keys.map((key) => [key.fingerprint, key]));
  let { revision } = whole;
  for (const change of await readChanges(`${path}.changes`, whole.id)) {
    for (const fingerprint of change.removed) keys.delete(fingerprint);
    for (const key of change.keys) keys.set(key.fingerprint, key);
    revision = change.revision;
  }
  return { revision, keys };
}

/** The changes of the list with that id, up to where a crash cut them. */
async function readChanges(path: string, id: string | undefined): Promise<KeysChange[]> {
  const [first = '', ...lines] = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  if (id === undefined || parse(first, FirstLineSchema)?.of !== id) return [];
  const changes: KeysChange[] = [];
  for (const line of lines) {
    const change = parse(line, ChangeSchema);
    if (!change) break;
    changes.push(change);
  }
  return changes;
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function parse<T extends TSchema>(line: string, schema: T): Static<T> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return Check(schema, value) ? (value as Static<T>) : undefined;
  } catch {
    return undefined;
  }
}
