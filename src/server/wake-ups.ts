import { EventEmitter } from 'node:events';

/** Wakes this process's long polls as soon as what they wait for changed, named by its id. */
export interface WakeUps {
  /** Without an id: all of them. */
  wake(id?: string): void;
  /** Resolves at the next change of it, after `ms`, at `signal`, or at once when closed. */
  wait(id: string, ms: number, signal: AbortSignal): Promise<void>;
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
    wake(id) {
      changes.emit(id === undefined ? 'any' : eventOf(id));
    },
    wait(id, ms, signal) {
      if (closed || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          changes.off(eventOf(id), end).off('any', end).off('close', end);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        changes.once(eventOf(id), end).once('any', end).once('close', end);
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
function eventOf(id: string): string {
  return `change of ${id}`;
}
