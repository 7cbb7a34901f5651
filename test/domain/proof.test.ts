import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addKeyStatement,
  enrolStatement,
  type ProofExpectation,
  removeKeyStatement,
  verifyProof,
} from '../../src/domain/proof.ts';
import { type KeyPair, makeCertificate, makeKeyPair, publicKeyOf } from './ssh-keygen.ts';

const statement = enrolStatement('tun_00000000000000000000000000', 1, '0123456789abcdef');
const CLEAR = ['-n', 'culvert-proof', '-O', 'clear'];

/** How each kind of key makes its proof, as the installer does it. */
const KINDS: Record<string, { pair: KeyPair; sign: string[] }> = {
  ed25519: { pair: makeKeyPair('ed25519'), sign: [] },
  'ecdsa-p256': { pair: makeKeyPair('ecdsa', 256), sign: [] },
  'rsa-sha2-512': { pair: makeKeyPair('rsa', 3072), sign: ['-t', 'rsa-sha2-512'] },
  'rsa-sha2-256': { pair: makeKeyPair('rsa', 2048), sign: ['-t', 'rsa-sha2-256'] },
};
const stranger = makeKeyPair('ed25519');

for (const [kind, { pair, sign }] of Object.entries(KINDS)) {
  const key = publicKeyOf(pair);
  const expected: ProofExpectation = { statement, subject: key, signer: key };
  const proof = makeCertificate(pair, pair, '-I', statement, ...CLEAR, ...sign);
  const refuses = (line: string, change: Partial<ProofExpectation> = {}) =>
    assert.throws(() => verifyProof(line, { ...expected, ...change }), {
      name: 'Problem',
      code: 'proof-invalid',
      field: 'proof',
    });
  const [type, blob] = proof.split(' ') as [string, string];
  const bytes = Buffer.from(blob, 'base64');
  const withBytes = (changed: Buffer) => `${type} ${changed.toString('base64')}`;

  test(`${kind}: a proof by ssh-keygen is accepted, with or without its comment and line end`, () => {
    for (const line of [proof, proof.trimEnd(), `${proof.trimEnd()}\r\n`, `${type} ${blob}`]) {
      verifyProof(line, expected);
    }
  });

  test(`${kind}: one flipped bit anywhere is refused`, () => {
    for (const index of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(bytes.readUInt8(index) ^ (1 << (index % 8)), index);
      refuses(withBytes(changed));
    }
  });

  test(`${kind}: cut anywhere, or with bytes behind it, is refused`, () => {
    for (const index of bytes.keys()) refuses(withBytes(bytes.subarray(0, index)));
    refuses(withBytes(Buffer.concat([bytes, Buffer.from([0])])));
    refuses(withBytes(Buffer.concat([bytes, bytes])));
  });

  test(`${kind}: over another statement it is refused`, () => {
    for (const other of [
      enrolStatement('tun_00000000000000000000000001', 1, '0123456789abcdef'),
      enrolStatement('tun_00000000000000000000000000', 2, '0123456789abcdef'),
      enrolStatement('tun_00000000000000000000000000', 1, '0123456789abcdeg'),
      addKeyStatement('tun_00000000000000000000000000', 1, 'a', 'b'),
      `${statement} `,
      statement.slice(0, -1),
      '',
    ]) {
      refuses(proof, { statement: other });
    }
  });

  test(`${kind}: about or by another key it is refused`, () => {
    refuses(proof, { subject: publicKeyOf(stranger) });
    refuses(proof, { signer: publicKeyOf(stranger) });
    refuses(makeCertificate(stranger, pair, '-I', statement, ...CLEAR));
    refuses(makeCertificate(pair, stranger, '-I', statement, ...CLEAR, ...sign));
  });

  test(`${kind}: a certificate that could log in is refused`, () => {
    const make = (...options: string[]) =>
      makeCertificate(pair, pair, '-I', statement, ...sign, ...options);
    refuses(make('-n', 'root', '-O', 'clear'));
    refuses(make('-n', 'culvert-proof,root', '-O', 'clear'));
    refuses(make('-O', 'clear'));
    refuses(make('-n', 'culvert-proof'));
    refuses(make('-n', 'culvert-proof', '-O', 'clear', '-O', 'permit-pty'));
    refuses(make('-n', 'culvert-proof', '-O', 'clear', '-O', 'force-command=id'));
    refuses(make('-n', 'culvert-proof', '-h'));
  });

  test(`${kind}: serial and validity are no part of the proof`, () => {
    verifyProof(
      makeCertificate(pair, pair, '-I', statement, ...CLEAR, ...sign, '-z', '7'),
      expected,
    );
    const past = ['-V', '20200101:20200102'];
    verifyProof(makeCertificate(pair, pair, '-I', statement, ...CLEAR, ...sign, ...past), expected);
  });

  test(`${kind}: another spelling of the line is refused`, () => {
    for (const line of [
      blob,
      type,
      ` ${proof}`,
      `${type}  ${blob}`,
      `${type}\t${blob}`,
      `${type} ${blob}\n\n`,
      `${type.replace('-cert', '')} ${blob}`,
      `${type} ${blob}=`,
      `${type} ${blob.slice(0, 8)}\n${blob.slice(8)}`,
      `${type} ${blob.slice(0, 8)}!${blob.slice(8)}`,
      `${pair.line}`,
      `${proof.trimEnd()} ${'x'.repeat(4096)}`,
    ]) {
      refuses(line);
    }
  });
}

test('a signature with SHA-1 is refused', () => {
  const { pair } = KINDS['rsa-sha2-256'] as { pair: KeyPair };
  const proof = makeCertificate(pair, pair, '-I', statement, ...CLEAR, '-t', 'ssh-rsa');
  const key = publicKeyOf(pair);
  assert.throws(() => verifyProof(proof, { statement, subject: key, signer: key }), {
    code: 'proof-invalid',
  });
});

test('without a proof the refusal says that there is none', () => {
  const key = publicKeyOf(stranger);
  for (const line of [undefined, '']) {
    assert.throws(() => verifyProof(line, { statement, subject: key, signer: key }, 'proof_new'), {
      code: 'proof-missing',
      field: 'proof_new',
    });
  }
});

test('a new key is taken in by the old one, about the new one', () => {
  const [old, fresh] = [makeKeyPair('ed25519'), makeKeyPair('ecdsa', 256)];
  const [oldKey, freshKey] = [publicKeyOf(old), publicKeyOf(fresh)];
  const add = addKeyStatement('tun_x', 1, oldKey.fingerprint, freshKey.fingerprint);
  const byOld = makeCertificate(old, fresh, '-I', add, ...CLEAR);
  const byFresh = makeCertificate(fresh, fresh, '-I', add, ...CLEAR);
  verifyProof(byOld, { statement: add, subject: freshKey, signer: oldKey });
  verifyProof(byFresh, { statement: add, subject: freshKey, signer: freshKey });
  assert.throws(() => verifyProof(byFresh, { statement: add, subject: freshKey, signer: oldKey }), {
    code: 'proof-invalid',
  });
});

test('the statements are those of the wire', () => {
  assert.equal(enrolStatement('tun_x', 2, 'id'), 'culvert-enrol-v1 tun_x 2 id');
  assert.equal(addKeyStatement('tun_x', 2, 'a', 'b'), 'culvert-key-v1 add tun_x 2 a b');
  assert.equal(removeKeyStatement('tun_x', 2, 'a'), 'culvert-key-v1 remove tun_x 2 a');
});
