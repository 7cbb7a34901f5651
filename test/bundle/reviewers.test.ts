import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  APPROVAL_NAMESPACE,
  countReviewers,
  parseReviewers,
  splitSignedStatement,
  verifyReviewer,
} from '../../src/bundle/index.ts';
import { makeKeyPair } from '../domain/ssh-keygen.ts';
import { flipped, signByStock } from '../support/stock-signatures.ts';

const [first, second, other] = [
  makeKeyPair('ed25519'),
  makeKeyPair('rsa', 3072),
  makeKeyPair('ed25519'),
];
const keyOf = ({ line }: { line: string }) => line.split(' ').slice(0, 2).join(' ');
const lineOf = (name: string, pair: { line: string }, options = '') =>
  `${name} namespaces="${APPROVAL_NAMESPACE}"${options} ${keyOf(pair)}\n`;

const TEXT = '{"a":1}\n';
const signature = signByStock(first, APPROVAL_NAMESPACE, TEXT);
const reviewers = parseReviewers(lineOf('ada', first) + lineOf('ada', second), 'reviewers');

test('a signature counts for the person whose key made it', () => {
  const { person, fingerprint, signature: kept } = verifyReviewer(TEXT, signature, reviewers, 0);
  assert.deepEqual([person, fingerprint], ['ada', reviewers[0]?.key.fingerprint]);
  assert.equal(kept, signature);
  assert.equal(countReviewers(reviewers), 1);
  const byOther = signByStock(second, APPROVAL_NAMESPACE, TEXT);
  assert.equal(verifyReviewer(TEXT, byOther, reviewers, 0).person, 'ada');
});

test('one spelling of a signature is kept', () => {
  const windows = signature.replaceAll('\n', '\r\n');
  assert.equal(verifyReviewer(TEXT, windows, reviewers, 0).signature, signature);
});

test('one flipped bit in any byte of text or signature is refused', () => {
  const code = /^signature-(invalid|malformed)$/;
  const refuses = (text: string, changed: string) =>
    assert.throws(
      () => verifyReviewer(text, changed, reviewers, 0),
      (error: { code: string }) => code.test(error.code),
      `${text}${changed}`,
    );
  for (const text of flipped(Buffer.from(TEXT))) refuses(text.toString('latin1'), signature);
  for (const changed of flipped(Buffer.from(signature).subarray(0, -1))) {
    refuses(TEXT, `${changed.toString('latin1')}\n`);
  }
});

test('another signer, another purpose, a time that is not the key’s: refused', () => {
  const stranger = signByStock(other, APPROVAL_NAMESPACE, TEXT);
  const purpose = signByStock(first, 'culvert-artifact-v1', TEXT);
  const limited = parseReviewers(lineOf('ada', first, ',valid-before="20200101Z"'), 'reviewers');
  const cases = [
    [stranger, reviewers, /not listed for any reviewer/],
    [purpose, reviewers, /made for "culvert-artifact-v1"/],
    [signature, limited, /not valid at 2026/],
  ] as const;
  for (const [given, by, why] of cases) {
    assert.throws(() => verifyReviewer(TEXT, given, by, Date.parse('2026-11-28')), {
      code: 'signature-invalid',
      message: why,
    });
  }
});

test('lines that would let one sign as another are refused', () => {
  const faults = [
    [lineOf('*', first), /literal name/],
    [lineOf('ada,bob', first), /literal name/],
    [lineOf('ada', first).replace(APPROVAL_NAMESPACE, 'culvert-artifact-v1'), /namespaces=/],
    [lineOf('ada', first).replace('-v1"', '-v1,file"'), /namespaces=/],
    [lineOf('ada', first) + lineOf('bob', first), /one key to ada and to bob/],
    ['', /names nobody/],
  ] as const;
  for (const [text, why] of faults) {
    assert.throws(() => parseReviewers(text, 'reviewers'), { code: 'value-invalid', message: why });
  }
});

test('an upload is a line of JSON and what is behind it', () => {
  assert.deepEqual(splitSignedStatement(TEXT + signature), { text: TEXT, signature });
  for (const body of ['', TEXT, signature, `\n${TEXT}${signature}`, `[1]\n${signature}`]) {
    assert.throws(() => splitSignedStatement(body), { code: 'statement-invalid' });
  }
});
