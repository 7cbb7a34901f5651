import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Postgres } from '../../support/postgres.ts';
import type { Instance } from './instance.ts';
import type { VendorSide } from './vendor-side.ts';

const UP_WITHIN_MS = 60_000;

/** What can break: the processes of a vendor's side, and the PostgreSQL that its store is on. */
export interface Breakable {
  vendor: VendorSide;
  store: Postgres;
}

/** Something that breaks at the vendor's side; it is begun and ended once each. */
export interface Fault {
  name: string;
  begin(side: Breakable): unknown;
  /** Gives the start that it begins, if any. */
  end(side: Breakable): unknown;
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'agent frozen',
    begin: ({ vendor }) => vendor.agent.child?.kill('SIGSTOP'),
    end: ({ vendor }) => vendor.agent.child?.kill('SIGCONT'),
  },
  {
    name: 'agent killed',
    begin: ({ vendor }) => vendor.agent.kill(),
    // As its unit does.
    end: ({ vendor }) => vendor.startAgent(),
  },
  {
    name: 'sshd killed',
    begin({ vendor }) {
      const file = join(vendor.agent.stateFolder, 'sshd.pid');
      process.kill(Number(readFileSync(file, 'latin1')), 'SIGKILL');
    },
    // The agent starts it.
    end() {},
  },
  {
    name: 'control plane killed',
    begin: ({ vendor }) => instanceOf(vendor).kill(),
    end: ({ vendor }) => startAgain(instanceOf(vendor)),
  },
  {
    name: 'PostgreSQL stopped',
    begin: ({ store }) => store.halt(),
    end: ({ store }) => store.resume(),
  },
];

export const PAIRS = FAULTS.flatMap((one, at) => FAULTS.slice(at + 1).map((other) => [one, other]));

function instanceOf({ cluster }: VendorSide): Instance {
  return cluster.instances[0] as Instance;
}

/** As its unit does: it may have come up before its store. */
async function startAgain(instance: Instance): Promise<void> {
  for (const end = Date.now() + UP_WITHIN_MS; ; await sleep(1000)) {
    try {
      return await instance.start();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
