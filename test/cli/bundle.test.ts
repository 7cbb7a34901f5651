import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { outputOf, runCommand } from '../support/bed/command.ts';
import { SAMPLE } from '../support/sample-input.ts';
import { culvert, culvertJson, environment, MAIN } from './support/culvert.ts';

const folder = await mkdtemp(join(tmpdir(), 'culvert-bundle-'));
const at = (name: string) => join(folder, name);
const [input, key, signers] = [at('tunnel.json'), at('signing.pem'), at('allowed_signers')];
const TRUST = ['--allowed-signers', signers, '--signer', 'acme'];

before(async () => {
  await writeFile(input, JSON.stringify(SAMPLE));
  const made = await culvert(['signing-key', 'create', '--vendor', 'acme', '--output', key]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /^acme namespaces="culvert-artifact-v1" ssh-ed25519 \S+\n$/);
  await writeFile(signers, made.stdout);
});
after(() => rm(folder, { recursive: true, force: true }));

function bundle(...more: string[]) {
  return culvert(['bundle', '--input', input, ...more]);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('the private key is for its owner alone, and nothing is written over it', async () => {
  assert.equal(statSync(key).mode & 0o777, 0o600);
  const before = readFileSync(key);
  const again = await culvert(['signing-key', 'create', '--vendor', 'acme', '--output', key]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /^culvert: --output: cannot be written: EEXIST/);
  assert.ok(readFileSync(key).equals(before));
});

test('in whatever time zone, umask, locale and folder it is made, the tar is the same', async () => {
  const surroundings = [
    { TZ: 'UTC', LC_ALL: 'C', umask: '0022', folder: '/' },
    { TZ: 'Pacific/Kiritimati', LC_ALL: 'C.UTF-8', umask: '0077', folder },
    { TZ: 'America/St_Johns', LC_ALL: 'tr_TR.UTF-8', umask: '0000', folder: tmpdir() },
  ];
  const tars: string[] = [];
  for (const { umask, folder: from, ...settings } of surroundings) {
    const words = [MAIN, 'bundle', '--input', input, '--signing-key-file', key];
    const output = at(`bundle-${umask}.tar.gz`);
    const run = 'umask "$1"; cd "$2"; shift 2; exec "$@"';
    const command = ['bash', '-c', run, '-', umask, from, process.execPath, ...words];
    await outputOf([...command, '--output', output], { env: environment(settings) });
    tars.push(sha256(gunzipSync(readFileSync(output))));
  }
  assert.equal(new Set(tars).size, 1, tars.join('\n'));
});

test('a bundle that the command wrote is verified by the other one, and names who signed', async () => {
  const output = at('bundle.tar.gz');
  const words = ['bundle', '--input', input, '--signing-key-file', key, '--output', output];
  const made = await culvertJson<{ tar_sha256: string; signed_by: string }>(words);
  assert.equal(made.tar_sha256, sha256(gunzipSync(readFileSync(output))));
  assert.equal(made.signed_by, 'acme');
  const verified = await culvertJson<Record<string, unknown>>(['verify', output, ...TRUST]);
  const fingerprint = (await outputOf(['ssh-keygen', '-l', '-f', await publicKeyFile()])).split(
    ' ',
  );
  assert.deepEqual(verified, { verified: output, signer: 'acme', key: fingerprint[1], files: 19 });
});

/** The key of the allowed_signers line, alone in a file. */
async function publicKeyFile(): Promise<string> {
  const [, , type, blob] = readFileSync(signers, 'utf8').trim().split(' ');
  await writeFile(at('key.pub'), `${type} ${blob}\n`);
  return at('key.pub');
}

test('the key can come in the environment, and the bundle to standard output', async () => {
  const settings = { CULVERT_SIGNING_KEY: readFileSync(key, 'utf8') };
  const words = [process.execPath, MAIN, 'bundle', '--input', input];
  const list = 'output=$1; shift; "$@" >"$output" && tar -tzf "$output"';
  const output = at('piped.tar.gz');
  const listed = await outputOf(['bash', '-c', list, '-', output, ...words], {
    env: environment(settings),
  });
  assert.match(listed, /^bundle\/SHA256SUMS\.sig$/m);
  assert.equal((await culvert(['verify', output, ...TRUST])).code, 0);
});

test('without a key the bundle says that nothing is signed, and does not verify', async () => {
  const output = at('unsigned.tar.gz');
  const { code, stdout } = await bundle('--output', output);
  assert.equal(code, 0);
  assert.match(stdout, /^signed_by +-$/m);
  const page = await outputOf(['tar', '-xzOf', output, 'bundle/VERIFY.md']);
  assert.match(page, /This vendor signs nothing/);
  const refused = await culvert(['verify', output, ...TRUST]);
  assert.equal(refused.code, 7);
  assert.match(refused.stderr, /^culvert: the bundle is not signed/);
});

test('a key that others may read is refused, and two keys, and what is none', async () => {
  const open = at('open.pem');
  await writeFile(open, readFileSync(key));
  for (const mode of [0o644, 0o640, 0o604, 0o660]) {
    chmodSync(open, mode);
    const refused = await bundle('--signing-key-file', open);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^culvert: --signing-key-file: others may read .*chmod 0600/);
  }
  chmodSync(open, 0o400);
  assert.equal((await bundle('--signing-key-file', open, '--output', at('x'))).code, 0);

  const both = await culvert(['bundle', '--input', input, '--signing-key-file', key], {
    CULVERT_SIGNING_KEY: readFileSync(key, 'utf8'),
  });
  assert.equal(both.code, 2);
  assert.match(both.stderr, /two signing keys/);

  const secret = 'not a key but a secret';
  const none = await culvert(['bundle', '--input', input], { CULVERT_SIGNING_KEY: secret });
  assert.equal(none.code, 2);
  assert.match(none.stderr, /^culvert: CULVERT_SIGNING_KEY: is not an Ed25519 private key/);
  assert.ok(!none.stderr.includes(secret));
});

test('an installer is verified with the signature beside it; changed or unsigned it is not', async () => {
  const script = at('install.sh');
  const render = ['render', '--template', 'linux', '--input', input, '--output', script];
  assert.equal((await culvert(render)).code, 0);
  const missing = await culvert(['verify', script, ...TRUST]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /^culvert: --signature: cannot be read: .*install\.sh\.sig/);

  // As the vendor's key signs: with stock tools, from its PEM.
  await signByStock(script);
  const verified = await culvert(['verify', script, ...TRUST]);
  assert.equal(verified.code, 0, verified.stderr);
  await writeFile(at('changed.sh'), `${readFileSync(script)} `);
  const changed = await culvert([
    'verify',
    at('changed.sh'),
    ...TRUST,
    '--signature',
    `${script}.sig`,
  ]);
  assert.equal(changed.code, 7);
  assert.match(changed.stderr, /over other bytes, or damaged/);

  await writeFile(
    at('pgp.sig'),
    '-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n',
  );
  const pgp = await culvert(['verify', script, ...TRUST, '--signature', at('pgp.sig')]);
  assert.equal(pgp.code, 7);
  assert.match(pgp.stderr, /that is of PGP, not of OpenSSH/);
  const other = await culvert([
    'verify',
    script,
    '--allowed-signers',
    signers,
    '--signer',
    'globex',
  ]);
  assert.equal(other.code, 7);
  assert.match(other.stderr, /not listed for globex/);
});

/** Signs a file for the namespace of artifacts, by a stock key that takes the place of the vendor's. */
async function signByStock(file: string): Promise<void> {
  const stock = at('stock');
  await outputOf(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', stock]);
  const [type, blob] = readFileSync(`${stock}.pub`, 'utf8').split(' ');
  const line = `acme namespaces="culvert-artifact-v1" ${type} ${blob?.trim()}\n`;
  await writeFile(signers, `${readFileSync(signers)}${line}`);
  await outputOf(['ssh-keygen', '-Y', 'sign', '-f', stock, '-n', 'culvert-artifact-v1', file]);
}

test('after a rotation an old bundle verifies as of the day when it was signed', async () => {
  const output = at('old.tar.gz');
  assert.equal((await bundle('--signing-key-file', key, '--output', output)).code, 0);
  const [line = ''] = readFileSync(signers, 'utf8').split('\n');
  const expired = line.replace('" ssh', '",valid-before="20260201Z" ssh');
  const kept = at('kept_signers');
  await writeFile(kept, `${expired}\n`);
  const trust = ['--allowed-signers', kept, '--signer', 'acme'];
  const now = await culvert(['verify', output, ...trust]);
  assert.equal(now.code, 7);
  assert.match(now.stderr, /a key that is not valid at/);
  assert.equal((await culvert(['verify', output, ...trust, '--at', '2026-01-31'])).code, 0);
  const nonsense = await culvert(['verify', output, ...trust, '--at', 'yesterday']);
  assert.equal(nonsense.code, 2);

  // The new key signs, the line of the old one is published with it.
  const next = at('next.pem');
  await culvert(['signing-key', 'create', '--vendor', 'acme', '--output', next]);
  const rotated = at('rotated.tar.gz');
  const words = ['--signing-key-file', next, '--other-signers-file', kept, '--output', rotated];
  assert.equal((await bundle(...words)).code, 0);
  const published = await outputOf(['tar', '-xzOf', rotated, 'bundle/allowed_signers']);
  assert.equal(published.split('\n').length, 3);
  assert.ok(published.endsWith(`${expired}\n`));
});

test('what is larger than anything that Culvert makes is not read', async () => {
  const large = at('large');
  await outputOf(['truncate', '-s', '9M', large]);
  for (const words of [
    [large, ...TRUST],
    [input, '--allowed-signers', large, '--signer', 'acme'],
    [input, ...TRUST, '--signature', large],
  ]) {
    const { code, stderr } = await runCommand([process.execPath, MAIN, 'verify', ...words]);
    assert.equal(code, 2);
    assert.match(stderr, /is larger than any that Culvert makes/);
  }
});
