import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  APPROVAL_NAMESPACE,
  ARTIFACT_NAMESPACE,
  createSigning,
  createSigningKey,
  formatAllowedSigner,
  makeBundle,
  parseReviewers,
  signBytes,
  verifyReviewer,
} from '../../src/bundle/index.ts';
import { formatStatement } from '../../src/domain/statement.ts';
import { loadCatalogue, renderBundleFiles } from '../../src/render/index.ts';
import {
  type Container,
  createNetwork,
  type Network,
  proxyImage,
  startContainer,
} from '../support/bed/index.ts';
import { SAMPLE } from '../support/sample-input.ts';
import {
  ACCEPTED,
  flipped,
  numbersOf,
  type StockCase,
  writeCases,
} from '../support/stock-signatures.ts';

/** Whether the ssh-keygen of each Debian takes what we sign, and we what it signs: OpenSSH 8.4, 9.2 and 10.0. */
const SUITES = { bullseye: '8.4', bookworm: '9.2', trixie: '10.0' };

const { key } = createSigningKey();
const signing = createSigning('acme', key, { text: '', name: 'others' });
const files = renderBundleFiles(loadCatalogue(), SAMPLE, { signed: true });
const verifyPage = files.find(({ path }) => path === 'VERIFY.md')?.bytes.toString() ?? '';
/** The lines that VERIFY.md gives to paste; the last one asks the vendor's address, which is not there. */
const COMMANDS = (verifyPage.match(/(?<=^ {4})\S.*$/gm) ?? []).slice(0, -1);

const MESSAGE = Buffer.from('0123  install.sh\n');
const SIGNATURE = Buffer.from(signBytes(key, ARTIFACT_NAMESPACE, MESSAGE));

const STATEMENT = formatStatement({
  v: 1,
  vendor: 'acme',
  account: 'globex',
  tunnel: SAMPLE.tunnel.id,
  decision: 'approve',
  artifacts: ['a'.repeat(64)],
  not_after: 4_000_000_000,
  serial: 1,
  previous: null,
});

/** A public key and a signature, as the shell printed them: a reviewers' file, and the signature. */
function reviewedBy(printed: string): [string, string] {
  const line = printed.slice(0, printed.indexOf('\n'));
  return [`erika namespaces="${APPROVAL_NAMESPACE}" ${line}\n`, printed.slice(line.length + 1)];
}

let network: Network;

before(async () => {
  network = await createNetwork();
});
after(() => network?.remove());

describe('ssh-keygen', { concurrency: true }, () => {
  for (const [suite, version] of Object.entries(SUITES)) {
    describe(`of OpenSSH ${version}`, { concurrency: false }, () => testOn(suite, version));
  }
});

function testOn(suite: string, version: string): void {
  let host: Container;

  before(async () => {
    host = await startContainer({ image: proxyImage(suite), network, name: `signed-${suite}` });
  });

  test('is of that version', async (t) => {
    const said = await host.output('ssh -V 2>&1');
    t.diagnostic(`ran on: ${said.trim()}`);
    assert.match(said, new RegExp(`^OpenSSH_${version}p`));
  });

  test('accepts a bundle, by the commands of VERIFY.md', async () => {
    const { gzip } = await makeBundle(files, signing);
    await host.writeFile('/root/bundle.tar.gz', gzip);
    await host.writeFile('/root/allowed_signers', signing.allowedSigners);
    await host.output('cd /root && tar -xzf bundle.tar.gz');
    assert.ok(COMMANDS.length >= 4);
    for (const command of COMMANDS) {
      const { code, stdout, stderr } = await host.shell(command, { folder: '/root/bundle' });
      assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
      assert.equal(stderr, '');
    }
  });

  /** What it accepts of these, each tried inside. */
  async function accepted(
    signers: string,
    namespace: string,
    cases: StockCase[],
    principal = 'acme',
  ) {
    const folder = await mkdtemp(join(tmpdir(), 'culvert-cases-'));
    try {
      writeCases(folder, signers, cases);
      await host.copyIn(folder, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
    const words = ['bash', '-c', ACCEPTED, '-', folder, principal, namespace];
    return numbersOf((await host.exec(words)).stdout);
  }

  test('refuses one flipped bit in any byte of list or signature', async () => {
    // Behind its last line it reads nothing.
    const cases: StockCase[] = [
      { signature: SIGNATURE, message: MESSAGE },
      ...[...flipped(SIGNATURE.subarray(0, -1))].map((signature) => ({
        signature: Buffer.concat([signature, Buffer.from('\n')]),
        message: MESSAGE,
      })),
      ...[...flipped(MESSAGE)].map((message) => ({ signature: SIGNATURE, message })),
    ];
    assert.ok(cases.length > 300);
    assert.deepEqual(await accepted(signing.allowedSigners, ARTIFACT_NAMESPACE, cases), [0]);
  });

  test('refuses another namespace, another signer, another name', async () => {
    const cases = [{ signature: SIGNATURE, message: MESSAGE }];
    const { publicKey } = createSigningKey().key;
    for (const [signers, namespace] of [
      [signing.allowedSigners, 'culvert-approval-v1'],
      [formatAllowedSigner('acme', 'culvert-approval-v1', key.publicKey), ARTIFACT_NAMESPACE],
      [formatAllowedSigner('acme', ARTIFACT_NAMESPACE, publicKey), ARTIFACT_NAMESPACE],
      [formatAllowedSigner('globex', ARTIFACT_NAMESPACE, key.publicKey), ARTIFACT_NAMESPACE],
    ] as const) {
      assert.deepEqual(await accepted(signers, namespace, cases), []);
    }
  });

  test('passes over the line of a key with an end where it knows none, and takes the new key’s', async () => {
    const old = formatAllowedSigner('acme', ARTIFACT_NAMESPACE, createSigningKey().key.publicKey);
    const text = old.replace('" ssh', '",valid-before="20990101" ssh');
    const rotated = createSigning('acme', key, { text, name: 'others' });
    const cases = [{ signature: SIGNATURE, message: MESSAGE }];
    assert.deepEqual(await accepted(rotated.allowedSigners, ARTIFACT_NAMESPACE, cases), [0]);
  });

  for (const kind of ['-t ed25519', '-t ecdsa -b 256', '-t ecdsa -b 521', '-t rsa -b 3072']) {
    test(`signs with ${kind}, and we accept it`, async () => {
      const signed = await host.output(`
        cd "$(mktemp -d)" && ssh-keygen -q ${kind} -N '' -C '' -f key
        cut -d ' ' -f 1,2 key.pub
        printf '%s' '${STATEMENT}' | ssh-keygen -q -Y sign -f key -n ${APPROVAL_NAMESPACE}`);
      const [reviewers, signature] = reviewedBy(signed);
      const signers = parseReviewers(reviewers, 'reviewers');
      assert.equal(verifyReviewer(STATEMENT, signature, signers, Date.now()).person, 'erika');
    });
  }

  test('accepts a statement signed there, and refuses one flipped bit in any byte of it', async () => {
    const signed = await host.output(`
      cd "$(mktemp -d)" && ssh-keygen -q -t ed25519 -N '' -C '' -f key
      cut -d ' ' -f 1,2 key.pub
      printf '%s' '${STATEMENT}' | ssh-keygen -q -Y sign -f key -n ${APPROVAL_NAMESPACE}`);
    const [reviewers, signature] = reviewedBy(signed);
    const [text, armored] = [Buffer.from(STATEMENT), Buffer.from(signature)];
    const cases: StockCase[] = [
      { signature, message: text },
      ...[...flipped(text)].map((message) => ({ signature, message })),
      ...[...flipped(armored.subarray(0, -1))].map((changed) => ({
        signature: Buffer.concat([changed, Buffer.from('\n')]),
        message: text,
      })),
    ];
    assert.ok(cases.length > 500);
    assert.deepEqual(await accepted(reviewers, APPROVAL_NAMESPACE, cases, 'erika'), [0]);
    assert.deepEqual(await accepted(reviewers, ARTIFACT_NAMESPACE, cases.slice(0, 1), 'erika'), []);
    for (const other of ['ada', '*', 'eri*', 'erika,ada']) {
      const found = await accepted(reviewers, APPROVAL_NAMESPACE, cases.slice(0, 1), other);
      assert.deepEqual(found, [], other);
    }
  });
}
