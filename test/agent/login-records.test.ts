import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoginRecords } from '../../src/agent/sessions/login-records.ts';
import { tableEndpoint } from '../../src/agent/system/table-address.ts';

const BASE64 = 'eq2f/khjNArf0rWz2XLWUOeE5qw+/vtnOIUcQ76Bzfw';
const record = (pid: number) => `${pid} 4711 ${BASE64} 192.0.2.1\n`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-records-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('reads what the hook writes, and nothing of another form', async () => {
  const records = new LoginRecords(folder);
  await writeFile(join(folder, '20000'), record(812));
  assert.deepEqual(records.read(20_000), {
    port: 20_000,
    monitor: { pid: 812, start: 4711 },
    fingerprint: Buffer.from(BASE64, 'base64').toString('hex'),
    address: '192.0.2.1',
  });
  await writeFile(join(folder, '20000'), record(812).replace('\n', ' 60686\n'));
  assert.equal(records.read(20_000)?.peer, tableEndpoint('192.0.2.1', 60_686));
  for (const text of ['', '812', record(0), record(812).trim(), `${record(812)}x`]) {
    await writeFile(join(folder, '20000'), text);
    assert.equal(records.read(20_000), undefined, text);
  }
});

test('gives all at first, then what has changed', async () => {
  const records = new LoginRecords(folder);
  for (const port of ['20000', '20001']) await writeFile(join(folder, port), record(1));
  records.follow(() => {});
  const ports = () => records.changed().map(({ port }) => port);
  assert.deepEqual(ports().sort(), [20_000, 20_001]);
  await writeFile(join(folder, '20001'), record(2));
  const found: number[] = [];
  for (const end = Date.now() + 60_000; found.length === 0 && Date.now() < end; await sleep(5)) {
    found.push(...ports());
  }
  assert.deepEqual([...new Set(found)], [20_001]);
  records.stop();
});
