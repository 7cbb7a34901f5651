import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { type KeyPair, makeKeyPair } from '../domain/ssh-keygen.ts';
import { freePort } from '../support/free-port.ts';
import { SAMPLE } from '../support/sample-input.ts';
import {
  installerFor,
  installerThat,
  makeProxyRoot,
  type ProxyRoot,
  programOf,
  putProgram,
} from './support/proxy-root.ts';
import { reviewerLine, type StatementCase, signed, statementText } from './support/reviewers.ts';

/**
 * `h_autossh upgrade` on a host that pins reviewers: the program that an installation leaves, against a
 * control plane that says what each case wants, with signatures by the real ssh-keygen.
 */

const PIN = 'etc/h_autossh/acme.reviewers';
const STATE = 'var/lib/h_autossh/acme_orders';
const SERIAL = `${STATE}/serial`;

/** What the vendor serves: it takes its turn, as an installer does, and says that it ran. */
const script = `#!/usr/bin/env bash
{
  exec 9</var/lib
  flock -n 9 && echo "RAN $*"
  exit
}
`;
const digest = hash('sha256', script);

const names = ['alice', 'alices', 'bob', 'carol', 'stranger'] as const;
const keys = Object.fromEntries(names.map((name) => [name, makeKeyPair('ed25519')])) as Record<
  (typeof names)[number],
  KeyPair
>;
const { alice, alices, bob, carol, stranger } = keys;
const rsa = makeKeyPair('rsa', 3072);
const persons = [
  reviewerLine('alice', alice),
  reviewerLine('alice', alices),
  reviewerLine('bob', bob),
  reviewerLine('ron', rsa),
  reviewerLine('carol', carol, ',valid-before="20200101"'),
].join('');

let server: Server;
let url: string;
let installed: string;
let root: ProxyRoot;
let served: string | Buffer;
let statements: string;
let asked: string[];

before(async () => {
  server = createServer(({ url: path = '' }, response) => {
    asked.push(path);
    const base = `/t/${SAMPLE.tunnel.id}`;
    if (path === `${base}/install.sh`) response.end(served);
    else if (path.startsWith(`${base}/v1/statements?`)) response.end(statements);
    else response.writeHead(404).end('nothing');
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${port}`;
  installed = await programOf(installerFor(url));
});
after(() => server.close());

beforeEach(() => {
  root = makeProxyRoot();
  served = script;
  statements = 'end=1\n';
  asked = [];
  putProgram(root, installed);
});
afterEach(() => root[Symbol.dispose]());

function pin(approvals: number, lines = persons) {
  writeFileSync(root.path(PIN), `# approvals=${approvals}\n${lines}`);
}

const program = (...words: string[]) =>
  root.run(['bash', '/usr/local/lib/h_autossh/acme_orders/tunnel', ...words]);

const serialSeen = () =>
  existsSync(root.path(SERIAL)) ? readFileSync(root.path(SERIAL), 'utf8') : '';

async function isAccepted(by: RegExp = /by alice\./) {
  const { code, stdout, stderr } = await program('upgrade');
  assert.equal(code, 0, stdout + stderr);
  assert.equal(stderr, '');
  assert.match(stdout, new RegExp(`Approved: SHA-256 ${digest}, `));
  assert.match(stdout, by);
  assert.match(stdout, /\nRAN install\n$/);
}

async function isRefused(why: RegExp) {
  const { code, stdout, stderr } = await program('upgrade');
  assert.doesNotMatch(stdout, /RAN/);
  assert.equal(code, 4, stdout + stderr);
  assert.match(stderr, why);
  assert.match(
    stderr,
    /^\nerror: .*\n {7}.*(nothing was changed|Nothing was changed|stays as it is)/i,
  );
}

const say = (more: Partial<StatementCase> = {}) => statementText({ digest, serial: 1, ...more });
const end = 'end=1\n';

test('without a pin nobody is asked who signed', async () => {
  const { code, stdout } = await program('upgrade');
  assert.equal(code, 0);
  assert.match(stdout, /RAN install/);
  assert.deepEqual(asked, [`/t/${SAMPLE.tunnel.id}/install.sh`]);
});

// What is accepted.

for (const [what, key, by] of [
  ['an approval', alice, /by alice\./],
  ['an approval by the second key of a person', alices, /by alice\./],
  ['an approval by an RSA key', rsa, /by ron\./],
] as const) {
  test(`${what} lets it run, and its serial is remembered`, async () => {
    pin(1);
    statements = signed(say({ serial: 7 }), [key]) + end;
    await isAccepted(by);
    assert.equal(serialSeen(), '7\n');
    assert.match(
      readFileSync(root.path(`${STATE}/installed`), 'utf8'),
      /^file \/var\/.*\/serial$/m,
    );
    assert.deepEqual(asked, [
      `/t/${SAMPLE.tunnel.id}/install.sh`,
      `/t/${SAMPLE.tunnel.id}/v1/statements?artifact=${digest}`,
    ]);
  });
}

test('two persons of two, among strangers', async () => {
  pin(2);
  statements = signed(say(), [stranger, bob, carol, alices]) + end;
  await isAccepted(/by bob alice\./);
});

test('one of sixteen digests is enough', async () => {
  pin(1);
  const otherDigests = Array.from({ length: 15 }, (_, number) => hash('sha256', `${number}`));
  statements = signed(say({ otherDigests }), [alice]) + end;
  await isAccepted();
});

test('the same again is accepted again', async () => {
  pin(1);
  statements = signed(say(), [alice]) + end;
  await isAccepted();
  await isAccepted();
});

test('an approval after a withdrawal is accepted', async () => {
  pin(1);
  statements = [
    signed(say({ serial: 3, decision: 'withdraw' }), [bob]),
    signed(say({ serial: 4 }), [alice]),
    end,
  ].join('');
  await isAccepted();
  assert.equal(serialSeen(), '4\n');
});

test('what does not count does not hide what counts', async () => {
  pin(2);
  statements = [
    signed(say({ serial: 3 }), [alice, bob]),
    signed(say({ serial: 4 }), [alice]),
    signed(say({ serial: 5, decision: 'withdraw' }), [stranger]),
    signed(say({ serial: 6, decision: 'refuse', vendor: 'other' }), [bob]),
    end,
  ].join('');
  await isAccepted(/by alice bob\./);
  assert.equal(serialSeen(), '3\n');
});

test('sixty approvals in a row are one answer', async () => {
  pin(1);
  const all = Array.from({ length: 60 }, (_, number) => signed(say({ serial: number + 1 }), [rsa]));
  statements = all.join('') + end;
  assert.ok(statements.length > 65_536);
  await isAccepted(/by ron\./);
});

// What is refused.

test('an installer that was changed on the way', async () => {
  pin(1);
  served = script.replace('RAN', 'RAN_');
  await isRefused(/Nobody signed this installer, SHA-256 [0-9a-f]{64}\./);
  assert.ok(!(asked[1] ?? '').includes(digest));
});

test('an installer that was changed, with statements for the one that was signed', async () => {
  pin(1);
  served = script.replace('RAN', 'RAN_');
  statements = signed(say(), [alice]) + end;
  await isRefused(/Nobody signed this installer/);
});

const refusals: [what: string, approvals: number, answer: () => string, why: RegExp][] = [
  ['nobody signed', 1, () => '', /Nobody signed this installer/],
  ['a statement without a signature', 1, () => say(), /No key that signed/],
  ['a stranger signed', 1, () => signed(say(), [stranger]), /No key that signed/],
  ["an expired reviewer's", 1, () => signed(say(), [carol]), /No key that signed .*has expired/],
  ['too few persons', 2, () => signed(say(), [bob]), /Too few .*: 1, and 2 must/],
  ['two keys of a person', 2, () => signed(say(), [alice, alices]), /Too few .*: 1, and 2/],
  ['two signatures by a key', 2, () => signed(say(), [bob, bob]), /Too few .*: 1, and 2/],
  [
    'a person each in two statements',
    2,
    () => signed(say(), [alice]) + signed(say({ serial: 2 }), [bob]),
    /Too few .*: 1, and 2 must/,
  ],
  [
    'a signature of another statement',
    1,
    () => say({ serial: 2 }) + signed(say(), [alice]).slice(say().length),
    /No key that signed/,
  ],
  [
    'a signature for another purpose',
    1,
    () => signed(say(), [alice], 'culvert-artifact-v1'),
    /No key that signed/,
  ],
  [
    "another tunnel's",
    1,
    () => signed(say({ tunnel: `tun_${'1'.repeat(26)}` }), [alice]),
    /for another tunnel/,
  ],
  ["another vendor's", 1, () => signed(say({ vendor: 'other' }), [alice]), /for another tunnel/],
  [
    "another installer's",
    1,
    () => signed(say({ digest: '0'.repeat(64) }), [alice]),
    /Nobody signed this installer/,
  ],
  [
    'an expired statement',
    1,
    () => signed(say({ notAfter: 1_700_000_000 }), [alice]),
    /expired\.$/m,
  ],
  [
    'one that was refused',
    1,
    () => signed(say({ decision: 'refuse' }), [alice]),
    /Reviewers refused this installer: alice\./,
  ],
  [
    'one that was withdrawn after it was approved, by one of two',
    2,
    () => signed(say(), [alice, bob]) + signed(say({ serial: 2, decision: 'withdraw' }), [bob]),
    /Reviewers withdrew their approval of this installer: bob\./,
  ],
];

for (const [what, approvals, answer, why] of refusals) {
  test(`${what}: refused`, async () => {
    pin(approvals);
    statements = answer() + end;
    await isRefused(why);
  });
}

/** Signed by alice, and yet not a statement. */
const text = say();
const misshapen: [what: string, answer: () => string][] = [
  ['a field more', () => signed(text.replace('"v":1', '"v":1,"w":1'), [alice])],
  ['a field less', () => signed(text.replace(/"previous":null,/, ''), [alice])],
  ['a field twice', () => signed(text.replace('"serial":1', '"serial":1,"serial":2'), [alice])],
  ['another order', () => signed(text.replace(/("v":1),(.*)\}/, '$2,$1}'), [alice])],
  ['a blank', () => signed(text.replace(':1,', ': 1,'), [alice])],
  ['a blank behind', () => signed(text.replace('\n', ' \n'), [alice])],
  ['a tab in front', () => signed(`\t${text}`, [alice])],
  ['another version', () => signed(text.replace('"v":1', '"v":2'), [alice])],
  ['another decision', () => signed(text.replace('approve', 'maybe'), [alice])],
  ['serial 0', () => signed(text.replace('"serial":1', '"serial":0'), [alice])],
  ['a serial with a zero in front', () => signed(text.replace('l":1', 'l":010'), [alice])],
  ['a serial of 16 digits', () => signed(text.replace('l":1', `l":${'9'.repeat(16)}`), [alice])],
  [
    'a serial that bash would run',
    () => signed(text.replace('l":1', 'l":a[$(touch /run/ran)]'), [alice]),
  ],
  ['an expiry with a point', () => signed(text.replace(/(not_after":\d+)/, '$1.5'), [alice])],
  ['capitals in a digest', () => signed(text.replace(digest, digest.toUpperCase()), [alice])],
  ['no artifact', () => signed(text.replace(`"${digest}"`, ''), [alice])],
  [
    'seventeen artifacts',
    () => signed(text.replace(`"${digest}"`, Array(17).fill(`"${digest}"`).join()), [alice]),
  ],
  ['a line more', () => `${signed(text, [alice])}x=1\n`],
  ['an empty line', () => `\n${signed(text, [alice])}`],
  ['a signature of nothing', () => signed(text, [alice]).slice(text.length)],
  ['a signature that is cut', () => signed(text, [alice]).replace(/-----END.*\n/, '')],
  ['words in a signature', () => signed(text, [alice]).replace('\n-----END', '\n$(id)\n-----END')],
  ['an end within', () => `end=1\n${signed(text, [alice])}`],
  ['one serial twice', () => signed(text, [alice]).repeat(2)],
  [
    'the newest first',
    () => signed(say({ serial: 2, decision: 'refuse' }), [alice]) + signed(text, [alice]),
  ],
];

test('a statement that is not in its form spoils the answer, and is not remembered', async () => {
  pin(1);
  statements = signed(text.replace('"v":1', '"v":1,"w":1'), [alice]) + end;
  await isRefused(/What came is not what reviewers sign, or it was changed on the way/);
  assert.equal(serialSeen(), '');
});

/** Which of the answers are read, and how many statements in each; all are tried in one shell. */
async function readAll(answers: readonly string[]): Promise<string[]> {
  for (const [number, answer] of answers.entries()) {
    writeFileSync(root.path(`run/${number}`), answer + end);
  }
  const commands = `for number in {0..${answers.length - 1}}; do
      ANSWER=$(cat "/run/$number")
      read_statements ${digest} && tell "\${#STATEMENTS[@]}" || tell no
    done`;
  const { stdout } = await root.run(['bash', '-s'], installerThat(commands, installerFor(url)));
  return stdout.trimEnd().split('\n');
}

test('no other form of a statement, a signature or an answer is read', async () => {
  const one = signed(text, [alice]);
  const two = one + signed(say({ serial: 2 }), [alice, bob]);
  assert.deepEqual(await readAll(['', text, one, two]), ['0', '1', '1', '2']);
  const read = await readAll(misshapen.map(([, answer]) => answer()));
  assert.deepEqual(
    read.map((result, number) => [misshapen[number]?.[0], result]),
    misshapen.map(([what]) => [what, 'no']),
  );
  assert.ok(!existsSync(root.path('run/ran')));
});

for (const [what, ending] of [
  ['without its end', ''],
  ['whose end has more', 'end=10\n'],
  ['that goes on behind its end', 'end=1\nx\n'],
] as const) {
  test(`an answer ${what} is void`, async () => {
    pin(1);
    statements = signed(text, [alice]) + ending;
    await isRefused(/its answer was cut on the way/);
  });
}

test('what the vendor says of an error is shown', async () => {
  pin(1);
  statements =
    'error=tunnel-removed\ndetail=This tunnel was removed\nnext=Ask the vendor. Nothing was changed.\nend=1\n';
  await isRefused(/The control plane: This tunnel was removed\.\n {7}Ask the vendor/);
});

test('a control plane without statements is no way round them', async () => {
  pin(1);
  statements = 'Not found';
  await isRefused(/what answered there is not Culvert/);
});

// Serials.

test('a lower serial than one that counted is refused, the same one is not', async () => {
  pin(1);
  writeFileSync(root.path(SERIAL), '5\n');
  statements = signed(say({ serial: 4 }), [alice]) + end;
  await isRefused(/The approval, number 4, is older than one that counted here: 5\./);
  assert.equal(serialSeen(), '5\n');
  statements = signed(say({ serial: 5 }), [alice]) + end;
  await isAccepted();
});

test('serials are compared as numbers', async () => {
  pin(1);
  writeFileSync(root.path(SERIAL), '9\n');
  statements = signed(say({ serial: 10 }), [alice]) + end;
  await isAccepted();
  assert.equal(serialSeen(), '10\n');
});

for (const [what, more] of [
  ['a withdrawal', { decision: 'withdraw' }],
  ['a refusal', { decision: 'refuse' }],
  ['an expired approval', { notAfter: 1_700_000_000 }],
] as const) {
  test(`${what} is remembered: what it followed does not come back`, async () => {
    pin(1);
    statements = signed(say({ serial: 6, ...more }), [alice]) + end;
    await isRefused(/withdrew|refused|expired/);
    assert.equal(serialSeen(), '6\n');
    statements = signed(say({ serial: 5 }), [alice, bob]) + end;
    await isRefused(/number 5, is older than one that counted here: 6/);
  });
}

test('a serial of strangers is not remembered', async () => {
  pin(1);
  statements = signed(say({ serial: 99 }), [stranger]) + end;
  await isRefused(/No key that signed/);
  assert.equal(serialSeen(), '');
});

for (const kept of ['', '0\n', '08\n', '1 2\n', 'a[$(touch /run/ran)]\n']) {
  test(`a file of the serial with ${JSON.stringify(kept)} is refused`, async () => {
    pin(1);
    writeFileSync(root.path(SERIAL), kept);
    statements = signed(say({ serial: 9 }), [alice]) + end;
    await isRefused(/serial does not hold the number that an upgrade wrote there/);
    assert.ok(!existsSync(root.path('run/ran')));
    assert.equal(serialSeen(), kept);
  });
}

test('the serial is removed with the tunnel', async () => {
  pin(1);
  statements = signed(say(), [alice]) + end;
  await isAccepted();
  const commands = 'REMOVE_PACKAGES=no QUIET=no VERBOSE=no; remove_recorded';
  await root.run(['bash', '-s'], installerThat(commands, installerFor(url)));
  assert.ok(!existsSync(root.path(SERIAL)));
});

// The pin.

for (const [what, spoil, why] of [
  ['is gone', () => rmSync(root.path(PIN)), /cannot be read: it is no file/],
  ['is empty', () => writeFileSync(root.path(PIN), ''), /its first line is not approvals/],
  ['names nobody', () => pin(1, ''), /it names nobody/],
  ['asks for nobody', () => pin(0), /names fewer persons than must sign/],
  ['asks for more than there are', () => pin(5), /names fewer persons than must sign/],
  ['has a wildcard', () => pin(1, persons.replaceAll('alice ', '* ')), /line 2 is not of the form/],
  ['has another namespace', () => pin(1, persons.replaceAll('approval', '*')), /line 2 must have/],
  ['says no number', () => writeFileSync(root.path(PIN), persons), /its first line is not/],
] as const) {
  test(`a pin that ${what} is not taken for none`, async () => {
    pin(1);
    const record = `${STATE}/installed`;
    writeFileSync(root.path(record), `reviewers /${PIN}\n`, { flag: 'a' });
    statements = signed(say(), [alice]) + end;
    spoil();
    await isRefused(new RegExp(`reviewers pinned in /${PIN} cannot be read: .*`));
    await isRefused(why);
  });
}

test('a pin that another tunnel of the vendor recorded, and that is gone, is not taken for none', async () => {
  const other = 'var/lib/h_autossh/acme_returns';
  await root.run(['mkdir', `/${other}`]);
  writeFileSync(root.path(`${other}/installed`), `reviewers /${PIN}\n`);
  await isRefused(/cannot be read: it is no file/);
});

// What is around it.

test('the real installer does not warn when an upgrade has verified it', async () => {
  pin(1);
  served = installerFor(url);
  statements = signed(say({ digest: hash('sha256', served) }), [alice]) + end;
  const { stdout, stderr } = await program('upgrade');
  assert.match(stdout, /Approved: SHA-256 .*\n(.*\n)*Culvert: tunnel 'Orders' of Globex to Acme/);
  assert.doesNotMatch(stdout + stderr, /warning: Reviewers/);
  const pasted = await root.run(['bash', '-s', '--', '--dry-run'], served);
  assert.match(pasted.stderr, /^warning: Reviewers are pinned here/);
});

test('status says that reviewers are pinned', async () => {
  const before = await program('status');
  assert.doesNotMatch(before.stdout, /reviewers/);
  pin(2);
  const { stdout } = await program('status');
  assert.match(stdout, /^ {2}reviewers {3}pinned: 2 of 4 persons must sign what an upgrade runs$/m);
  const { reviewers } = JSON.parse((await program('status', '--json')).stdout);
  assert.equal(reviewers, 'pinned: 2 of 4 persons must sign what an upgrade runs');
});

test('doctor says that reviewers are pinned', async () => {
  pin(1);
  const without =
    'read_route() { :; }; ask_vendor() { :; }; walk_hops() { :; }; ask_systemd() { :; }';
  const examine = async (words: string) =>
    (
      await root.run(
        ['bash', '-s'],
        installerThat(`${without}; read_arguments doctor ${words}; examine`, installerFor(url)),
      )
    ).stdout;
  assert.match(await examine(''), /\nReviewers are pinned: 1 of 4 persons must sign what an/);
  assert.match(JSON.parse(await examine('--json')).reviewers, /^pinned: 1 of 4 persons/);
});
