import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SAMPLE } from '../../support/sample-input.ts';
import { signed } from '../support/reviewers.ts';
import {
  alice,
  alices,
  bob,
  carol,
  digest,
  END,
  rsa,
  STATE,
  say,
  stranger,
  upgradeHost,
} from '../support/upgrade-host.ts';

/** What lets an upgrade run on a host that pins reviewers, and that without a pin nobody is asked. */
const host = upgradeHost();

test('without a pin nobody is asked who signed', async () => {
  const { code, stdout } = await host.program('upgrade');
  assert.equal(code, 0);
  assert.match(stdout, /RAN install/);
  assert.deepEqual(host.asked, [`/t/${SAMPLE.tunnel.id}/install.sh`]);
});

for (const [what, key, by] of [
  ['an approval', alice, /by alice\./],
  ['an approval by the second key of a person', alices, /by alice\./],
  ['an approval by an RSA key', rsa, /by ron\./],
] as const) {
  test(`${what} lets it run, and its serial is remembered`, async () => {
    host.pin(1);
    host.statements = signed(say({ serial: 7 }), [key]) + END;
    await host.isAccepted(by);
    assert.equal(host.serialSeen(), '7\n');
    assert.match(
      readFileSync(host.root.path(`${STATE}/installed`), 'utf8'),
      /^file \/var\/.*\/serial$/m,
    );
    assert.deepEqual(host.asked, [
      `/t/${SAMPLE.tunnel.id}/install.sh`,
      `/t/${SAMPLE.tunnel.id}/v1/statements?artifact=${digest}`,
    ]);
  });
}

test('two persons of two, among strangers', async () => {
  host.pin(2);
  host.statements = signed(say(), [stranger, bob, carol, alices]) + END;
  await host.isAccepted(/by bob alice\./);
});

test('one of sixteen digests is enough', async () => {
  host.pin(1);
  const otherDigests = Array.from({ length: 15 }, (_, number) => hash('sha256', `${number}`));
  host.statements = signed(say({ otherDigests }), [alice]) + END;
  await host.isAccepted();
});

test('the same again is accepted again', async () => {
  host.pin(1);
  host.statements = signed(say(), [alice]) + END;
  await host.isAccepted();
  await host.isAccepted();
});

test('an approval after a withdrawal is accepted', async () => {
  host.pin(1);
  host.statements = [
    signed(say({ serial: 3, decision: 'withdraw' }), [bob]),
    signed(say({ serial: 4 }), [alice]),
    END,
  ].join('');
  await host.isAccepted();
  assert.equal(host.serialSeen(), '4\n');
});

test('what does not count does not hide what counts', async () => {
  host.pin(2);
  host.statements = [
    signed(say({ serial: 3 }), [alice, bob]),
    signed(say({ serial: 4 }), [alice]),
    signed(say({ serial: 5, decision: 'withdraw' }), [stranger]),
    signed(say({ serial: 6, decision: 'refuse', vendor: 'other' }), [bob]),
    END,
  ].join('');
  await host.isAccepted(/by alice bob\./);
  assert.equal(host.serialSeen(), '3\n');
});

test('sixty approvals in a row are one answer', async () => {
  host.pin(1);
  const all = Array.from({ length: 60 }, (_, number) => signed(say({ serial: number + 1 }), [rsa]));
  host.statements = all.join('') + END;
  assert.ok(host.statements.length > 65_536);
  await host.isAccepted(/by ron\./);
});
