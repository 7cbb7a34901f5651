import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { testConnect } from '../support/connect-cases.ts';
import { compileHost } from './support/compile-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'culvert-windows-'));
after(() => rmSync(folder, { recursive: true, force: true }));

testConnect({
  argv: [await compileHost(folder), '--connect'],
  processes: 1,
  // Mono takes seconds on a busy machine; a silent endpoint would still cost 9 more.
  startMs: 6000,
  rounds: 5,
});
