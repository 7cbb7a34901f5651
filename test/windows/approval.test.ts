import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newId } from '../../src/domain/id.ts';
import { type ArtifactStatement, formatStatement } from '../../src/domain/statement.ts';
import { loadCatalogue, renderInstaller } from '../../src/render/index.ts';
import { startControlPlane } from '../server/support/control-plane.ts';
import {
  appoint,
  approval,
  decisionText,
  handIn,
  makeReviewer,
  type Reviewer,
} from '../server/support/reviewers.ts';
import { setScene } from '../server/support/scene.ts';
import { freePort } from '../support/free-port.ts';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';
import { SAMPLE } from '../support/sample-input.ts';
import { signByStock } from '../support/stock-signatures.ts';
import { lineWith, signedBy } from './support/reviewer.ts';
import { runCases } from './support/script-functions.ts';
import { WindowsHost } from './support/windows-host.ts';

/** What an upgrade lets run where reviewers are pinned; every signature is by the real ssh-keygen. */
const host = new WindowsHost();
const answers = new Map<string, { status: number; text: string }>();
const vendor = createServer(({ url = '' }, answered) => {
  const [, digest = ''] =
    /^\/t\/tun_0{26}\/v1\/statements\?artifact=([0-9a-f]{64})$/.exec(url) ?? [];
  const { status, text } = answers.get(digest) ?? { status: 404, text: '' };
  answered.writeHead(status, { 'content-type': 'text/plain' }).end(text);
});
vendor.listen(0, '127.0.0.1');
await once(vendor, 'listening');
after(() => {
  host.remove();
  vendor.close();
});

const [maria, jan, eve] = ['maria', 'jan', 'eve'].map((name) => makeReviewer(name)) as [
  Reviewer,
  Reviewer,
  Reviewer,
];
const marias2nd = makeReviewer('maria');
const expired = makeReviewer('wim', ',valid-before="20250101"');
const LINES = [maria, marias2nd, jan, expired].map(({ line }) => line);
const pin = (approvals: number, lines = LINES) => `# approvals=${approvals}\n${lines.join('')}`;

const DAY = 86_400;
const now = Math.floor(Date.now() / 1000);

interface Case {
  what: string;
  /** What the vendor answers about the installer with this digest. */
  answer: (digest: string) => string;
  status?: number;
  /** How many must approve, or the whole pin; null: there is none any more. */
  pin?: number | string | null;
  /** The serial that this host has seen before. */
  seen?: string;
  is: RegExp | 'approved';
  /** The serial that it keeps. */
  keeps?: string;
}

function says(digest: string, values: Partial<ArtifactStatement> = {}): string {
  return formatStatement({
    account: 'globex',
    artifacts: [digest],
    decision: 'approve',
    not_after: now + DAY,
    previous: null,
    serial: 3,
    tunnel: SAMPLE.tunnel.id,
    v: 1,
    vendor: 'acme',
    ...values,
  });
}

const whole = (...statements: string[]) => `${statements.join('')}end=1\n`;
/** An answer of one statement that one reviewer has signed. */
const by =
  (reviewer: Reviewer, values: Partial<ArtifactStatement> = {}) =>
  (digest: string) =>
    whole(signedBy(says(digest, values), reviewer));
/** The same, with something changed after it was signed. */
const changed =
  (from: string | RegExp, to: string) =>
  (digest: string): string =>
    by(maria)(digest).replace(from, to);

const NOBODY = /^Nobody has signed this installer\./;
const STRANGER = /^This installer is signed, but by no key that is pinned here and still valid\./;
const OTHER = /^The approval of this installer is for another tunnel\./;
const ELSE = /^What came as statements of the reviewers holds something else\./;
const CUT = /^The statements of the reviewers did not come: the answer .* was cut on its way\./;
const LOST = /^This host pins reviewers, but .*reviewers\.pin /;

const before = 'a'.repeat(64);
const cases: Case[] = [
  { what: 'approved', answer: by(maria), is: 'approved', keeps: '3\n' },
  { what: 'approved with the second key', answer: by(marias2nd), is: 'approved', keeps: '3\n' },
  {
    what: 'among other digests, behind another statement',
    answer: (digest) => by(maria, { artifacts: [before, digest].sort(), previous: before })(digest),
    is: 'approved',
    keeps: '3\n',
  },
  {
    what: 'a stranger’s signature beside a good one',
    answer: (digest) => whole(signedBy(says(digest), eve, maria)),
    is: 'approved',
    keeps: '3\n',
  },
  {
    what: 'two persons',
    answer: (digest) => whole(signedBy(says(digest), jan, maria)),
    pin: 2,
    is: 'approved',
    keeps: '3\n',
  },
  {
    what: 'the serial that was seen last counts on',
    answer: by(maria),
    seen: '3\n',
    is: 'approved',
    keeps: '3\n',
  },
  {
    what: 'of two approvals the higher serial is kept',
    answer: (digest) =>
      whole(signedBy(says(digest), maria), signedBy(says(digest, { serial: 12 }), maria)),
    seen: '9\n',
    is: 'approved',
    keeps: '12\n',
  },
  {
    what: 'a stranger’s withdrawal changes nothing',
    answer: (digest) =>
      whole(
        signedBy(says(digest), maria),
        signedBy(says(digest, { serial: 4, decision: 'withdraw' }), eve),
      ),
    is: 'approved',
    keeps: '3\n',
  },
  {
    what: 'one valid approval is enough, though a later one has too few persons',
    answer: (digest) =>
      whole(signedBy(says(digest), maria, jan), signedBy(says(digest, { serial: 4 }), maria)),
    pin: 2,
    is: 'approved',
    keeps: '3\n',
  },
  { what: 'an answer without statements', answer: () => whole(), is: NOBODY },
  { what: 'unsigned', answer: (digest) => whole(says(digest)), is: NOBODY },
  { what: 'about other bytes', answer: () => by(maria)('b'.repeat(64)), is: NOBODY },
  { what: 'tampered: the serial', answer: changed('"serial":3', '"serial":4'), is: STRANGER },
  {
    what: 'tampered: the decision',
    answer: (digest) => by(maria, { decision: 'refuse' })(digest).replace('"refuse"', '"approve"'),
    is: STRANGER,
  },
  {
    what: 'tampered: the bytes',
    answer: (digest) => by(maria)(before).replace(before, digest),
    is: STRANGER,
  },
  {
    what: 'tampered: the signature',
    answer: (digest) => {
      const answer = by(maria)(digest);
      const at = answer.indexOf('-----END') - 20;
      const letter = answer[at] === 'A' ? 'B' : 'A';
      return answer.slice(0, at) + letter + answer.slice(at + 1);
    },
    is: STRANGER,
  },
  {
    what: 'a signature of no key at all',
    answer: (digest) =>
      whole(says(digest), '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n'),
    is: STRANGER,
  },
  { what: 'a stranger’s', answer: by(eve), is: STRANGER },
  {
    what: 'a stranger who bears a reviewer’s name',
    answer: by({ ...eve, name: 'maria' }),
    is: STRANGER,
  },
  { what: 'an expired reviewer’s', answer: by(expired), is: STRANGER },
  {
    what: 'signed for another purpose',
    answer: (digest) =>
      whole(says(digest), signByStock(maria.key, 'culvert-artifact-v1', says(digest))),
    is: STRANGER,
  },
  { what: 'another tunnel’s', answer: by(maria, { tunnel: newId('tun') }), is: OTHER },
  { what: 'another vendor’s', answer: by(maria, { vendor: 'other' }), is: OTHER },
  {
    what: 'too few persons',
    answer: by(maria),
    pin: 2,
    is: /^Of the 2 persons who have to approve this installer, 1 did\./,
  },
  {
    what: 'two keys of one person count once',
    answer: (digest) => whole(signedBy(says(digest), maria, marias2nd)),
    pin: 2,
    is: /^Of the 2 persons who have to approve this installer, 1 did\./,
  },
  {
    what: 'one person twice',
    answer: (digest) => whole(signedBy(says(digest), maria, maria)),
    pin: 2,
    is: /^Of the 2 persons who have to approve this installer, 1 did\./,
  },
  {
    what: 'one person in each of two statements',
    answer: (digest) =>
      whole(signedBy(says(digest), maria), signedBy(says(digest, { serial: 4 }), jan)),
    pin: 2,
    is: /^Of the 2 persons who have to approve this installer, 1 did\./,
  },
  {
    what: 'refused',
    answer: by(maria, { decision: 'refuse' }),
    pin: 2,
    is: /^The reviewers have refused this installer\./,
    keeps: '3\n',
  },
  {
    what: 'withdrawn; one person is enough for it',
    answer: (digest) =>
      whole(
        signedBy(says(digest), maria, jan),
        signedBy(says(digest, { serial: 4, decision: 'withdraw' }), jan),
      ),
    pin: 2,
    is: /^The reviewers have withdrawn their approval of this installer\./,
    keeps: '4\n',
  },
  {
    what: 'withdrawn, in another order',
    answer: (digest) =>
      whole(
        signedBy(says(digest, { serial: 4, decision: 'withdraw' }), jan),
        signedBy(says(digest), maria),
      ),
    is: /^The reviewers have withdrawn/,
    keeps: '4\n',
  },
  {
    what: 'yes and no with one serial',
    answer: (digest) =>
      whole(signedBy(says(digest), maria), signedBy(says(digest, { decision: 'refuse' }), jan)),
    is: /^The reviewers have refused/,
    keeps: '3\n',
  },
  {
    what: 'an approval that has ended',
    answer: by(maria, { not_after: now - DAY }),
    is: /^The approval of this installer ended on \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\./,
    keeps: '3\n',
  },
  {
    what: 'a lower serial',
    answer: by(maria),
    seen: '4\n',
    is: /^The approval of this installer is older than what was seen here before: 3, not 4\./,
    keeps: '4\n',
  },
  {
    what: 'a lower serial, of more digits before',
    answer: by(maria),
    seen: '10\n',
    is: /^The approval of this installer is older .*: 3, not 10\./,
    keeps: '10\n',
  },
  {
    what: 'a serial that was damaged',
    answer: by(maria),
    seen: '4',
    is: /does not hold the serial/,
  },
  {
    what: 'a serial that was emptied',
    answer: by(maria),
    seen: '',
    is: /does not hold the serial/,
  },
  { what: 'no end', answer: (digest) => signedBy(says(digest), maria), is: CUT },
  { what: 'half an end', answer: (digest) => by(maria)(digest).slice(0, -1), is: CUT },
  { what: 'nothing at all', answer: () => '', is: CUT },
  { what: 'something behind the end', answer: (digest) => `${by(maria)(digest)}\n`, is: CUT },
  { what: 'two ends', answer: (digest) => `end=1\n${by(maria)(digest)}`, is: ELSE },
  { what: 'a line before', answer: (digest) => `hello\n${by(maria)(digest)}`, is: ELSE },
  {
    what: 'a signature before',
    answer: (digest) =>
      whole(signedBy(says(digest), maria).slice(says(digest).length), says(digest)),
    is: ELSE,
  },
  { what: 'extra fields', answer: changed('"v":1', '"note":"x","v":1'), is: ELSE },
  {
    what: 'extra fields, signed',
    answer: (digest) => whole(signedBy(says(digest).replace('"v":1', '"note":"x","v":1'), maria)),
    is: ELSE,
  },
  {
    what: 'a decision twice, signed',
    answer: (digest) =>
      whole(
        signedBy(says(digest).replace('"not_after"', '"decision":"refuse","not_after"'), maria),
      ),
    is: ELSE,
  },
  { what: 'another version', answer: changed('"v":1', '"v":2'), is: ELSE },
  { what: 'another decision', answer: changed('"approve"', '"Approve"'), is: ELSE },
  { what: 'a serial of 0', answer: changed('"serial":3', '"serial":0'), is: ELSE },
  { what: 'a serial of 3.0', answer: changed('"serial":3', '"serial":3.0'), is: ELSE },
  { what: 'a blank', answer: changed('"serial":3', '"serial": 3'), is: ELSE },
  { what: 'ends as Windows writes them', answer: changed('}\n', '}\r\n'), is: ELSE },
  { what: 'a byte order mark', answer: (digest) => `\ufeff${by(maria)(digest)}`, is: ELSE },
  {
    what: 'no digest',
    answer: (digest) => whole(signedBy(says(digest, { artifacts: [] }), maria)),
    is: ELSE,
  },
  {
    what: 'a portal',
    answer: () => '<html>\nend=1\n',
    is: ELSE,
  },
  {
    what: 'an error of the control plane',
    answer: () => 'end=1\n',
    status: 503,
    is: /^The statements of the reviewers did not come: .* HTTP status 503\./,
  },
  {
    what: 'the pin is as long as a file may be, and a line longer',
    answer: by(maria),
    pin: pin(1, [maria.line, `#${'x'.repeat(65_534 - maria.line.length)}\n`]),
    is: 'approved',
    keeps: '3\n',
  },
  { what: 'the pin is gone', answer: by(maria), pin: null, is: LOST },
  { what: 'the pin is empty', answer: by(maria), pin: '', is: LOST },
  { what: 'the pin names nobody', answer: by(maria), pin: pin(1, []), is: LOST },
  { what: 'the pin is cut', answer: by(maria), pin: pin(1).slice(0, 60), is: LOST },
  { what: 'the pin asks for nobody', answer: by(maria), pin: pin(0), is: LOST },
  { what: 'the pin asks for too many', answer: by(maria), pin: pin(9), is: LOST },
  { what: 'the pin has lost its number', answer: by(maria), pin: maria.line, is: LOST },
  {
    what: 'the pin has a pattern',
    answer: by(maria),
    pin: pin(1, [lineWith({ ...maria, name: '*' }, 'namespaces="culvert-approval-v1"')]),
    is: LOST,
  },
];

/** Asks about one installer, with this pin and serial. */
const EXAMINE = `
    Remove-Quietly $Paths.Pin
    Remove-Quietly $Paths.Serial
    if ($null -ne $case.pin) { [IO.File]::WriteAllText($Paths.Pin, $case.pin) }
    if ($null -ne $case.seen) { [IO.File]::WriteAllText($Paths.Serial, $case.seen) }
    $said = 'approved'
    try { Assert-Approved $case.installer } catch {
      $said = $_.Exception.Message
      if ($_.Exception.Data['Code'] -ne 4) { $said = "not refused, but failed: $_" }
    }
    @{ said = $said; keeps = (Read-Text $Paths.Serial) }`;

interface Result {
  said: string;
  keeps: string;
}

test('an upgrade on a pinned host runs what the reviewers approve, and nothing else', async (t) => {
  if (!(await findPowerShell())) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const asked = cases.map(({ answer, status = 200, pin: pinned = 1, seen }, index) => {
    const installer = join(host.folder, `installer-${index}`);
    // Bytes that no decoding and encoding would leave as they are.
    const bytes = Buffer.from([...Buffer.from(`installer ${index}\r\n`), 0xff, 0xfe, 0x80]);
    writeFileSync(installer, bytes);
    const digest = createHash('sha256').update(bytes).digest('hex');
    answers.set(digest, { status, text: answer(digest) });
    return {
      installer,
      pin: typeof pinned === 'number' ? pin(pinned) : pinned,
      seen: seen ?? null,
    };
  });
  const publicUrl = `http://localhost:${(vendor.address() as AddressInfo).port}`;
  const results = await runCases<Result>(
    host,
    renderInstaller(loadCatalogue(), 'windows', { ...SAMPLE, public_url: publicUrl }).bytes,
    EXAMINE,
    asked,
  );
  assert.equal(results.length, cases.length);
  for (const [index, { what, is, seen = '', keeps = seen }] of cases.entries()) {
    const { said, keeps: kept } = results[index] ?? { said: '', keeps: '' };
    if (typeof is === 'string') assert.equal(said, is, what);
    else assert.match(said, is, what);
    assert.equal(kept, keeps, `${what}: the serial`);
  }
});

test('what the control plane says of a bundle is understood', async (t) => {
  if (!(await findPowerShell())) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const port = await freePort();
  await using plane = await startControlPlane({
    settings: { publicUrl: `http://localhost:${port}` },
  });
  const scene = await setScene(plane);
  await appoint(plane, scene, [maria, jan], { approvals: 2 });
  const { waiting } = await approval(plane, scene.tunnel);
  await plane.app.listen({ host: '127.0.0.1', port });
  const text = await decisionText(plane, scene.tunnel, waiting);
  for (const reviewer of [maria, jan]) {
    const answer = await handIn(plane, scene.tunnel, signedBy(text, reviewer));
    assert.equal(answer.statusCode, 200, answer.body);
  }
  const served = await plane.app.inject(`/t/${scene.tunnel}/install.ps1`);
  const installer = join(host.folder, 'install.ps1');
  writeFileSync(installer, served.rawPayload);
  const ask = () =>
    runCases<Result>(host, served.rawPayload, EXAMINE, [{ installer, pin: pin(2), seen: null }]);
  assert.deepEqual(await ask(), [{ said: 'approved', keeps: '1\n' }]);
  const withdrawal = await decisionText(plane, scene.tunnel, waiting, '?decision=withdraw');
  const answer = await handIn(plane, scene.tunnel, signedBy(withdrawal, jan));
  assert.equal(answer.statusCode, 200, answer.body);
  const [after] = await ask();
  assert.match(after?.said ?? '', /^The reviewers have withdrawn their approval/);
  assert.equal(after?.keeps, '2\n');
});
