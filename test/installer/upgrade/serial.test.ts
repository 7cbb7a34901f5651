import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { installerFor, installerThat } from '../support/proxy-root.ts';
import { signed } from '../support/reviewers.ts';
import { alice, bob, END, SERIAL, say, stranger, upgradeHost } from '../support/upgrade-host.ts';

/** The serial of a statement: an older one than counted before does not come back. */
const host = upgradeHost();

test('a lower serial than one that counted is refused, the same one is not', async () => {
  host.pin(1);
  writeFileSync(host.root.path(SERIAL), '5\n');
  host.statements = signed(say({ serial: 4 }), [alice]) + END;
  await host.isRefused(/The approval, number 4, is older than one that counted here: 5\./);
  assert.equal(host.serialSeen(), '5\n');
  host.statements = signed(say({ serial: 5 }), [alice]) + END;
  await host.isAccepted();
});

test('serials are compared as numbers', async () => {
  host.pin(1);
  writeFileSync(host.root.path(SERIAL), '9\n');
  host.statements = signed(say({ serial: 10 }), [alice]) + END;
  await host.isAccepted();
  assert.equal(host.serialSeen(), '10\n');
});

for (const [what, more] of [
  ['a withdrawal', { decision: 'withdraw' }],
  ['a refusal', { decision: 'refuse' }],
  ['an expired approval', { notAfter: 1_700_000_000 }],
] as const) {
  test(`${what} is remembered: what it followed does not come back`, async () => {
    host.pin(1);
    host.statements = signed(say({ serial: 6, ...more }), [alice]) + END;
    await host.isRefused(/withdrew|refused|expired/);
    assert.equal(host.serialSeen(), '6\n');
    host.statements = signed(say({ serial: 5 }), [alice, bob]) + END;
    await host.isRefused(/number 5, is older than one that counted here: 6/);
  });
}

test('a serial of strangers is not remembered', async () => {
  host.pin(1);
  host.statements = signed(say({ serial: 99 }), [stranger]) + END;
  await host.isRefused(/No key that signed/);
  assert.equal(host.serialSeen(), '');
});

for (const kept of ['', '0\n', '08\n', '1 2\n', 'a[$(touch /run/ran)]\n']) {
  test(`a file of the serial with ${JSON.stringify(kept)} is refused`, async () => {
    host.pin(1);
    writeFileSync(host.root.path(SERIAL), kept);
    host.statements = signed(say({ serial: 9 }), [alice]) + END;
    await host.isRefused(/serial does not hold the number that an upgrade wrote there/);
    assert.ok(!existsSync(host.root.path('run/ran')));
    assert.equal(host.serialSeen(), kept);
  });
}

test('the serial is removed with the tunnel', async () => {
  host.pin(1);
  host.statements = signed(say(), [alice]) + END;
  await host.isAccepted();
  const commands = 'REMOVE_PACKAGES=no QUIET=no VERBOSE=no; remove_recorded';
  await host.root.run(['bash', '-s'], installerThat(commands, installerFor(host.url)));
  assert.ok(!existsSync(host.root.path(SERIAL)));
});
