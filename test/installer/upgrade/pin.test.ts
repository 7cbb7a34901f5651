import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { installerFor, installerThat } from '../support/proxy-root.ts';
import { signed } from '../support/reviewers.ts';
import { alice, END, PIN, persons, STATE, say, upgradeHost } from '../support/upgrade-host.ts';

/** The file that pins reviewers: what makes it void, and where a host speaks of it. */
const host = upgradeHost();

for (const [what, spoil, why] of [
  ['is gone', () => rmSync(host.root.path(PIN)), /cannot be read: it is no file/],
  ['is empty', () => writeFileSync(host.root.path(PIN), ''), /its first line is not approvals/],
  ['names nobody', () => host.pin(1, ''), /it names nobody/],
  ['asks for nobody', () => host.pin(0), /names fewer persons than must sign/],
  ['asks for more than there are', () => host.pin(5), /names fewer persons than must sign/],
  [
    'has a wildcard',
    () => host.pin(1, persons.replaceAll('alice ', '* ')),
    /line 2 is not of the form/,
  ],
  [
    'has another namespace',
    () => host.pin(1, persons.replaceAll('approval', '*')),
    /line 2 must have/,
  ],
  ['says no number', () => writeFileSync(host.root.path(PIN), persons), /its first line is not/],
] as const) {
  test(`a pin that ${what} is not taken for none`, async () => {
    host.pin(1);
    const record = `${STATE}/installed`;
    writeFileSync(host.root.path(record), `reviewers /${PIN}\n`, { flag: 'a' });
    host.statements = signed(say(), [alice]) + END;
    spoil();
    await host.isRefused(new RegExp(`reviewers pinned in /${PIN} cannot be read: .*`));
    await host.isRefused(why);
  });
}

test('a pin that another tunnel of the vendor recorded, and that is gone, is not taken for none', async () => {
  const other = 'var/lib/h_autossh/acme_returns';
  await host.root.run(['mkdir', `/${other}`]);
  writeFileSync(host.root.path(`${other}/installed`), `reviewers /${PIN}\n`);
  await host.isRefused(/cannot be read: it is no file/);
});

test('the real installer does not warn when an upgrade has verified it', async () => {
  host.pin(1);
  host.served = installerFor(host.url);
  host.statements = signed(say({ digest: hash('sha256', host.served) }), [alice]) + END;
  const { stdout, stderr } = await host.program('upgrade');
  assert.match(stdout, /Approved: SHA-256 .*\n(.*\n)*Culvert: tunnel 'Orders' of Globex to Acme/);
  assert.doesNotMatch(stdout + stderr, /warning: Reviewers/);
  const pasted = await host.root.run(['bash', '-s', '--', '--dry-run'], host.served);
  assert.match(pasted.stderr, /^warning: Reviewers are pinned here/);
});

test('status says that reviewers are pinned', async () => {
  const before = await host.program('status');
  assert.doesNotMatch(before.stdout, /reviewers/);
  host.pin(2);
  const { stdout } = await host.program('status');
  assert.match(stdout, /^ {2}reviewers {3}pinned: 2 of 4 persons must sign what an upgrade runs$/m);
  const { reviewers } = JSON.parse((await host.program('status', '--json')).stdout);
  assert.equal(reviewers, 'pinned: 2 of 4 persons must sign what an upgrade runs');
});

test('doctor says that reviewers are pinned', async () => {
  host.pin(1);
  const without =
    'read_route() { :; }; ask_vendor() { :; }; walk_hops() { :; }; ask_systemd() { :; }';
  const examine = async (words: string) =>
    (
      await host.root.run(
        ['bash', '-s'],
        installerThat(
          `${without}; read_arguments doctor ${words}; examine`,
          installerFor(host.url),
        ),
      )
    ).stdout;
  assert.match(await examine(''), /\nReviewers are pinned: 1 of 4 persons must sign what an/);
  assert.match(JSON.parse(await examine('--json')).reviewers, /^pinned: 1 of 4 persons/);
});
