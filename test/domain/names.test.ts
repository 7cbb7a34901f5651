import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkLogin,
  checkPort,
  checkPublicUrl,
  checkServiceName,
  checkSlug,
  checkSocketPath,
} from '../../src/domain/grammar.ts';

/** Each check with what it takes and what it refuses. */
const CHECKS: [string, (field: string, value: never) => unknown, unknown[], unknown[]][] = [
  [
    'slug',
    checkSlug,
    ['a', '0', 'orders-2', 'a'.repeat(31), 'a-'],
    ['', '-a', 'A', 'a_b', 'a.b', 'a b', 'a\n', '../x', 'ä', 'a\u202e', 'a'.repeat(32)],
  ],
  [
    'login',
    checkLogin,
    ['tunnel', 'john.doe', 'DomainUser', '_a', 'a'.repeat(32), 'a-1_'],
    ['', '-a', '.a', '1a', 'a b', 'a$', 'a\n', 'a:b', 'a@b', 'ä', 'a'.repeat(33)],
  ],
  [
    'service',
    checkServiceName,
    ['tunnel', 'h_autossh', 'a', 'a'.repeat(31), 'a-1_'],
    ['', '-a', '_a', '1a', 'Root', 'a.b', 'a b', 'a$', 'a\n', 'a:b', 'ä', 'a'.repeat(32)],
  ],
  [
    'port',
    checkPort,
    [1, 22, 65535],
    [0, -1, 65536, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '22'],
  ],
  [
    'socket path',
    checkSocketPath,
    ['/run/postgresql/.s.PGSQL.5432', `/${'a'.repeat(103)}`],
    [
      '',
      '/',
      'run/x',
      '//x',
      '/a//b',
      '/../etc',
      '/a/..',
      '/a b',
      '/a\n',
      "/a'b",
      '/a%h',
      '~/x',
      '/ä',
      `/${'a'.repeat(104)}`,
    ],
  ],
  [
    'public URL',
    checkPublicUrl,
    [
      'https://culvert.example',
      'http://127.0.0.1:8080',
      'https://[::1]:8443',
      'https://example.com/a/culvert',
    ],
    [
      '',
      'culvert.example',
      'ftp://culvert.example',
      'https://',
      'https://culvert.example/',
      'https://culvert.example/a/',
      'https://culvert.example//a',
      'https://culvert.example/..',
      'https://culvert.example/a/./b',
      'https://culvert.example?a=b',
      'https://culvert.example#a',
      'https://user:secret@culvert.example',
      'https://culvert.example:99999',
      'https://cul vert.example',
      'https://culvert.example\n',
      "https://culvert.example/'",
      'https://culvert.example/$(id)',
      'https://culvert.example/%27',
      'https://münchen.example',
      'javascript://x',
    ],
  ],
];

for (const [name, check, good, bad] of CHECKS) {
  test(`a ${name} as it should be is given back`, () => {
    for (const value of good) assert.equal(check('it', value as never), value);
  });
  test(`a ${name} of another form is refused by its field`, () => {
    for (const value of bad) {
      const refusal = { name: 'Problem', code: 'value-invalid', field: 'it', next: /Correct it/ };
      assert.throws(() => check('it', value as never), refusal, JSON.stringify(value));
    }
  });
}
