import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 from making room for more and more short-lived objects, 64 MB in the end: each look at a
 * thousand sessions leaves a lot of them, and nobody waits for the agent while it clears them away.
 * For a process that is an agent and nothing else.
 */
export function keepHeapSmall(): void {
  // Taken up whenever that space would grow, so it works after the start, too.
  setFlagsFromString('--semi-space-growth-factor=1');
}
