import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileHost } from './support/compile-host.ts';
import { HostProcess } from './support/host-process.ts';

const FAILURES = 10_000;
const TUNNELS = 4;
const LIMIT = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'culvert-windows-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test(`the log stays under its limit through ${FAILURES} failures`, async () => {
  const program = await compileHost(folder);
  const data = join(folder, 'data');
  for (let tunnel = 1; tunnel <= TUNNELS; tunnel += 1) {
    const path = join(data, `tunnel-${tunnel}`);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'wanted'), '1');
  }
  // What cannot even be started fails the fastest.
  const host = new HostProcess(program, data, { ssh: '/nonexistent/ssh', second: 0 });
  try {
    let largest = 0;
    const failures = () => host.said.filter(({ line }) => line.includes(': down: ')).length;
    for (const end = performance.now() + 200_000; failures() < FAILURES; await sleep(200)) {
      assert.ok(performance.now() < end, `${failures()} failures`);
      for (const file of logsIn(data)) largest = Math.max(largest, statSync(join(data, file)).size);
    }
    assert.ok(largest <= LIMIT, `${largest} bytes`);
    assert.ok(largest > LIMIT / 2);
  } finally {
    assert.equal(await host.stop(), 0);
  }
  assert.deepEqual(logsIn(data), ['host.log', 'host.log.1']);
  const lines = readFileSync(join(data, 'host.log'), 'latin1').trimEnd().split('\n');
  for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [\x20-\x7e]+$/);
  assert.match(lines.at(-1) ?? '', /host: stopped$/);
});

function logsIn(path: string): string[] {
  return readdirSync(path)
    .filter((name) => name.startsWith('host.log'))
    .sort();
}
