import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  ARTIFACT_NAMESPACE,
  createSigning,
  createSigningKey,
  formatAllowedSigner,
  makeBundle,
  parseAllowedSigners,
  verifyBundle,
} from '../../src/bundle/index.ts';
import { packTar, unpackTar } from '../../src/bundle/tar.ts';
import type { BundleFile } from '../../src/domain/bundle-file.ts';
import { outputOf, runCommand } from '../support/bed/command.ts';
import { acceptedByStock, flipped } from '../support/stock-signatures.ts';

const LONGEST = `linux-plain-ssh/etc/systemd/system/${'s'.repeat(31)}@${'v'.repeat(31)}_${'t'.repeat(31)}.service`;
const FILES: BundleFile[] = [
  { path: 'install.sh', bytes: Buffer.from('#!/bin/bash\necho hello\n') },
  { path: 'VERIFY.md', bytes: Buffer.from('How to check.\n') },
  { path: LONGEST, bytes: Buffer.from('[Unit]\n') },
  { path: 'empty', bytes: Buffer.alloc(0) },
];

const { key } = createSigningKey();
const signing = createSigning('acme', key, { text: '', name: 'others' });
const bundle = await makeBundle(FILES, signing);
const tar = gunzipSync(bundle.gzip);
const folder = mkdtempSync(join(tmpdir(), 'culvert-bundle-'));
const archive = join(folder, 'bundle.tar.gz');
writeFileSync(archive, bundle.gzip);
after(() => rmSync(folder, { recursive: true }));

/** Each program that reviewers unpack with, and how it lists owners, modes and names. */
const LISTING: Record<string, string[]> = {
  'GNU tar': ['tar', '--numeric-owner', '-tvzf', archive],
  bsdtar: ['bsdtar', '--numeric-owner', '-tvzf', archive],
  'tarfile of Python': [
    ...['python3', '-W', 'error', '-c'],
    'import sys, tarfile; tarfile.open(sys.argv[1]).list()',
    archive,
  ],
};

function verify(gzip: Buffer, signers = signing.allowedSigners, principal = 'acme') {
  return verifyBundle(gzip, {
    namespace: ARTIFACT_NAMESPACE,
    principal,
    signers: parseAllowedSigners(signers, 'signers'),
    at: Date.now(),
  });
}

/** The files of the bundle, some of them changed, under a list and a signature that stay. */
async function packed(change: (files: BundleFile[]) => BundleFile[]): Promise<Buffer> {
  const chunks = await Array.fromAsync(packTar(change(await unpackTar(tar))));
  return gzipSync(Buffer.concat(chunks));
}

test('the same files in another order make the same bundle, named by the digest of its tar', async () => {
  const again = await makeBundle(FILES.toReversed(), signing);
  assert.deepEqual(again, bundle);
  assert.equal(bundle.sha256, hash('sha256', tar));
});

for (const [program, words] of Object.entries(LISTING)) {
  test(`${program} lists it without a warning: plain files of nobody, in one folder`, async () => {
    const { code, stdout, stderr } = await runCommand(words, {
      env: { ...process.env, TZ: 'UTC' },
    });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, FILES.length + 3);
    for (const line of lines) {
      assert.match(line, /^[?-]rw-r--r-- +(1 )?0[/ ]+0 .* bundle\/[^ ]+ ?$/);
      assert.match(line, / (1970-01-01|Jan +1 +1970)/);
      assert.doesNotMatch(line, /->| link to |\.\.|root/);
    }
  });
}

test('stock tools check it: the signature of the list, and the list', async () => {
  const unpacked = join(folder, 'unpacked');
  const script = `mkdir "$1" && tar -xzf "$2" -C "$1" && cd "$1"/bundle &&
    ssh-keygen -Y verify -f allowed_signers -I acme -n culvert-artifact-v1 \
      -s SHA256SUMS.sig <SHA256SUMS && sha256sum --check --strict SHA256SUMS`;
  const said = await outputOf(['bash', '-c', script, '-', unpacked, archive]);
  assert.match(said, /^Good "culvert-artifact-v1" signature for acme /);
  assert.match(said, /^install\.sh: OK$/m);
  for (const { path, bytes } of FILES) {
    assert.ok(readFileSync(join(unpacked, 'bundle', path)).equals(bytes));
  }
});

test('the signature beside it is over the tar, and counts for stock tools', () => {
  const cases = [{ signature: bundle.signature ?? '', message: tar }];
  const accepted = acceptedByStock(signing.allowedSigners, 'acme', ARTIFACT_NAMESPACE, cases);
  assert.deepEqual(accepted, [0]);
});

test('we verify it, and give its files', async () => {
  const { files, signer } = await verify(bundle.gzip);
  assert.equal(signer.key.blob, key.publicKey.blob);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['VERIFY.md', 'allowed_signers', 'empty', 'install.sh', LONGEST],
  );
});

test('one flipped bit in any byte of the tar is refused', async () => {
  const codes = new Set<string>();
  const small = await makeBundle(FILES.slice(0, 1), signing);
  await verify(small.gzip);
  for (const changed of flipped(gunzipSync(small.gzip))) {
    // At level 0 compression only copies.
    const refusal = await verify(gzipSync(changed, { level: 0 })).then(
      () => assert.fail('it was taken'),
      (error) => error,
    );
    assert.equal(refusal.name, 'Problem', refusal.stack);
    codes.add(refusal.code);
  }
  assert.deepEqual([...codes].sort(), [
    'bundle-invalid',
    'signature-invalid',
    'signature-malformed',
  ]);
});

test('one flipped bit in what is sent is refused, or changes nothing in the tar', async () => {
  for (const changed of flipped(bundle.gzip)) {
    const taken = await verify(changed).catch((error) => {
      assert.equal(error.name, 'Problem', error.stack);
      return undefined;
    });
    if (taken) assert.ok(gunzipSync(changed).equals(tar));
  }
});

test('a file more, a file less, a file renamed, or another list is refused', async () => {
  const changes: [RegExp, (files: BundleFile[]) => BundleFile[]][] = [
    [/other files/, (files) => [...files, { path: 'more', bytes: Buffer.from('x') }]],
    [/other files/, (files) => files.filter(({ path }) => path !== 'empty')],
    [
      /other files/,
      (files) => files.map((file) => ({ ...file, path: file.path.replace('VERIFY', 'READ') })),
    ],
    [/is not signed/, (files) => files.filter(({ path }) => path !== 'SHA256SUMS.sig')],
    [/holds no SHA256SUMS/, (files) => files.filter(({ path }) => path !== 'SHA256SUMS')],
    [
      /over other bytes/,
      (files) =>
        files.map((file) =>
          file.path === 'SHA256SUMS' ? { ...file, bytes: Buffer.from(`${file.bytes}\n`) } : file,
        ),
    ],
  ];
  for (const [why, change] of changes) {
    await assert.rejects(
      packed(change).then((gzip) => verify(gzip)),
      { name: 'Problem', message: why },
    );
  }
});

test('by another signer, or for another namespace, it is refused', async () => {
  const stranger = createSigningKey().key;
  const line = formatAllowedSigner('acme', ARTIFACT_NAMESPACE, stranger.publicKey);
  await assert.rejects(verify(bundle.gzip, line), { code: 'signature-invalid' });
  await assert.rejects(verify(bundle.gzip, undefined, 'globex'), { code: 'signature-invalid' });
  const approver = formatAllowedSigner('acme', 'culvert-approval-v1', key.publicKey);
  await assert.rejects(verify(bundle.gzip, approver), { code: 'signature-invalid' });
});

test('what is no bundle is refused, and what would fill the memory too', async () => {
  for (const [gzip, why] of [
    [Buffer.from('-----BEGIN PGP SIGNATURE-----'), /not compressed/],
    [gzipSync('not a tar'), /no whole tar|not a tar/],
    [gzipSync(tar.subarray(0, tar.length - 700)), /no whole tar|not a tar/],
    [gzipSync(Buffer.concat([tar, Buffer.alloc(512)])), /not a tar as Culvert makes it/],
    [gzipSync(Buffer.alloc(40 * 1024 * 1024)), /far too large/],
    [Buffer.alloc(5 * 1024 * 1024), /not compressed/],
  ] as const) {
    await assert.rejects(verify(gzip), { code: 'bundle-invalid', message: why });
  }
});

test('without a key there is no signature, and verifying says so', async () => {
  const unsigned = await makeBundle(FILES, undefined);
  assert.equal(unsigned.signature, undefined);
  const paths = (await unpackTar(gunzipSync(unsigned.gzip))).map(({ path }) => path);
  assert.deepEqual(
    paths.filter((path) => /sig/.test(path)),
    [],
  );
  await assert.rejects(verify(unsigned.gzip), { code: 'bundle-invalid', message: /is not signed/ });
});

test('a rotation: both keys are listed while they overlap, and old signatures stay verifiable', async () => {
  const { key: next } = createSigningKey();
  const before = formatAllowedSigner('acme', ARTIFACT_NAMESPACE, key.publicKey);
  const announced = formatAllowedSigner('acme', ARTIFACT_NAMESPACE, next.publicKey);
  // Announced, but not signing yet.
  const early = createSigning('acme', key, { text: announced, name: 'others' });
  assert.equal(early.allowedSigners, before + announced);
  // The new key signs; the old one is listed until the end of its time.
  const retired = before.replace('" ssh', '",valid-before="20990101Z" ssh');
  const late = createSigning('acme', next, { text: `# until 2099\n${retired}`, name: 'others' });
  assert.equal(late.allowedSigners, `${announced}# until 2099\n${retired}`);
  await verify((await makeBundle(FILES, late)).gzip, late.allowedSigners);
  await verify(bundle.gzip, late.allowedSigners);
  // After it, an old signature is good as of the day when it was made.
  const signers = parseAllowedSigners(late.allowedSigners, 'signers');
  const expected = { namespace: ARTIFACT_NAMESPACE, principal: 'acme', signers };
  await assert.rejects(verifyBundle(bundle.gzip, { ...expected, at: Date.UTC(2100) }), {
    message: /not valid at 2100-01-01/,
  });
  await verifyBundle(bundle.gzip, { ...expected, at: Date.now() });
});

test('lines of others are not published as the vendor’s', () => {
  const { publicKey } = createSigningKey().key;
  for (const text of [
    formatAllowedSigner('globex', ARTIFACT_NAMESPACE, publicKey),
    formatAllowedSigner('acme', 'culvert-approval-v1', publicKey),
    formatAllowedSigner('acme', `${ARTIFACT_NAMESPACE},git`, publicKey),
  ]) {
    assert.throws(() => createSigning('acme', key, { text, name: 'CULVERT_OTHER_SIGNERS' }), {
      code: 'value-invalid',
      message: /^CULVERT_OTHER_SIGNERS: /,
    });
  }
});
