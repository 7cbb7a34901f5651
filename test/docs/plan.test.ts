import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkInstallerInput, loadCatalogue, renderPlan } from '../../src/render/index.ts';
import { quoted, readPage } from '../support/page.ts';
import { SAMPLE } from '../support/sample-input.ts';

/**
 * The plan against docs/installer.md, which other tests hold against the script: so what the plan
 * says is what the script does. test/journeys/plan.test.ts watches an installation do it.
 */
const { rows } = readPage('installer.md');
const plan = renderPlan(loadCatalogue(), 'linux', checkInstallerInput(SAMPLE));
const words = plan.split(/[\s,;]+/);

/** What is there for a moment only, or made by another command than an installation. */
const NOT_OF_AN_INSTALLATION = ['key.old', 'next', 'serial'];

test('every file and folder of an installation is on the plan, and no others', () => {
  const documented = rows('Files')
    .flatMap(([path]) => quoted(path ?? ''))
    .map((path) => path.replaceAll('<tunnel>', 'acme_orders').replaceAll('<vendor>', 'acme'))
    .filter((path) => !NOT_OF_AN_INSTALLATION.some((name) => path.endsWith(`/${name}`)));
  const shared = ['/etc/h_autossh', '/var/lib/h_autossh', '/usr/local/lib/h_autossh'];
  // Where the lock is, and where the user's home is not.
  const others = ['/var/lib', '/nonexistent', '/usr/sbin/nologin'];
  const planned = words.filter((word) => word.startsWith('/') && !others.includes(word));
  assert.deepEqual(planned.sort(), [...documented, ...shared].sort());
});

test('every program that changes something as root is on the plan', () => {
  const programs = rows('Programs that it starts')
    .filter(([when]) => when !== 'uninstall')
    .flatMap(([, commands]) => quoted(commands ?? ''));
  assert.ok(programs.length > 15, `${programs.length} programs`);
  for (const program of programs) {
    if (program.startsWith('/')) continue;
    const [name, ...rest] = program.split(' ');
    assert.ok(words.includes(name ?? ''), program);
    if (rest.length > 0) assert.ok(plan.includes(program), program);
  }
});

test('every endpoint, the database and the control plane are on the plan', () => {
  for (const peer of [
    't1.culvert.example:50022',
    '[2001:db8::10]:443',
    't2.culvert.example:443',
    'db.internal:5432',
    'https://culvert.example',
  ]) {
    assert.ok(words.includes(peer), peer);
  }
});
