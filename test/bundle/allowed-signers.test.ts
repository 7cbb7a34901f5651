import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ARTIFACT_NAMESPACE,
  createSigningKey,
  formatAllowedSigner,
  parseAllowedSigners,
  signBytes,
  verifySignature,
} from '../../src/bundle/index.ts';
import { acceptedByStock } from '../support/stock-signatures.ts';

const { key } = createSigningKey();
const own = `${key.publicKey.type} ${key.publicKey.blob}`;
const MESSAGE = Buffer.from('a list\n');
const signature = signBytes(key, ARTIFACT_NAMESPACE, MESSAGE);

function verifyAt(signers: string, at: number) {
  return verifySignature(signature, MESSAGE, {
    namespace: ARTIFACT_NAMESPACE,
    principal: 'acme',
    signers: parseAllowedSigners(signers, 'signers'),
    at,
  });
}

test('a line that we write is read back', () => {
  const line = formatAllowedSigner('acme', ARTIFACT_NAMESPACE, key.publicKey);
  assert.equal(line, `acme namespaces="culvert-artifact-v1" ${own}\n`);
  const [read, ...others] = parseAllowedSigners(`# ours\n\n${line}`, 'signers');
  assert.equal(others.length, 0);
  assert.deepEqual([read?.principal, read?.namespaces], ['acme', [ARTIFACT_NAMESPACE]]);
  assert.equal(read?.key.blob, key.publicKey.blob);
});

test('comments, blanks and Windows line ends are no matter', () => {
  const text = `  # comment\r\n\r\n  acme \t namespaces="a,culvert-artifact-v1"  ${own} who, when\r\n`;
  assert.deepEqual(parseAllowedSigners(text, 'signers')[0]?.namespaces, ['a', ARTIFACT_NAMESPACE]);
});

/** Lines that ssh-keygen may take, and we do not. */
const REFUSED: Record<string, RegExp> = {
  [`* namespaces="culvert-artifact-v1" ${own}`]: /literal name/,
  [`*@acme namespaces="culvert-artifact-v1" ${own}`]: /literal name/,
  [`acm? namespaces="culvert-artifact-v1" ${own}`]: /literal name/,
  [`!acme namespaces="culvert-artifact-v1" ${own}`]: /literal name/,
  [`acme,globex namespaces="culvert-artifact-v1" ${own}`]: /literal name/,
  [`"acme" namespaces="culvert-artifact-v1" ${own}`]: /literal name/,
  [`acme ${own}`]: /must say what the key signs/,
  [`acme namespaces="" ${own}`]: /must say what the key signs/,
  [`acme namespaces="culvert-*" ${own}`]: /must say what the key signs/,
  [`acme valid-before="20300101" ${own}`]: /must say what the key signs/,
  [`acme namespaces="a",namespaces="b" ${own}`]: /once each/,
  [`acme namespaces="a",cert-authority ${own}`]: /once each/,
  [`acme cert-authority ${own}`]: /once each/,
  [`acme namespaces="a",no-touch-required="yes" ${own}`]: /once each/,
  [`acme namespaces="a",valid-after="tomorrow" ${own}`]: /is not a time/,
  [`acme namespaces="a",valid-after="20301301" ${own}`]: /is not a time/,
  [`acme namespaces="a" ${own.slice(0, 40)}`]: /not an OpenSSH public key/,
  [`acme namespaces="a" ssh-dss AAAA`]: /DSA keys are not accepted/,
  'acme namespaces="a"': /not of the form/,
  acme: /not of the form/,
};

test('a line that could let one sign as another, or for another purpose, is refused by its number', () => {
  for (const [line, why] of Object.entries(REFUSED)) {
    const text = `# the second line is bad\n${line}\n`;
    assert.throws(
      () => parseAllowedSigners(text, 'signers'),
      (error: Error) => {
        assert.match(error.message, why, line);
        return 'field' in error && error.field === 'signers: line 2';
      },
    );
  }
  assert.throws(() => parseAllowedSigners('#'.repeat(70_000), 'signers'), /longer than/);
});

test('stock tools would take a wildcard for any name: why we refuse it', () => {
  const wildcard = `* namespaces="culvert-artifact-v1" ${own}\n`;
  const cases = [{ signature, message: MESSAGE }];
  assert.deepEqual(acceptedByStock(wildcard, 'anyone', ARTIFACT_NAMESPACE, cases), [0]);
});

test('a key counts within its time, as it does for stock tools', () => {
  const line = (options: string) => `acme namespaces="culvert-artifact-v1",${options} ${own}\n`;
  const at = (text: string) => Date.parse(text);
  const overlap = line('valid-after="20260101Z",valid-before="202607011200Z"');
  verifyAt(overlap, at('2026-01-01T00:00:00Z'));
  verifyAt(overlap, at('2026-07-01T12:00:00Z'));
  for (const outside of ['2025-12-31T23:59:59Z', '2026-07-01T12:00:01Z']) {
    assert.throws(() => verifyAt(overlap, at(outside)), {
      code: 'signature-invalid',
      message: /not valid at 20/,
    });
  }
  const cases = [{ signature, message: MESSAGE }];
  const stock = (text: string) => acceptedByStock(text, 'acme', ARTIFACT_NAMESPACE, cases).length;
  const now = Date.now();
  for (const [options, isValid] of [
    ['valid-after="20200101"', true],
    ['valid-after="20990101"', false],
    ['valid-before="20990101"', true],
    ['valid-before="20200101"', false],
  ] as const) {
    assert.equal(stock(line(options)), isValid ? 1 : 0, options);
    if (isValid) verifyAt(line(options), now);
    else assert.throws(() => verifyAt(line(options), now), { code: 'signature-invalid' });
  }
});

test('a time without a Z is local, as for ssh-keygen', () => {
  const text = `acme namespaces="a",valid-after="20260102030405" ${own}\n`;
  const local = new Date(2026, 0, 2, 3, 4, 5).getTime();
  assert.equal(parseAllowedSigners(text, 'signers')[0]?.validAfter, local);
  // A day alone begins at midnight here, too.
  const day = `acme namespaces="a",valid-after="20260102" ${own}\n`;
  assert.equal(parseAllowedSigners(day, 'signers')[0]?.validAfter, new Date(2026, 0, 2).getTime());
});
