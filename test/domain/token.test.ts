import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  mintToken,
  parseToken,
  secretMatches,
  TOKEN_PREFIX,
  type TokenKind,
} from '../../src/domain/token.ts';

const KINDS = Object.keys(TOKEN_PREFIX) as TokenKind[];

for (const kind of KINDS) {
  test(`a token of ${kind} finds its row and proves itself`, () => {
    const { id, hash, token } = mintToken(kind);
    const parsed = parseToken(kind, token);
    assert.equal(parsed?.id, id);
    assert.ok(secretMatches(parsed?.secret ?? '', hash));
    assert.ok(!token.includes(hash));
  });

  test(`a token of ${kind} is none of another kind`, () => {
    const { token } = mintToken(kind);
    const taken = KINDS.filter((other) => parseToken(other, token));
    assert.deepEqual(taken, [kind]);
  });
}

test('a token is 53 characters, as the installer says', () => {
  assert.match(mintToken('enrolment').token, /^cvt_[0-9a-z]{16}_[0-9a-z]{32}$/);
});

test('only a hash of the secret is for the store', () => {
  const { token, hash } = mintToken('enrolment');
  const secret = token.split('_')[2] ?? '';
  assert.equal(hash, createHash('sha256').update(secret).digest('hex'));
});

test('another secret does not match, down to one character', () => {
  const { token, hash } = mintToken('enrolment');
  const secret = token.split('_')[2] ?? '';
  for (let index = 0; index < secret.length; index++) {
    const other = secret[index] === '0' ? '1' : '0';
    const changed = secret.slice(0, index) + other + secret.slice(index + 1);
    assert.equal(secretMatches(changed, hash), false);
  }
  assert.equal(secretMatches('', hash), false);
  assert.equal(secretMatches(`${secret}0`, hash), false);
});

test('secrets are compared in constant time, and nowhere by ===', () => {
  const source = readFileSync(new URL('../../src/domain/token.ts', import.meta.url), 'utf8');
  assert.match(source, /return timingSafeEqual\(/);
  assert.doesNotMatch(source, /hash\s*[=!]==|[=!]==\s*hash/);
});

test('text of another form is no token', () => {
  const { token } = mintToken('enrolment');
  const others = [
    '',
    ` ${token}`,
    `${token}\n`,
    `${token}x`,
    token.slice(0, -1),
    token.toUpperCase(),
    token.replace('cvt', 'cvx'),
    token.replace(/.$/, 'i'),
    token.replace(/.$/, 'l'),
    token.replaceAll('_', '-'),
  ];
  for (const text of others) assert.equal(parseToken('enrolment', text), undefined, text);
  fc.assert(fc.property(fc.string(), (text) => parseToken('enrolment', text) === undefined));
});

test('no two tokens are alike', () => {
  const tokens = Array.from({ length: 1000 }, () => mintToken('api'));
  assert.equal(new Set(tokens.map(({ id }) => id)).size, tokens.length);
  assert.equal(new Set(tokens.map(({ hash }) => hash)).size, tokens.length);
});
