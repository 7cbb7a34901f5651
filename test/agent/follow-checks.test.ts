import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { followChecks } from '../../src/agent/checks/follow-checks.ts';
import type { AskedCheck, CheckReport } from '../../src/domain/agent-protocol.ts';
import { Problem } from '../../src/domain/problem.ts';

const REPORT = { key: true } as CheckReport;
const asked = (id: number): AskedCheck => ({ id: `chk_${id}`, tunnel: 'tun_1', slot: 1 });

/** Follows what `polls` give, then nothing, until it is stopped. */
function follow(
  polls: (AskedCheck[] | Problem)[],
  check: (asked: AskedCheck) => Promise<CheckReport>,
) {
  const stopping = new AbortController();
  const sent: string[] = [];
  const logged: string[] = [];
  const note = (_details: object, text: string) => void logged.push(text);
  const running = followChecks({
    async fetchChecks() {
      const next = polls.shift();
      if (next instanceof Problem) throw next;
      if (!next) await sleep(60_000, undefined, { signal: stopping.signal, ref: false });
      return next ?? [];
    },
    async sendCheck(id) {
      sent.push(id);
    },
    check,
    signal: stopping.signal,
    log: { info: note, warn: note, error: note },
  });
  return {
    sent,
    logged,
    async until(isSo: () => boolean) {
      for (const end = Date.now() + 60_000; !isSo(); await sleep(5)) {
        assert.ok(Date.now() < end, JSON.stringify({ sent, logged }));
      }
    },
    async stop() {
      stopping.abort();
      await assert.rejects(running);
    },
  };
}

test('one check that takes long holds no other up, and one that fails is logged', async () => {
  const slow = Promise.withResolvers<CheckReport>();
  const follower = follow([[asked(1), asked(2)], [asked(3)]], async ({ id }) => {
    if (id === 'chk_1') return slow.promise;
    if (id === 'chk_2') throw new Error('no');
    return REPORT;
  });
  await follower.until(() => follower.sent.length === 1);
  assert.deepEqual([follower.sent, follower.logged], [['chk_3'], ['a check failed']]);
  slow.resolve(REPORT);
  await follower.until(() => follower.sent.length === 2);
  await follower.stop();
});

test('no more are under way at once than the agent can do; it ends all the same', async () => {
  const waiting: (() => void)[] = [];
  const polls = Array.from({ length: 4 }, (_, poll) =>
    Array.from({ length: 20 }, (_, index) => asked(20 * poll + index)),
  );
  const follower = follow(polls, async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return REPORT;
  });
  await follower.until(() => waiting.length === 20);
  await sleep(50);
  assert.equal(waiting.length, 20, 'it waits for one of them');
  waiting[0]?.();
  await follower.until(() => waiting.length === 39 || waiting.length === 40);
  await follower.stop();
});

test('a control plane of the version before is left alone for a while', async () => {
  const unknown = new Problem('not-found', 'nothing is served at this address');
  const follower = follow([unknown, [asked(1)]], async () => REPORT);
  await follower.until(() => follower.logged.length > 0);
  await sleep(50);
  assert.deepEqual(follower.logged, ['the control plane asks for no checks']);
  assert.deepEqual(follower.sent, []);
  await follower.stop();
});
