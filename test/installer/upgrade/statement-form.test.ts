import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { installerFor, installerThat } from '../support/proxy-root.ts';
import { signed } from '../support/reviewers.ts';
import { alice, bob, digest, END, say, upgradeHost } from '../support/upgrade-host.ts';

/** In which form a host reads statements and answers: in the very one that it was told, and in no other. */
const host = upgradeHost();

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
  host.pin(1);
  host.statements = signed(text.replace('"v":1', '"v":1,"w":1'), [alice]) + END;
  await host.isRefused(/What came is not what reviewers sign, or it was changed on the way/);
  assert.equal(host.serialSeen(), '');
});

/** Which of the answers are read, and how many statements in each; all are tried in one shell. */
async function readAll(answers: readonly string[]): Promise<string[]> {
  for (const [number, answer] of answers.entries()) {
    writeFileSync(host.root.path(`run/${number}`), answer + END);
  }
  const commands = `for number in {0..${answers.length - 1}}; do
      ANSWER=$(cat "/run/$number")
      read_statements ${digest} && tell "\${#STATEMENTS[@]}" || tell no
    done`;
  const { stdout } = await host.root.run(
    ['bash', '-s'],
    installerThat(commands, installerFor(host.url)),
  );
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
  assert.ok(!existsSync(host.root.path('run/ran')));
});

for (const [what, ending] of [
  ['without its end', ''],
  ['whose end has more', 'end=10\n'],
  ['that goes on behind its end', 'end=1\nx\n'],
] as const) {
  test(`an answer ${what} is void`, async () => {
    host.pin(1);
    host.statements = signed(text, [alice]) + ending;
    await host.isRefused(/its answer was cut on the way/);
  });
}

test('what the vendor says of an error is shown', async () => {
  host.pin(1);
  host.statements =
    'error=tunnel-removed\ndetail=This tunnel was removed\nnext=Ask the vendor. Nothing was changed.\nend=1\n';
  await host.isRefused(/The control plane: This tunnel was removed\.\n {7}Ask the vendor/);
});

test('a control plane without statements is no way round them', async () => {
  host.pin(1);
  host.statements = 'Not found';
  await host.isRefused(/what answered there is not Culvert/);
});
