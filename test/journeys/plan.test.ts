import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Container, Network } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { install } from '../support/installer.ts';
import { type MadeTunnel, urlOf } from '../support/vendor-host.ts';

/** What --dry-run prints is all that an installation then changes. */

let network: Network;
let proxy: Container;
let tunnel: MadeTunnel;

before(async () => {
  ({ network, proxy, tunnel } = await startHosts('planned'));
});

after(() => network?.remove());

/** Files and folders of the disk, with what a change of any kind changes. */
async function disk(): Promise<Map<string, string>> {
  const found = await proxy.output(`
    find / -xdev ! -path '/proc/*' ! -path '/sys/*' ! -path '/run/*' ! -path '/tmp/*' \
      ! -path '/var/log/journal/*' \\( -type d -printf '%p %u:%g %m\\n' \
      -o -printf '%p %C@ %s %u:%g %m\\n' \\)`);
  return new Map(
    found
      .trimEnd()
      .split('\n')
      .map((line) => [line.split(' ')[0] ?? '', line]),
  );
}

/** Names of what was added, changed or removed between the two. */
function differences(before: Map<string, string>, now: Map<string, string>): string[] {
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names].filter((name) => before.get(name) !== now.get(name)).sort();
}

const paste = (...words: string[]) =>
  install(proxy, urlOf(tunnel), {
    token: tunnel.token,
    arguments: words,
  });

/** What other programs change because of what is on the plan: package manager, useradd, systemd. */
const CONSEQUENCES: [inPlan: RegExp, changes: RegExp][] = [
  [/packages +(?!none)/, /^\/var\/(lib|cache|log)\/(apt|dpkg|debconf)/],
  [
    /user +h_autossh/,
    /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^\/var\/log\/(lastlog|faillog)$/,
  ],
  [
    /service .*every boot/,
    /^\/etc\/systemd\/system\/(multi-user\.target|h_autossh\.service)\.wants(\/|$)|^\/var\/tmp\/systemd-private-/,
  ],
];

test('a dry run writes nothing, and all that an installation writes was on its plan', async () => {
  await proxy.output('apt-get update -qq');
  const initially = await disk();
  const dry = await paste('--dry-run');
  assert.equal(dry.code, 0, dry.stderr);
  assert.deepEqual(differences(initially, await disk()), []);

  const { code, stdout, stderr } = await paste();
  assert.equal(code, 0, stdout + stderr);
  const plan = dry.stdout.slice(dry.stdout.indexOf('[2/7]'));
  const packaged = new Set((await proxy.output('dpkg -L autossh')).split('\n'));
  const unplanned = differences(initially, await disk()).filter((name) => {
    const isPlanned = plan.split(/[\s,]+/).some((word) => word === name);
    return (
      !isPlanned &&
      !packaged.has(name) &&
      !CONSEQUENCES.some(([said, of]) => said.test(plan) && of.test(name))
    );
  });
  assert.deepEqual(unplanned, []);
});

test('ACTIONS.md of the bundle holds what a dry run prints, line by line', async () => {
  const { stdout } = await paste('--dry-run');
  const bundle = urlOf(tunnel).replace('install.sh', 'bundle.tar.gz');
  const actions = await proxy.output(`curl -fsS ${bundle} | tar -xzOf - bundle/ACTIONS.md`);
  const [, ours = ''] = /^## install\.sh\n(.*?)^## /ms.exec(actions) ?? [];
  const planned = ours.split('\n').filter((line) => line.startsWith('    '));
  assert.ok(planned.length > 40, `${planned.length} lines`);
  assert.ok(stdout.includes(`\n${planned.join('\n')}\n`), stdout);
});

test('the plan of a host where it is installed says that nothing has to be installed', async () => {
  const { code, stdout } = await paste('--dry-run');
  assert.equal(code, 0);
  assert.match(stdout, /It is installed: what is as it should be stays/);
  assert.match(stdout, /packages +none/);
});
