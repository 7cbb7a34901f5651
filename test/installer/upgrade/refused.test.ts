import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signed } from '../support/reviewers.ts';
import {
  alice,
  alices,
  bob,
  carol,
  digest,
  END,
  say,
  script,
  stranger,
  upgradeHost,
} from '../support/upgrade-host.ts';

/** Whose word does not let an upgrade run on a host that pins reviewers, and what it says then. */
const host = upgradeHost();

test('an installer that was changed on the way', async () => {
  host.pin(1);
  host.served = script.replace('RAN', 'RAN_');
  await host.isRefused(/Nobody signed this installer, SHA-256 [0-9a-f]{64}\./);
  assert.ok(!(host.asked[1] ?? '').includes(digest));
});

test('an installer that was changed, with statements for the one that was signed', async () => {
  host.pin(1);
  host.served = script.replace('RAN', 'RAN_');
  host.statements = signed(say(), [alice]) + END;
  await host.isRefused(/Nobody signed this installer/);
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
    host.pin(approvals);
    host.statements = answer() + END;
    await host.isRefused(why);
  });
}
