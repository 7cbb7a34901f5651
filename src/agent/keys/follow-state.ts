import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentKey, AgentState } from '../../domain/agent-protocol.ts';
import { Problem } from '../../domain/problem.ts';
import { persist } from '../persist.ts';
import type { AgentLog } from '../settings.ts';
import type { KeyList } from './key-list.ts';

const AFTER_MISMATCH_MS = 1000;

/**
 * Keeps the keys in step with the control plane, by long poll, until `signal`. Without it, the keys
 * stay as they are.
 */
export async function followState(options: {
  keys: KeyList;
  fetchState: (known: { since: number; digest: string }) => Promise<AgentState | undefined>;
  /** Removed keys let nobody in any more. */
  onRemoved: (gone: AgentKey[]) => void;
  /** All is as the control plane said. */
  onApplied: () => void;
  signal: AbortSignal;
  log: AgentLog;
}): Promise<void> {
  const { keys, fetchState, onRemoved, onApplied, signal, log } = options;
  let since = keys.revision;
  const step = async () => {
    const state = await fetchState({ since, digest: keys.digest });
    if (!state) return;
    // Taken for the difference from here, it could leave keys as they were before.
    if ((state.since ?? since) !== since) throw otherAnswer();
    const isWhole = await keys.apply(state, onRemoved);
    since = isWhole ? keys.revision : 0;
    const what = { revision: state.revision, full: state.full };
    if (isWhole) {
      log.info(what, 'keys are in step');
      onApplied();
    } else {
      log.warn(what, 'keys differ; asking for all of them');
      if (state.full) await sleep(AFTER_MISMATCH_MS, undefined, { signal });
    }
  };
  while (!signal.aborted) await persist('following the keys', step, { signal, log, forever: true });
}

function otherAnswer(): Problem {
  return new Problem('unavailable', 'an answer came to a question that was asked before', {
    next: 'See what lies between this host and the control plane: answers may not be kept there.',
  });
}
