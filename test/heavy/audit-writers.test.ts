import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkChain } from '../../src/domain/check-chain.ts';
import { auditRows, getAuditHead } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';

const WRITERS = 4;
/** SQLite, which waits for the disk at each change, is for one instance: it has to be right, not fast. */
const ENTRIES = { postgres: 10_000, sqlite: 1000 };

testOnEachEngine('processes that write at once leave one chain without a gap', async (bench) => {
  const { url, store } = bench;
  const entries = ENTRIES[store.engine];
  const program = join(import.meta.dirname, 'write-audit.ts');
  const words = [program, url, String(entries / WRITERS)];
  const writing = Array.from({ length: WRITERS }, () =>
    promisify(execFile)(process.execPath, words),
  );
  await Promise.all(writing);
  const { head, broken } = await checkChain(auditRows(store.db));
  assert.equal(broken, undefined);
  assert.equal(head.seq, entries);
  assert.deepEqual(await getAuditHead(store.db), head);
});
