import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createSigning, createSigningKey, verifyReceipt } from '../../src/bundle/index.ts';
import { parseReceipt } from '../../src/domain/receipt.ts';
import { type ControlPlane, startControlPlane } from '../server/support/control-plane.ts';
import { appoint, approval, makeReviewer } from '../server/support/reviewers.ts';
import { setScene } from '../server/support/scene.ts';
import { outputOf, runCommand } from '../support/bed/command.ts';
import { freePort } from '../support/free-port.ts';

/** What docs/change-control.md and VERIFY.md give to paste, as it stands there, against a control plane. */
const page = readFileSync(new URL('../../docs/change-control.md', import.meta.url), 'utf8');
const [toVerified = '', toText = '', toApproved = '', byDigest = ''] = [
  ...page.matchAll(/A test runs this block\. -->\n```sh\n(.*?)^```$/gms),
].map(([, block]) => block);

const signing = createSigning('acme', createSigningKey().key, { text: '', name: 'others' });
const stranger = createSigning('acme', createSigningKey().key, { text: '', name: 'others' });

let plane: ControlPlane;
let base: string;
let folder: string;

before(async () => {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  plane = await startControlPlane({ settings: { signing, publicUrl } });
  const { tunnel } = await setScene(plane);
  await plane.app.listen({ host: '127.0.0.1', port });
  base = `${publicUrl}/t/${tunnel}`;
});
after(() => plane[Symbol.asyncDispose]());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-review-'));
  writeFileSync(join(folder, 'allowed_signers'), signing.allowedSigners);
});
afterEach(() => rm(folder, { recursive: true }));

/** Pastes lines in a folder of the reviewer's. */
function paste(lines: string, within = folder, more: Record<string, string> = {}) {
  return runCommand(['bash', '-eo', 'pipefail', '-c', `cd "$WITHIN"\n${lines}`], {
    env: { ...process.env, TUNNEL: base, VENDOR: 'acme', WITHIN: within, ...more },
  });
}

test('the block leads from the address to verified files, and says what the page says', async () => {
  const { code, stdout, stderr } = await paste(toVerified);
  assert.equal(code, 0, stdout + stderr);
  assert.equal(stderr, '');
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, 3, stdout);
  for (const line of lines.slice(0, 2)) {
    assert.match(line, /^Good "culvert-artifact-v1" signature for acme with ED25519 key SHA256:/);
  }
  assert.match(lines[2] ?? '', /^the body of install\.sh: [0-9a-f]{64}$/);
});

test('it ends where the script writes another file than the bundle shows', async () => {
  const run = toVerified.replace(
    'script=$(cat install.sh)',
    'echo >>linux/usr/local/sbin/h_autossh; script=$(cat install.sh)',
  );
  const { code, stdout } = await paste(run);
  assert.equal(code, 1);
  assert.match(stdout, /linux\/usr\/local\/sbin\/h_autossh is not what install\.sh writes\n$/);
});

test('the next blocks approve what was verified, and the answer holds a receipt', async () => {
  const scene = await setScene(plane);
  const ada = makeReviewer('ada');
  await appoint(plane, scene, [ada]);
  const tunnel = new URL(`/t/${scene.tunnel}`, base).href;
  const { waiting } = await approval(plane, scene.tunnel);
  const more = { TUNNEL: tunnel, KEY: ada.key.file };
  const verified = await paste(toVerified, folder, { ...more, FROM: `${tunnel}/a/${waiting}` });
  assert.equal(verified.code, 0, verified.stderr);
  const text = await paste(toText, folder, more);
  assert.equal(text.code, 0, text.stdout + text.stderr);
  assert.match(
    text.stdout,
    /it approves the installers here, and nothing else, until:\n.* 00:00:00 .*UTC/,
  );
  const { code, stdout, stderr } = await paste(toApproved, folder, more);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /"result":"counts"/);
  const receipt = parseReceipt(readFileSync(join(folder, 'answer.json'), 'utf8'), 'receipt');
  verifyReceipt(receipt, signing.key.publicKey);
  assert.equal((await approval(plane, scene.tunnel))['served'], waiting);

  // Sent again it is refused, and the refusal is shown.
  writeFileSync(join(folder, 'statement.json'), text.stdout);
  const refused = await paste(toApproved, folder, more);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stdout, /"detail":"/);
});

test('a text that says more than what was verified is noticed before it is signed', async () => {
  const { code } = await paste(toVerified);
  assert.equal(code, 0);
  const changes = [
    'sed -i \'s/"artifacts":\\[/&"\'$(printf a%.0s {1..64})\'",/\' statement.json',
    'sed -i s/approve/withdraw/ statement.json',
    'sed -i s/tun_/tun_9/ statement.json',
    'echo x >>bundle/install.sh',
  ];
  for (const change of changes) {
    const { code, stdout } = await paste(toText.replace('cat statement.json', change));
    assert.equal(code, 1, change);
    assert.doesNotMatch(stdout, /nothing else/);
  }
});

test('with the key of a stranger it ends at once, before anything is unpacked', async () => {
  writeFileSync(join(folder, 'allowed_signers'), stranger.allowedSigners);
  const { code, stdout } = await paste(toVerified);
  assert.notEqual(code, 0);
  assert.match(stdout, /Could not verify signature/);
  const files = readdirSync(folder).sort();
  assert.deepEqual(files, ['allowed_signers', 'bundle.tar.gz', 'bundle.tar.gz.sig']);
});

test('the digest form takes the right digest and no other', async () => {
  const gzip = (await plane.app.inject(`${new URL(base).pathname}/bundle.tar.gz`)).rawPayload;
  const right = hash('sha256', gunzipSync(gzip));
  const taken = await paste(byDigest, folder, { DIGEST: right });
  assert.equal(taken.code, 0, taken.stderr);
  assert.notEqual((await paste(byDigest, folder, { DIGEST: '0'.repeat(64) })).code, 0);
});

test('the commands of VERIFY.md do what it says, as they stand', async () => {
  await outputOf([
    'bash',
    '-c',
    `cd "$0" && curl -fsS "$1" | tar -xzf -`,
    folder,
    `${base}/bundle.tar.gz`,
  ]);
  const within = join(folder, 'bundle');
  const commands = readFileSync(join(within, 'VERIFY.md'), 'utf8').match(/(?<=^ {4})\S.*$/gm) ?? [];
  assert.deepEqual(
    commands.map((command) => command.split(' ')[0]),
    ['ssh-keygen', 'sha256sum', 'sha256sum', 'find', 'curl'],
  );
  const [signature, , check, others] = commands as [string, string, string, string];
  const outputs: string[] = [];
  for (const command of commands) {
    const { code, stdout, stderr } = await paste(command, within);
    assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
    outputs.push(stdout);
  }
  const list = readFileSync(join(within, 'SHA256SUMS'));
  assert.match(outputs[0] ?? '', /^Good "culvert-artifact-v1" signature for acme/);
  assert.deepEqual(outputs.slice(1), [
    `${hash('sha256', list)}  SHA256SUMS\n`,
    '',
    '',
    'the same\n',
  ]);

  // Each of them notices what it is there for.
  mkdirSync(join(within, 'linux/more'));
  writeFileSync(join(within, 'linux/more/file'), '');
  assert.notEqual((await paste(others, within)).code, 0);
  writeFileSync(join(within, 'ACTIONS.md'), 'nothing');
  assert.notEqual((await paste(check, within)).code, 0);
  writeFileSync(join(within, 'SHA256SUMS'), `${list}\n`);
  assert.notEqual((await paste(signature, within)).code, 0);
});
