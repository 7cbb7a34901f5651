import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { followState } from '../../src/agent/keys/follow-state.ts';
import { openKeyFolder } from '../../src/agent/keys/key-folder.ts';
import { KeyList } from '../../src/agent/keys/key-list.ts';
import type { AgentKey, AgentState } from '../../src/domain/agent-protocol.ts';
import { keysDigest } from '../../src/domain/keys-digest.ts';

const key = (digit: string, line: string): AgentKey => ({
  fingerprint: digit.repeat(64),
  tunnel: 'tun_x',
  slot: 1,
  port: 20_000,
  line: `restrict ${line} ssh-ed25519 AAAA tun_x`,
  database: 'tcp',
});
const digestOf = (keys: AgentKey[]) => keysDigest(keys.map(({ fingerprint }) => fingerprint));

/** Lets an agent ask until there is no answer left, and gives its keys' lines and its warnings. */
async function follow(
  t: { after(work: () => Promise<void>): void },
  answers: AgentState[],
): Promise<{ lines: string[]; revision: number; asked: number[]; warnings: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'culvert-follow-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'keys'));
  const keys = await KeyList.open(join(folder, 'list'), await openKeyFolder(join(folder, 'keys')));
  const done = new AbortController();
  const asked: number[] = [];
  const warnings: string[] = [];
  const warn = ({ reason }: { reason?: string }) => void warnings.push(reason ?? '');
  await followState({
    keys,
    async fetchState({ since }) {
      const answer = answers[asked.length];
      if (!answer) done.abort();
      else asked.push(since);
      return answer;
    },
    onRemoved: () => {},
    onApplied: () => {},
    signal: done.signal,
    log: { info: () => {}, warn, error: () => {} },
  });
  return {
    lines: [...keys.all()].map(({ line }) => line),
    revision: keys.revision,
    asked,
    warnings,
  };
}

const first = key('1', 'from="10.0.0.0/8"');
const firstLater = key('1', 'from="10.1.0.0/16"');
const second = key('2', '');
const whole = { revision: 3, full: true, keys: [first], removed: [], digest: digestOf([first]) };

test('the answer to another question is not taken for the difference from here', async (t) => {
  // Fingerprints alone would fit: the first key's new line came with revision 4.
  const later = {
    revision: 5,
    full: false,
    keys: [second],
    removed: [],
    digest: digestOf([first, second]),
  };
  const { lines, revision, asked, warnings } = await follow(t, [
    { ...whole, since: 0 },
    { ...later, since: 4 },
    { ...later, since: 3, keys: [firstLater, second] },
  ]);
  assert.deepEqual(asked, [0, 3, 3]);
  assert.equal(revision, 5);
  assert.deepEqual(lines.sort(), [firstLater.line, second.line].sort());
  assert.deepEqual(warnings, ['an answer came to a question that was asked before']);
});

test('an older control plane does not say what it was asked', async (t) => {
  const next = { revision: 4, full: false, keys: [firstLater], removed: [], digest: whole.digest };
  const { lines, revision } = await follow(t, [whole, next]);
  assert.equal(revision, 4);
  assert.deepEqual(lines, [firstLater.line]);
});
