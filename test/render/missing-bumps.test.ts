import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFolder } from '../support/dist-scripts/folder.ts';
import { exitCodes } from '../support/dist-scripts/installer-changes.ts';
import { describeMissingBump, missingBumps } from '../support/dist-scripts/missing-bumps.ts';
import type { Sample } from '../support/dist-scripts/sample.ts';

const LINUX = `#!/usr/bin/env bash
# Opens one tunnel.
{
  # ---- Settings: every value of this tunnel -----

  TEMPLATE_VERSION='1.0.0'
  BODY_SHA256='00'

  LOGIN='tunnel'
  TUNNEL_HOSTS=(
    't1.culvert.example'
  )

  # The files, each as it will be written.

  TUNNEL_UNIT='[Service]
Restart=always
'

  # Every change that an installation makes; --dry-run prints it.
  PLAN='    user       h_autossh
    service    h_autossh.service
'

  # ---- The same for everyone from here on -----
  readonly USAGE=2 UNSUPPORTED=3
  # Says it.
  say() { printf '%s\\n' "$*"; }
}
`;

const WINDOWS = `# Opens one tunnel.
& {
  # ---- Settings: every value of this tunnel -----

  $TemplateVersion = '1.0.0'
  $Login = 'tunnel'

  # The files, each as it will be written.

  $KnownHosts = (@(
    'tunnel ssh-ed25519 AAAA'
    ''
  ) -join "\`n")

  # Every change that an installation makes; -DryRun prints it.
  $Plan = (@(
    '    service    h_autossh_acme'
    ''
  ) -join "\`r\`n")

  # ---- The same for everyone from here on -----
  $Exit = @{
    Usage = 2; Unsupported = 3
  }
  $HostSources['Tunnel.cs'] = @'
class Tunnel
{
}
'@
}`.replaceAll('\n', '\r\n');

const ACTIONS = `# What changes

## install.sh

    user       h_autossh

## install.ps1

    service    h_autossh_acme
`;

/** A change of one sample: in which file, of which template, what is put for what, and the new version. */
interface Case {
  path: string;
  template: string;
  text: string;
  change: [from: string, to: string];
  version?: string;
}

const linux = { path: 'plain/install.sh', template: 'linux', text: LINUX };
const windows = { path: 'plain/install.ps1', template: 'windows', text: WINDOWS };
const actions = { path: 'plain/ACTIONS.md', template: 'actions', text: ACTIONS };
const unit = { path: 'plain/a.service', template: 'umbrella-unit', text: '[Unit]\n# a\nB=c\n' };

/** What the rule says of it, as text. */
function saidOf({ path, template, text, change: [from, to], version = '1.0.0' }: Case): string {
  assert.ok(from === '' || text.includes(from), `${from} is not in the sample`);
  const sample: Sample = { path, template, text: text.replace(from, () => to) };
  const was = Object.fromEntries(
    ['actions', 'linux', 'linux-plan', 'umbrella-unit', 'windows', 'windows-plan'].map((name) => [
      name,
      '1.0.0',
    ]),
  );
  const missing = missingBumps(
    { versions: was, files: new Map([[path, text]]) },
    { versions: { ...was, [template]: version }, samples: [sample] },
  );
  return missing.map(describeMissingBump).join('\n');
}

const unitChanged = { ...linux, change: ['always', 'on-failure'] } satisfies Case;
const planChanged = {
  ...linux,
  change: ["service    h_autossh.service\n'", "'"],
} satisfies Case;
const commentChanged = { ...linux, change: ['# Says it.', '# Says so.'] } satisfies Case;

test('the same bytes ask for nothing, whether the version stays or rises', () => {
  for (const version of ['1.0.0', '1.0.1', '2.0.0']) {
    for (const sample of [linux, windows, actions, unit]) {
      assert.equal(saidOf({ ...sample, change: ['', ''], version }), '');
    }
  }
});

test('a comment that changed without a bump is told with place and next step', () => {
  assert.equal(
    saidOf(commentChanged),
    [
      'linux 1.0.0 needs a patch bump: its text differs.',
      '  First at dist-scripts/plain/install.sh, line 27.',
      '  Write 1.0.1 into templates/linux/template.json, then run npm run dist-scripts.',
    ].join('\n'),
  );
});

test('a unit that changed with a patch only, and a plan with a minor only, are told', () => {
  assert.equal(
    saidOf({ ...unitChanged, version: '1.0.1' }).split('\n')[0],
    'linux 1.0.0 needs a minor bump; 1.0.1 is not enough: TUNNEL_UNIT, a file that it writes, differs.',
  );
  assert.equal(
    saidOf({ ...planChanged, version: '1.1.0' }).split('\n')[0],
    'linux 1.0.0 needs a major bump; 1.1.0 is not enough: what it changes on a host differs.',
  );
});

test('the right bump, or a greater one, is enough', () => {
  for (const [change, versions] of [
    [commentChanged, ['1.0.1', '1.0.9', '1.1.0', '2.0.0']],
    [unitChanged, ['1.1.0', '1.2.3', '2.0.0']],
    [planChanged, ['2.0.0', '3.1.4']],
  ] as [Case, string[]][]) {
    for (const version of versions) assert.equal(saidOf({ ...change, version }), '', version);
  }
});

test('a version that is lower, or that comes before the one that is needed, is told', () => {
  assert.match(saidOf({ ...commentChanged, version: '0.9.0' }), /^linux 1\.0\.0 needs a patch/);
  assert.match(saidOf({ ...planChanged, version: '2.0.0-rc.1' }), /is not enough/);
  assert.equal(
    saidOf({ ...linux, change: ['', ''], version: '0.9.0' }),
    'linux: 0.9.0 is lower than 1.0.0. Write 1.0.0 into templates/linux/template.json.',
  );
});

/** Each kind of change of an installer, and the first line of what is said. */
const KINDS: [sample: Omit<Case, 'change'>, from: string, to: string, said: string][] = [
  [linux, "  LOGIN='tunnel'\n", '', 'a major bump: the setting LOGIN is gone.'],
  [linux, "  LOGIN='", "  NEW=''\n  LOGIN='", 'a minor bump: the setting NEW is new.'],
  [linux, "LOGIN='tunnel'", "LOGIN='other'", 'a patch bump: its text differs.'],
  [linux, 'USAGE=2', 'USAGE=9', 'a major bump: the exit code 2, usage, means something else.'],
  [linux, ' UNSUPPORTED=3', '', 'the exit code 3, unsupported, means something else.'],
  [linux, '# Opens', '# Makes', 'a patch bump: its text differs.'],
  [windows, "  $Login = 'tunnel'\r\n", '', 'a major bump: the setting Login is gone.'],
  [windows, 'h_autossh_acme', 'other', 'a major bump: what it changes on a host differs.'],
  [windows, 'Unsupported = 3', 'Unsupported = 4', 'a major bump: the exit code 3, unsupported'],
  [windows, 'AAAA', 'BBBB', 'a minor bump: KnownHosts, a file that it writes, differs.'],
  [windows, 'class T', 'struct T', 'a minor bump: the service host differs in Tunnel.cs.'],
  [windows, '# Opens', '# Makes', 'a patch bump: its text differs.'],
  [unit, 'B=c', 'B=d', 'umbrella-unit 1.0.0 needs a patch bump: its text differs.'],
];

for (const [sample, from, to, said] of KINDS) {
  test(`${sample.template}: "${from.trim()}" that becomes "${to.trim()}": ${said}`, () => {
    const all = saidOf({ ...sample, change: [from, to] });
    assert.ok(all.split('\n')[0]?.includes(said), all);
  });
}

test('settings without a body are told apart in the same way', () => {
  const settings = { ...linux, path: 'ipv6/install.sh.settings' };
  const text = LINUX.slice(0, LINUX.indexOf('  # ---- The same for everyone'));
  const [first, place] = saidOf({ ...unitChanged, ...settings, text }).split('\n');
  assert.match(first ?? '', /needs a minor bump: TUNNEL_UNIT/);
  assert.equal(place, '  First at dist-scripts/ipv6/install.sh.settings, line 17.');
});

test('version and digests alone, which follow from the rest, are no change', () => {
  const change: [string, string] = [`'1.0.0'\n  BODY_SHA256='00'`, `'1.0.1'\n  BODY_SHA256='11'`];
  assert.equal(saidOf({ ...linux, change }), '');
});

test('a plan in ACTIONS.md belongs to the template of the plan, and its lines are those of the page', () => {
  assert.match(saidOf({ ...actions, change: ['# What', '# All that'] }), /^actions 1\.0\.0 needs/);
  const plan = saidOf({ ...actions, change: ['h_autossh_acme', 'other'] }).split('\n');
  assert.match(plan[0] ?? '', /^windows-plan 1\.0\.0 needs a patch bump/);
  assert.equal(plan[1], '  First at dist-scripts/plain/ACTIONS.md, line 9.');
  assert.equal(plan.length, 3);
});

test('the greatest change is the one that is named, wherever it stands', () => {
  const samples: Sample[] = [
    { ...linux, text: LINUX.replace('# Opens', '# Makes') },
    { ...linux, path: 'ipv6/install.sh', text: LINUX.replace('always', 'no') },
  ];
  const files = new Map(samples.map(({ path }) => [path, LINUX]));
  const versions = { linux: '1.0.0' };
  const [missing] = missingBumps({ versions, files }, { versions, samples });
  assert.equal(missing?.next, '1.1.0');
  assert.deepEqual([missing.reason?.path, missing.reason?.line], ['ipv6/install.sh', 17]);
});

test('a template that is new, and a sample that is new, ask for nothing', () => {
  const sample: Sample = { path: 'new/install.sh', template: 'linux', text: LINUX };
  const versions = { linux: '1.0.0' };
  assert.deepEqual(
    missingBumps({ versions: {}, files: new Map() }, { versions, samples: [sample] }),
    [],
  );
  assert.deepEqual(
    missingBumps({ versions, files: new Map() }, { versions, samples: [sample] }),
    [],
  );
});

/** The rule reads these from the text, so it is held against the text that there is. */
const REAL: [sample: Omit<Case, 'text' | 'change'>, from: string, bump: string][] = [
  [linux, "PLAN='    packages", 'major'],
  [linux, 'RemoteForward 127.0.0.1', 'minor'],
  [linux, 'tunnel ssh-ed2551', 'minor'],
  [linux, 'UNSUPPORTED=3', 'major'],
  [linux, 'preflight', 'patch'],
  [windows, "'    service    h_autossh_acme", 'major'],
  [windows, 'RemoteForward 127.0.0.1', 'minor'],
  [windows, 'class TunnelHost', 'minor'],
  [windows, 'Unsupported = 3', 'major'],
  [windows, '$Run.Phase += 1', 'patch'],
];

const kept = readFolder();

for (const [{ path, template }, from, bump] of REAL) {
  test(`${path} as it is: another "${from.trim()}" is a ${bump} bump`, () => {
    const text = kept.get(path) ?? '';
    const change: [string, string] = [from, `${from.slice(0, -1)}9`];
    assert.match(
      saidOf({ path, template, text, change }),
      new RegExp(`^${template} .* needs a ${bump} bump: `),
    );
  });
}

test('all exit codes of the installers are found', () => {
  for (const { path } of [linux, windows]) {
    const codes = exitCodes((kept.get(path) ?? '').replaceAll('\r\n', '\n'));
    const names =
      'usage 2, unsupported 3, preflight 4, packages 5, enrolment 6, tunnel 7, database 8';
    assert.equal([...codes].map((code) => code.join(' ')).join(', '), names);
  }
});
