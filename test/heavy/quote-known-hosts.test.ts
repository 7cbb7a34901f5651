import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { opensshFingerprint, parsePublicKey } from '../../src/domain/public-key.ts';
import { templateOf } from '../../src/render/catalogue.ts';
import { loadCatalogue } from '../../src/render/index.ts';
import { keyLine } from '../domain/wire.ts';
import { hostileText, sampleOf } from '../render/hostile.ts';
import { renderedOrRefused } from '../render/rendered-or-refused.ts';

const template = templateOf(loadCatalogue(), 'known-hosts');
const folder = mkdtempSync(join(tmpdir(), 'culvert-known-hosts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Reads known_hosts strictly: comments, and lines of `tunnel type base64` with nothing behind. */
function parseKnownHosts(text: string): string[] {
  assert.ok(text.endsWith('\n'));
  const rows = text
    .slice(0, -1)
    .split('\n')
    .filter((row) => !row.startsWith('#'));
  return rows.map((row) => {
    const match = /^tunnel ([a-z0-9-]+ [A-Za-z0-9+/]+={0,2})$/.exec(row);
    assert.ok(match, row);
    return match[1] as string;
  });
}

const key = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => keyLine('ssh-ed25519', Buffer.from(bytes)));

test('a hostile value is refused by its field, or read back as it was', () => {
  const spoiled = fc
    .tuple(key, hostileText, fc.nat(90))
    .map(([line, text, at]) => line.slice(0, at) + text + line.slice(at));
  const values = sampleOf(fc.oneof(hostileText, spoiled), 22_000);
  for (const value of values) {
    const text = renderedOrRefused('host_keys', () => template.render({ host_keys: [value] }));
    if (text !== undefined) assert.deepEqual(parseKnownHosts(text), [value]);
  }
});

test('ssh-keygen finds exactly the keys that were pinned', () => {
  const keys = sampleOf(key, 500);
  const text = template.render({ host_keys: keys });
  assert.deepEqual(parseKnownHosts(text), keys);
  const file = join(folder, 'known_hosts');
  writeFileSync(file, text);
  const run = (...options: string[]) =>
    execFileSync('ssh-keygen', [...options, '-f', file], { encoding: 'utf8' })
      .trimEnd()
      .split('\n');
  const found = run('-F', 'tunnel').filter((row) => !row.startsWith('#'));
  assert.deepEqual(
    found,
    keys.map((line) => `tunnel ${line}`),
  );
  const printed = run('-l').map((row) => row.split(' ')[1]);
  assert.deepEqual(
    printed,
    keys.map((line) => opensshFingerprint(parsePublicKey(line).fingerprint)),
  );
});
