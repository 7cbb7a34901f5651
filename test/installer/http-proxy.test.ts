import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const PART = join(import.meta.dirname, '../../templates/linux/http-proxy.sh');

/** What the installer makes of CULVERT_HTTP_PROXY: its four parts, and the URL that curl and wget get. */
function read(given: string): string[] | 'refused' {
  const script = `
    LC_ALL=C; source "$1"; CULVERT_HTTP_PROXY=$2 KEPT_FOLDER=/nonexistent USAGE=2
    fail() { exit "$1"; }
    take_http_proxy; find_http_proxy
    printf '%s\\0' "$HTTP_PROXY_HOST" "$HTTP_PROXY_PORT" "$HTTP_PROXY_USER" "$HTTP_PROXY_PASSWORD"
    http_proxy_url`;
  const { status, stdout, stderr } = spawnSync('bash', ['-uc', script, 'bash', PART, given], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return status === 2 ? 'refused' : stdout.split('\0');
}

test('host and port', () => {
  assert.deepEqual(read('http://gate.example:3128'), [
    'gate.example',
    '3128',
    '',
    '',
    'http://gate.example:3128',
  ]);
  assert.deepEqual(read('http://10.0.0.1:8080/').slice(0, 2), ['10.0.0.1', '8080']);
  const [host, port, , , url] = read('http://[fd00::1]:3128');
  assert.deepEqual([host, port, url], ['fd00::1', '3128', 'http://[fd00::1]:3128']);
});

test('user and password, in whatever characters', () => {
  for (const password of [
    'secret',
    '',
    'a:b',
    `%41\\n@:/?#[]"' $(id) \`x\``,
    'é数🐘',
    '100%25',
    '~_.-',
  ]) {
    const written = encodeURIComponent(password).replaceAll("'", '%27');
    const [, , user, given, url] = read(`http://cust%40omer:${written}@gate:1`);
    assert.equal(user, 'cust@omer');
    assert.equal(given, password);
    const parsed = new URL(url as string);
    assert.equal(decodeURIComponent(parsed.password), password);
    assert.match(url as string, /^http:\/\/[A-Za-z0-9.~_%:@-]+$/, 'nothing that ends a quotation');
  }
  assert.deepEqual(read('http://a:b@c@gate:1').slice(2, 4), ['a', 'b@c']);
});

for (const given of [
  'gate:3128',
  'https://gate:3128',
  'socks5://gate:3128',
  'http://gate',
  'http://gate:',
  'http://gate:0',
  'http://gate:65536',
  'http://gate:3128/path',
  'http://-gate:1',
  'http://ga te:1',
  'http://gate;id:1',
  'http://[fd00::1:1',
  'http://:1',
  'http://@gate:1',
  'http://:secret@gate:1',
  'http://a%3ab:c@gate:1',
  'http://a:%0aProxy@gate:1',
  'http://a:%00@gate:1',
  'http://a:%7f@gate:1',
  'http://a:%4@gate:1',
  'http://a:%zz@gate:1',
  'http://a\n:b@gate:1',
  'http://gate:1\nx',
  'http://gate:a[$(id)]',
]) {
  test(`${JSON.stringify(given)} is refused`, () => assert.equal(read(given), 'refused'));
}

test('"none" is none', () => assert.deepEqual(read('none').slice(0, 4), ['', '', '', '']));
