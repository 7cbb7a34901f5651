import { setTimeout as sleep } from 'node:timers/promises';
import type { Line } from './line.ts';

/** A way in which a customer's network fails, and comes back by itself. */
export interface Fault {
  name: string;
  /** Fit for the name of a host. */
  slug: string;
  /** Whether the connection of ssh outlives it. */
  keepsConnection: boolean;
  /** Breaks a line, and comes back after so many seconds with it still broken. */
  last(line: Line, seconds: number): Promise<void>;
  mend(line: Line): Promise<void>;
}

/** By then both ends have given up a connection whose packets are dropped: the slower, ssh, takes up to 60 s. */
const CONNECTION_LOST_S = 70;

export const FAULTS: readonly Fault[] = [
  {
    name: 'packets dropped',
    slug: 'dropped',
    keepsConnection: false,
    async last(line, seconds) {
      await line.dropPackets();
      await wait(seconds);
    },
    mend: (line) => line.passPackets(),
  },
  {
    name: 'no route',
    slug: 'route',
    keepsConnection: false,
    async last(line, seconds) {
      await line.loseLink();
      await wait(seconds);
    },
    mend: (line) => line.regainLink(),
  },
  {
    // ssh asks for the database's name each time that the vendor connects to it, and does nothing else meanwhile.
    name: 'DNS down',
    slug: 'dns',
    keepsConnection: true,
    async last(line, seconds) {
      await line.dropQuestions();
      await wait(seconds);
    },
    mend: (line) => line.passQuestions(),
  },
  {
    // A router that restarts: the connection is lost, and names come back last.
    name: 'DNS back late',
    slug: 'late',
    keepsConnection: false,
    async last(line, seconds) {
      await line.dropQuestions();
      await line.dropPackets();
      await wait(CONNECTION_LOST_S);
      await line.passPackets();
      await wait(seconds - CONNECTION_LOST_S);
    },
    mend: (line) => line.passQuestions(),
  },
];

const wait = (seconds: number) => sleep(seconds * 1000);
