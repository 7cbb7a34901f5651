#!/usr/bin/env node
import { runCommandLine } from './cli/index.ts';
import { printError } from './cli/print.ts';

/** The process boundary: what comes in by argv and signals, and what goes out as exit code. */

/** The terminal sends one Ctrl-C to us and to npm, and npm passes it on: that is one wish, not two. */
const SAME_WISH_MS = 500;

// A reader such as `head` may leave early; that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.on('uncaughtException', (error) => {
  process.exit(printError(error));
});

process.exitCode = await runCommandLine(process.argv.slice(2), { stopSignal });

/**
 * Aborts at the first SIGINT or SIGTERM, so that a command can end in order; a later one ends the
 * process at once. Commands that do not ask for it are ended by the first, as usual.
 */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        first = performance.now();
        controller.abort();
      } else if (performance.now() - first > SAME_WISH_MS) {
        process.exit(name === 'SIGINT' ? 130 : 143);
      }
    });
  }
  return controller.signal;
}
