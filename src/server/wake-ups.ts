import { EventEmitter } from 'node:events';

/** Wakes this process's long polls as soon as something in their region changed. */
export interface WakeUps {
  /** Without a region: all of them. */
  wake(region?: string): void;
  /** Resolves at the region's next change, after `ms`, at `signal`, or at once when closed. */
  wait(region: string, ms: number, signal: AbortSignal): Promise<void>;
  /** Ends every wait; nothing waits any more. */
  close(): void;
  readonly closed: boolean;
}

/** Other instances' changes may go unheard: whoever waits also looks into the store. */
export function createWakeUps(): WakeUps {
  const changes = new EventEmitter().setMaxListeners(0);
  let closed = false;
  return {
    get closed() {
      return closed;
    },
    wake(region) {
      changes.emit(region === undefined ? 'any' : eventOf(region));
    },
    wait(region, ms, signal) {
      if (closed || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          changes.off(eventOf(region), end).off('any', end).off('close', end);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        changes.once(eventOf(region), end).once('any', end).once('close', end);
        signal.addEventListener('abort', end);
      });
    },
    close() {
      closed = true;
      changes.emit('close');
    },
  };
}

/** Ids come from outside, too: one named as another event, such as `error`, must not become that. */
function eventOf(region: string): string {
  return `region ${region}`;
}
