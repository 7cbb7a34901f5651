import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { templateOf } from '../../src/render/catalogue.ts';
import { loadCatalogue } from '../../src/render/index.ts';
import { hostileText, sampleOf } from '../render/hostile.ts';
import { renderedOrRefused } from '../render/rendered-or-refused.ts';

const template = templateOf(loadCatalogue(), 'ssh-config');
const folder = mkdtempSync(join(tmpdir(), 'culvert-ssh-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const VALUES = {
  host: 't1.example',
  port: 50022,
  login: 'login-name',
  identity_file: '/var/lib/h_autossh/acme_orders/key',
  known_hosts_file: '/etc/h_autossh/acme_orders/known_hosts',
  listen: '127.0.0.1:20000',
  database: 'db.example:5432',
  log_level: 'VERBOSE',
  local_config: '/etc/h_autossh/acme_orders/local.conf',
};
type Field = keyof typeof VALUES;

/** Where an empty value stands for: no such keyword. */
const OPTIONAL: Field[] = ['identity_file', 'known_hosts_file', 'local_config', 'log_level'];

/** Where `ssh -G` shows a field. Hosts and forwardings have a grammar of their own: proxy-files.test.ts. */
const SHOWN_AS = {
  login: 'user',
  identity_file: 'identityfile',
  known_hosts_file: 'globalknownhostsfile',
} as const;

function readBySsh(text: string): Map<string, string> {
  const file = join(folder, 'ssh_config');
  writeFileSync(file, text);
  const output = execFileSync('ssh', ['-G', '-F', file, 'tunnel'], { encoding: 'utf8' });
  return new Map(
    output.split('\n').map((row) => [row.split(' ', 1)[0] ?? '', row.slice(row.indexOf(' ') + 1)]),
  );
}

/** What comes near to passing: mostly characters that do. */
const nearlyPlain = fc
  .array(
    fc.constantFrom(...'aZ09_./:[]@+,-~', '%', ' ', '"', "'", '\n', '=', '#', '\\', '\u2019', '*'),
    {
      minLength: 1,
      maxLength: 9,
    },
  )
  .map((characters) => characters.join(''));

test('a hostile value is refused by its field, or changes nothing but its own word', () => {
  const fields = Object.keys(VALUES) as Field[];
  const plain = template.render(VALUES);
  let refused = 0;
  const values = sampleOf(fc.oneof(hostileText, nearlyPlain), 24_000);
  for (const [index, value] of values.entries()) {
    const field = fields[index % fields.length] as Field;
    if (OPTIONAL.includes(field) && value === '') continue;
    const text = renderedOrRefused(field, () => template.render({ ...VALUES, [field]: value }));
    if (text === undefined) refused++;
    else
      assert.equal(
        text,
        plain.replaceAll(String(VALUES[field]), () => value),
      );
  }
  assert.ok(refused > 10_000, `${refused} refused`);
});

test('ssh reads every value that is let through as that very word', () => {
  const isPlain = (value: string) =>
    renderedOrRefused('host', () => template.render({ ...VALUES, host: value })) !== undefined;
  const accepted = sampleOf(nearlyPlain.filter(isPlain), 3 * 80);
  const fields = Object.keys(SHOWN_AS) as (keyof typeof SHOWN_AS)[];
  while (accepted.length >= fields.length) {
    const given = Object.fromEntries(fields.map((field) => [field, accepted.pop() as string]));
    const read = readBySsh(template.render({ ...VALUES, ...given }));
    for (const field of fields) assert.equal(read.get(SHOWN_AS[field]), given[field], field);
    assert.equal(read.get('port'), '50022');
    assert.equal(read.get('remoteforward'), '[127.0.0.1]:20000 [db.example]:5432');
  }
});
