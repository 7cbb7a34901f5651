import { change, openStore } from '../../src/store/index.ts';
import { SOME_EVENT } from '../store/seed.ts';

/*
 * A process that writes to the audit as an instance of the control plane does, a few changes at
 * once, each of which leaves one to four entries: node write-audit.ts <store> <entries>
 */

const AT_ONCE = 2;

const [url = '', entries = ''] = process.argv.slice(2);
const store = await openStore(url);
let left = Number(entries);
await Promise.all(Array.from({ length: AT_ONCE }, writeOn));
await store.close();

async function writeOn(): Promise<void> {
  while (left > 0) {
    const length = Math.min(left, 1 + (left % 4));
    left -= length;
    const events = Array.from({ length }, () => SOME_EVENT);
    await change(store, { regions: [] }, async () => ({ result: undefined, events }));
  }
}
