import { setTimeout as delay } from 'node:timers/promises';
import { MAIN } from '../../cli/support/culvert.ts';
import { type Running, start } from '../../cli/support/running.ts';
import { freePort } from '../../support/free-port.ts';

const STARTS_WITHIN_MS = 60_000;

/** A control plane in a process of its own. */
export interface Instance {
  url: string;
  /** The process that runs now, or ran last. */
  process(): Running;
  /** Starts it at the same address and waits until it answers. */
  start(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** Makes an instance on a store and starts it. It ends with this process, however that ends. */
export async function startInstance(
  store: string,
  settings: Record<string, string> = {},
): Promise<Instance> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const words = ['setpriv', '--pdeathsig', 'KILL', '--', process.execPath, MAIN, 'serve'];
  let running: Running;
  const instance: Instance = {
    url,
    process: () => running,
    async start() {
      running = start(words, {
        CULVERT_STORE: store,
        CULVERT_LISTEN: `127.0.0.1:${port}`,
        CULVERT_VENDOR: 'acme',
        CULVERT_PUBLIC_URL: 'http://127.0.0.1',
        CULVERT_LOG_LEVEL: 'warn',
        ...settings,
      });
      await untilAnswers(url, running);
    },
    async kill() {
      await running.end('SIGKILL');
    },
  };
  await instance.start();
  return instance;
}

async function untilAnswers(url: string, running: Running): Promise<void> {
  let end: number | NodeJS.Signals | undefined;
  void running.ended(2 ** 31 - 1).then((code) => {
    end = code;
  });
  for (const begun = Date.now(); !(await isReady(url)); await delay(30)) {
    if (end !== undefined || Date.now() - begun > STARTS_WITHIN_MS) {
      throw new Error(`the instance does not answer (${end}):\n${running.stderr()}`);
    }
  }
}

/** Whether an instance says that it can serve. */
export async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`).catch(() => undefined);
  await answer?.arrayBuffer();
  return answer?.status === 200;
}
