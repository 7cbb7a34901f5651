import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, before, beforeEach, test } from 'node:test';
import { makeCertificate, makeKeyPair } from '../domain/ssh-keygen.ts';
import { SAMPLE } from '../support/sample-input.ts';
import {
  installerFor,
  installerThat,
  makeProxyRoot,
  type ProxyRoot,
} from './support/proxy-root.ts';
import { reviewerLine } from './support/reviewers.ts';

/** Pinning: what --reviewers takes, what it refuses, where that goes and when it leaves. */

const installer = installerFor('https://culvert.example');
const [alice, alices, bob] = ['ed25519', 'ecdsa', 'rsa'].map((type) => makeKeyPair(type)) as [
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
];
const PIN = 'etc/h_autossh/acme.reviewers';

let root: ProxyRoot;
beforeEach(() => {
  root = makeProxyRoot();
});
afterEach(() => root[Symbol.dispose]());

/** What an installation with these words does about reviewers, as root. */
function pin(words: string, file?: string | Buffer, script = installer) {
  if (file !== undefined) writeFileSync(root.path('run/file'), file);
  const commands = `read_arguments ${words}; choose_style; PHASE=0 FINDINGS=()
    check_reviewers; stop_on_findings; plan_reviewers; begin_record; pin_reviewers`;
  return root.run(['bash', '-s'], installerThat(commands, script));
}

const pinned = () => readFileSync(root.path(PIN), 'utf8');

test('a file that is as it should be is pinned, for all to read', async () => {
  const file = `# who reviews\n\n${reviewerLine('alice@example.com', alice)}${reviewerLine(
    'alice@example.com',
    alices,
    ',valid-after="20260101",valid-before="20991231235959Z"',
  )}${reviewerLine('bob', bob)}`;
  const { code, stdout, stderr } = await pin('--reviewers /run/file --approvals=2', file);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /ok {3}reviewers: 2 of 2 persons must sign/);
  assert.match(stdout, /reviewers {2}2 of 2 persons, in \/etc\/h_autossh\/acme\.reviewers\n/);
  assert.equal(pinned().split('\n').slice(2).join('\n'), file);
  assert.equal(pinned().split('\n')[0], '# approvals=2');
  assert.equal(statSync(root.path(PIN)).mode & 0o777, 0o644);
  const record = readFileSync(root.path('var/lib/h_autossh/acme_orders/installed'), 'utf8');
  assert.match(record, /^reviewers \/etc\/h_autossh\/acme\.reviewers$/m);
});

test('lines of an editor of Windows are lines', async () => {
  const file = reviewerLine('alice', alice);
  assert.equal((await pin('--reviewers=/run/file', file.replace('\n', '\r\n'))).code, 0);
  assert.ok(pinned().endsWith(`\n${file}`));
});

test('one person is enough unless more are asked for', async () => {
  await pin('--reviewers /run/file', reviewerLine('alice', alice) + reviewerLine('bob', bob));
  assert.match(pinned(), /^# approvals=1\n/);
});

const line = reviewerLine('alice', alice);
const [, options = '', type = '', blob = ''] = line.trimEnd().split(' ');
const refused: [what: string, file: string | Buffer, why: RegExp][] = [
  ['no line', '', /: it names nobody/],
  ['comments only', '# alice\n\n', /: it names nobody/],
  ['a wildcard', line.replace('alice', 'al*'), /line 1 is not of the form/],
  ['any one character', line.replace('alice', 'alic?'), /line 1 is not of the form/],
  ['several names', `${line}${line.replace('alice', 'bob,carol')}`, /line 2 is not of the form/],
  ['a negated name', line.replace('alice', '!alice'), /line 1 is not of the form/],
  ['a quoted name', line.replace('alice', '"alice"'), /line 1 is not of the form/],
  ['a blank in front', ` ${line}`, /line 1 is not of the form/],
  ['no options', `alice ${type} ${blob}\n`, /line 1 is not of the form/],
  ['no key', `alice ${options}\n`, /line 1 is not of the form/],
  ['another namespace', line.replace('approval', 'artifact'), /line 1 must have the option/],
  ['any namespace', line.replace('culvert-approval-v1', '*'), /line 1 must have the option/],
  [
    'one namespace more',
    line.replace('approval-v1', 'approval-v1,culvert-artifact-v1'),
    /line 1 must have the option/,
  ],
  ['no namespace', `alice valid-before="20991231" ${type} ${blob}`, /line 1 must have the option/],
  ['a namespace twice', `alice ${options},${options} ${type} ${blob}`, /line 1 must have the/],
  ['an authority', `alice cert-authority,${options} ${type} ${blob}`, /line 1 must have the/],
  ['an unknown option', `alice ${options},x="1" ${type} ${blob}`, /line 1 must have the option/],
  ['a comma at the end', `alice ${options}, ${type} ${blob}`, /line 1 must have the option/],
  ['month 13', `alice ${options},valid-before="20991331" ${type} ${blob}`, /line 1 must have/],
  ['words for a time', `alice ${options},valid-after="now" ${type} ${blob}`, /line 1 must have/],
  ['a key that is none', `alice ${options} ${type} AAAA`, /line 1 holds no public key/],
  [
    'a certificate',
    `bob ${options} ${makeCertificate(alice, bob, '-I', 'bob')}`,
    /line 1 is not of/,
  ],
  ['a key of another type', `alice ${options} ssh-rsa ${blob}`, /line 1 holds no public key/],
  ['one key of two persons', line + reviewerLine('bob', alice), /line 2 has the key of another/],
  ['bytes of nothing', Buffer.from(`al\0ice ${options} ${type} ${blob}\n`), /line 1 is not of/],
  ['more than 64 KiB', `${`# ${'x'.repeat(1022)}\n`.repeat(64)}${line}`, /larger than 64 KiB/],
];

test('what is refused is refused before any change', async () => {
  const { code, stderr } = await pin(
    '--reviewers /run/file',
    `${line}* ${options} ${type} ${blob}`,
  );
  assert.equal(code, 4);
  assert.match(stderr, /error: nothing was changed; 1 found:\n {2}\/run\/file: line 2 is not of/);
  assert.throws(() => statSync(root.path('etc/h_autossh')));
});

/** What the checks find in each of the files; all are tried in one shell. */
let found: string[];
before(async () => {
  using folders = makeProxyRoot();
  for (const [number, [, file]] of refused.entries()) {
    writeFileSync(folders.path(`run/${number}`), file);
  }
  const commands = `read_arguments --quiet
    for number in {0..${refused.length - 1}}; do
      REVIEWERS='' REVIEWERS_FILE=/run/$number FINDINGS=()
      check_reviewers
      printf '%s|%s\\0' "\${FINDINGS[*]-}" "$REVIEWERS"
    done`;
  const script = installerThat(commands, installer);
  found = (await folders.run(['bash', '-s'], script)).stdout.split('\0');
});

for (const [number, [what, , why]] of refused.entries()) {
  test(`a file with ${what} is refused`, () => {
    assert.match(found[number] ?? '', why);
    assert.match(found[number] ?? '', /\|$/);
  });
}

for (const [what, name] of [
  ['a file that is not there', '/run/nothing'],
  ['a folder', '/run'],
  ['a device', '/dev/null'],
] as const) {
  test(`${what} is refused`, async () => {
    const { code, stderr } = await pin(`--reviewers ${name}`);
    assert.equal(code, 4);
    assert.match(stderr, / is no file that can be read/);
  });
}

test('the number of approvals is one of persons, as a number is written', async () => {
  const numbers = ['0', '3', '-1', '01', '1x', 'a[$(touch /run/ran)]', '9'.repeat(20), '1', '2'];
  const commands = `read_reviewers "$(cat /run/file)"
    for number in ${numbers.map((number) => `'${number}'`).join(' ')}; do
      can_approve "$number" && printf '%s\\n' "$number"
    done`;
  const file = line + reviewerLine('alice', alices) + reviewerLine('bob', bob);
  writeFileSync(root.path('run/file'), file);
  const { stdout } = await root.run(['bash', '-s'], installerThat(commands, installer));
  assert.deepEqual(stdout, '1\n2\n');
  assert.throws(() => statSync(root.path('run/ran')));

  const { code, stderr } = await pin('--reviewers /run/file --approvals 3', file);
  assert.equal(code, 4);
  assert.match(
    stderr,
    /--approvals 3: \/run\/file names 2 persons\n {7}Give a number from 1 to 2\./,
  );
});

for (const [words, why] of [
  ['--reviewers', /--reviewers needs a value/],
  ["--reviewers ''", /--reviewers needs a value/],
  ['--approvals 1', /--approvals goes with --reviewers only/],
  ['check --reviewers x', /--reviewers does not go with check/],
  ['upgrade --reviewers x', /--reviewers does not go with upgrade/],
] as const) {
  test(`"${words}" is wrong usage`, async () => {
    const { code, stderr } = await pin(words);
    assert.equal(code, 2);
    assert.match(stderr, why);
  });
}

test('a host whose ssh-keygen cannot verify is told what to do', async () => {
  const old = 'ssh-keygen() { echo "unknown option -- Y" >&2; return 1; }';
  const commands = `${old}; read_arguments --reviewers /run/file; FINDINGS=()
    check_reviewers; printf '%s\\n' "\${FINDINGS[@]}"`;
  writeFileSync(root.path('run/file'), line);
  const { stdout } = await root.run(['bash', '-s'], installerThat(commands, installer));
  assert.match(stdout, /cannot verify signatures, as --reviewers needs it\n +Install OpenSSH 8\.1/);
});

test('what was checked is what root writes, whatever becomes of the file', async () => {
  writeFileSync(root.path('run/file'), `# it's "$(id)" \\ é\n${line}`);
  const commands = `read_arguments --reviewers /run/file; FINDINGS=() GIVEN_HTTP_PROXY=''
    check_reviewers; rm /run/file; begin_record; SCRATCH_OF_CALLER=$SCRATCH
    carry pin_reviewers | bash -s`;
  const { stderr } = await root.run(['bash', '-s'], installerThat(commands, installer));
  assert.equal(stderr, '');
  assert.ok(pinned().endsWith(`\n# it's "$(id)" \\ é\n${line}`));
});

test('without the option the pin stays; with it, it is replaced, and the run says so', async () => {
  await pin('--reviewers /run/file', line);
  const first = pinned();
  const later = await pin('--quiet');
  assert.deepEqual([later.code, later.stdout, later.stderr], [0, '', '']);
  assert.match(
    (await pin('')).stdout,
    /reviewers {2}those in \/etc\/h_autossh\/acme\.reviewers stay/,
  );
  assert.equal(pinned(), first);

  const same = await pin('--reviewers /run/file', line);
  assert.doesNotMatch(same.stdout, /are replaced/);

  const other = await pin('--quiet --reviewers /run/file', reviewerLine('bob', bob));
  assert.match(other.stdout, /^The reviewers that were pinned in \S+ before are replaced\.\n$/);
  assert.match(pinned(), /^bob /m);
  assert.doesNotMatch(pinned(), /^alice /m);
});

test('a refused file leaves the pin alone', async () => {
  await pin('--reviewers /run/file', line);
  const first = pinned();
  assert.equal((await pin('--reviewers /run/file', `${line}* x\n`)).code, 4);
  assert.equal(pinned(), first);
});

/** Another tunnel of the same vendor, and one of another. */
const returns = installerFor('https://culvert.example', {
  ...SAMPLE,
  tunnel: { ...SAMPLE.tunnel, slug: 'returns', id: `tun_${'1'.repeat(26)}` },
});
const elsewhere = installerFor('https://culvert.example', {
  ...SAMPLE,
  vendor: { slug: 'acme-two', name: 'Acme Two' },
  tunnel: { ...SAMPLE.tunnel, id: `tun_${'2'.repeat(26)}` },
});

test("it goes with the vendor's last tunnel of the host, whichever pinned it", async () => {
  await pin('', undefined, returns);
  await pin('', undefined, elsewhere);
  await pin('--reviewers /run/file', line);
  const sees = (script: Buffer) =>
    root.run(['bash', '-s'], installerThat('is_pinned && tell yes || tell no', script));
  assert.deepEqual(
    await Promise.all([returns, elsewhere].map(async (script) => (await sees(script)).stdout)),
    ['yes\n', 'no\n'],
  );

  const remove = async (script: Buffer) => {
    const commands = 'REMOVE_PACKAGES=no QUIET=no VERBOSE=no; remove_recorded';
    const { code, stderr } = await root.run(['bash', '-s'], installerThat(commands, script));
    assert.equal(code, 0, stderr);
  };
  await remove(installer);
  assert.match(pinned(), /^alice /m);
  await remove(returns);
  assert.throws(pinned);
  assert.equal((await sees(returns)).stdout, 'no\n');
  await remove(elsewhere);
  assert.throws(() => statSync(root.path('etc/h_autossh')));
});

test('status and doctor say who is pinned, or that the pin is lost', async () => {
  const says = async () =>
    (await root.run(['bash', '-s'], installerThat('pin_in_words', installer))).stdout;
  assert.equal(await says(), '');
  await pin('--reviewers /run/file', line + reviewerLine('bob', bob));
  assert.equal(await says(), 'pinned: 1 of 2 persons must sign what an upgrade runs\n');
  writeFileSync(root.path(PIN), '');
  assert.match(await says(), /^pinned, but upgrades are refused: \/etc\/.*: its first line is not/);
});

test('a pasted script warns where reviewers are pinned, in one line', async () => {
  const paste = () => root.run(['bash', '-s', '--', 'install', '--dry-run'], installer);
  assert.doesNotMatch((await paste()).stderr, /Reviewers/);
  await pin('--reviewers /run/file', line);
  const { stderr } = await paste();
  assert.equal(
    stderr.split('\n')[0],
    'warning: Reviewers are pinned here; this script is not checked, but: h_autossh upgrade acme_orders',
  );
});
