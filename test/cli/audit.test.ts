import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createSigningKey } from '../../src/bundle/index.ts';
import { type AuditRow, linkHash } from '../../src/domain/audit.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import { change, openStore } from '../../src/store/index.ts';
import { runCommand } from '../support/bed/command.ts';
import { freePort } from '../support/free-port.ts';
import { culvert, culvertJson, MAIN } from './support/culvert.ts';
import { endGroup, type Running, start } from './support/running.ts';

/** More than two pages of the API; U+2028 ends a line for some readers, and must not for ours. */
const ROWS = 230;
const EVENT = { action: 'test.changed', actor: 'system', subject: 'line\u2028end', from: '' };

const { pem } = createSigningKey();
let folder: string;
let server: Running;
let client: Record<string, string>;
let rows: AuditRow[];
let receipt: Receipt;
const at = (name: string) => join(folder, name);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-cli-audit-'));
  await writeFile(at('signing.pem'), pem, { mode: 0o600 });
  const port = await freePort();
  const settings = {
    CULVERT_STORE: `sqlite:${at('culvert.db')}`,
    CULVERT_VENDOR: 'acme',
    CULVERT_PUBLIC_URL: `http://127.0.0.1:${port}`,
    CULVERT_LISTEN: `127.0.0.1:${port}`,
    CULVERT_SIGNING_KEY_FILE: at('signing.pem'),
  };
  server = start([process.execPath, MAIN, 'serve', '--migrate'], settings);
  await server.until(/listening/i);
  const words = ['api-token', 'create', '--name', 'auditor', '--scopes', 'audit:read'];
  const { token } = await culvertJson<{ token: string }>(words, settings);
  client = { CULVERT_URL: settings.CULVERT_PUBLIC_URL, CULVERT_API_TOKEN: token };
  const store = await openStore(settings.CULVERT_STORE);
  const events = Array.from({ length: ROWS - 2 }, () => EVENT);
  await change(store, { regions: [] }, async () => ({ result: undefined, events }));
  await store.close();

  const exported = await culvert(['audit', 'export'], client);
  assert.equal(exported.code, 0, exported.stderr);
  rows = exported.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  await writeFile(at('audit.jsonl'), exported.stdout);
  const received = await culvert(['audit', 'receipt'], client);
  receipt = JSON.parse(received.stdout);
  await writeFile(at('receipt.json'), received.stdout);
  await writeFile(at('vendor.pub'), `${receipt.public_key} vendor@example\n`);
});

after(async () => {
  if (server) endGroup(server);
  await rm(folder, { recursive: true, force: true });
});

/** Verifies rows, with nothing to reach a server by. */
async function verify(given: AuditRow[], ...words: string[]) {
  await writeFile(at('given.jsonl'), given.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return culvert(['audit', 'verify', at('given.jsonl'), ...words]);
}

test('an export has every row once, as it was hashed', async () => {
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    Array.from({ length: ROWS }, (_, index) => index + 1),
  );
  assert.equal(JSON.parse(rows[0]?.bytes ?? '').action, 'installation.created');
  assert.equal(receipt.hash, rows.at(-1)?.hash);
});

test('a whole export is told to be whole, and what was not looked at', async () => {
  const alone = await culvert(['audit', 'verify', at('audit.jsonl')]);
  assert.equal(alone.code, 0, alone.stderr);
  assert.match(alone.stdout, /^230 rows, none changed.*\nNo receipt: .* cannot be told\.\n$/);
  const withReceipt = ['audit', 'verify', at('audit.jsonl'), '--receipt', at('receipt.json')];
  const unchecked = await culvert(withReceipt);
  assert.match(unchecked.stdout, /names row 230\. Its signature was not checked/);
  const checked = await culvert([...withReceipt, '--key', at('vendor.pub')]);
  assert.match(checked.stdout, /names row 230\. It is signed by that key\.\n$/);
  const found = await culvertJson<object>([...withReceipt, '--key', at('vendor.pub')]);
  const { seq, hash, at: time } = receipt;
  assert.deepEqual(found, { rows: seq, hash, receipt: { seq, at: time, signature: 'good' } });
  const piped = await culvert(
    ['audit', 'verify', '-'],
    {},
    await readFile(at('audit.jsonl'), 'utf8'),
  );
  assert.equal(piped.stdout, alone.stdout);
});

test('the first broken link is named', async () => {
  const row = rows[99] as AuditRow;
  const bytes = row.bytes.replace('test.changed', 'test.harmless');
  const forged = { ...row, bytes, hash: linkHash(row.prev, bytes) };
  for (const [given, said] of [
    [rows.with(99, { ...row, bytes }), 'row 100 was changed'],
    [rows.toSpliced(99, 1), 'row 100 is missing or out of place: row 101 stands there'],
    [
      rows.with(99, rows[100] as AuditRow).with(100, row),
      'row 100 is missing or out of place: row 101 stands there',
    ],
    [rows.with(99, forged), 'row 101 does not follow row 100: one of the two was forged'],
  ] as [AuditRow[], string][]) {
    const { code, stdout, stderr } = await verify(given);
    assert.deepEqual([code, stdout], [7, '']);
    assert.equal(stderr.split('\n')[0], `culvert: ${said}`);
  }
});

test('a receipt shows a cut end and a chain that was written anew', async () => {
  const cut = rows.slice(0, 200);
  assert.equal((await verify(cut)).code, 0);
  const missing = await verify(cut, '--receipt', at('receipt.json'));
  assert.equal(missing.code, 7);
  assert.match(missing.stderr, /^culvert: row 201 is missing: the end was cut off.* row 230\n/);

  let { hash: prev } = rows[99] as AuditRow;
  const anew = rows.slice(100).map((row) => {
    const bytes = row.bytes.replace('system', 'nobody');
    const linked = { ...row, bytes, prev, hash: linkHash(prev, bytes) };
    prev = linked.hash;
    return linked;
  });
  const rewritten = [...rows.slice(0, 100), ...anew];
  assert.equal((await verify(rewritten)).code, 0);
  const other = await verify(rewritten, '--receipt', at('receipt.json'));
  assert.equal(other.code, 7);
  assert.match(other.stderr, /^culvert: row 230 is not the row that the receipt names/);
});

test('a receipt that the key did not sign is refused', async () => {
  const stranger = createSigningKey().key.publicKey;
  await writeFile(at('stranger.pub'), `${stranger.type} ${stranger.blob}\n`);
  await writeFile(at('edited.json'), JSON.stringify({ ...receipt, seq: receipt.seq - 1 }));
  const { signature: _, public_key: __, ...unsigned } = receipt;
  await writeFile(at('unsigned.json'), JSON.stringify(unsigned));
  for (const [file, publicKey, said] of [
    ['receipt.json', 'stranger.pub', /is by a key that is not listed/],
    ['edited.json', 'vendor.pub', /is over other bytes/],
    ['unsigned.json', 'vendor.pub', /is not signed/],
  ] as [string, string, RegExp][]) {
    const words = ['--receipt', at(file), '--key', at(publicKey)];
    const { code, stderr } = await verify(rows, ...words);
    assert.equal(code, 7);
    assert.match(stderr, said);
  }
});

test('what is no export, receipt or key is refused by its name', async () => {
  const text = (await readFile(at('audit.jsonl'), 'utf8')).slice(0, -100);
  const cutInside = await culvert(['audit', 'verify', '-'], {}, text);
  assert.deepEqual([cutInside.code, cutInside.stdout], [7, '']);
  assert.match(cutInside.stderr, /^culvert: row 230 cannot be read/);
  const receiptWords = ['--receipt', at('receipt.json')];
  for (const [words, said] of [
    [[at('nothing.jsonl')], /^culvert: file: cannot be read: .*nothing\.jsonl/],
    [[folder], /^culvert: file: cannot be read: EISDIR/],
    [[at('audit.jsonl'), '--receipt', at('nothing')], /^culvert: --receipt: cannot be read/],
    [[at('audit.jsonl'), '--receipt', at('audit.jsonl')], /^culvert: --receipt: is not a receipt/],
    [[at('audit.jsonl'), '--key', at('vendor.pub')], /^culvert: --key: there is no receipt/],
    [[at('audit.jsonl'), ...receiptWords, '--key', at('receipt.json')], /^culvert: .*public key/],
    [[at('audit.jsonl'), ...receiptWords, '--key', at('signing.pem')], /^culvert: .*public key/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await culvert(['audit', 'verify', ...words]);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
  }
});

test('a token without the right gets nothing', async () => {
  const words = ['api-token', 'create', '--name', 'other', '--scopes', 'tunnels:read'];
  const store = { CULVERT_STORE: `sqlite:${at('culvert.db')}` };
  const { token } = await culvertJson<{ token: string }>(words, store);
  for (const command of ['export', 'receipt']) {
    const { code, stdout } = await culvert(['audit', command], {
      ...client,
      CULVERT_API_TOKEN: token,
    });
    assert.deepEqual([code, stdout], [6, ''], command);
  }
});

test('stock tools check a receipt as the page says', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const block = /^```sh\n(jq .*?)^```/ms.exec(page)?.[1] ?? assert.fail('no such block');
  const words = ['bash', '-ec', `cd "$1"; ${block}`, 'bash', folder];
  const run = () => runCommand(words, { timeoutMs: 30_000 });
  const good = await run();
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /^Good "culvert-audit-v1" signature for acme/);
  await writeFile(at('receipt.json'), JSON.stringify({ ...receipt, at: receipt.at + 1 }));
  assert.notEqual((await run()).code, 0);
  await writeFile(at('receipt.json'), JSON.stringify(receipt));
});
