import { createInterface } from 'node:readline';
import type { Container } from '../bed/index.ts';

/** Knocks at tunnel ports, as the vendor's application would, at next to no cost. */
export interface Knocker {
  /** Whether the database answers through a port now. */
  answers(port: number): Promise<boolean>;
  /** When it first does, as of `Date.now`; undefined when it does not within `limitMs`. */
  firstAnswer(port: number, limitMs: number): Promise<number | undefined>;
  end(): void;
}

/** Starts it on the vendor's host. */
export function startKnocker(vendor: Container): Knocker {
  const node = '/opt/culvert/node_modules/.bin/node';
  const child = vendor.spawn([node, '/opt/culvert/test/support/outage/knocking.ts']);
  child.stderr.pipe(process.stderr);
  const waiting = new Map<string, (said: string) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [verb, port, said = ''] = line.split(' ');
    waiting.get(`${verb} ${port}`)?.(said);
  });
  const say = (line: string) =>
    new Promise<string>((resolve) => {
      waiting.set(line, resolve);
      child.stdin.write(`${line}\n`);
    });
  return {
    answers: async (port) => (await say(`ask ${port}`)) === 'true',
    async firstAnswer(port, limitMs) {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, limitMs, undefined);
      });
      const said = await Promise.race([say(`await ${port}`), limit]);
      clearTimeout(timer);
      return said === undefined ? undefined : Number(said);
    },
    end: () => child.stdin.end(),
  };
}
