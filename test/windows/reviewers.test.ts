import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadCatalogue, renderInstaller } from '../../src/render/index.ts';
import { makeReviewer } from '../server/support/reviewers.ts';
import { makeKey } from '../server/support/ssh-keys.ts';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';
import { SAMPLE } from '../support/sample-input.ts';
import { lineWith } from './support/reviewer.ts';
import { runCases } from './support/script-functions.ts';
import { WindowsHost } from './support/windows-host.ts';

/** Which files -Reviewers takes: more strictly than ssh-keygen, so that a person is one person. */
const host = new WindowsHost();
after(() => host.remove());

const [maria, jan] = [makeReviewer('maria@globex.example'), makeReviewer('jan')];
const line = maria.line.trimEnd();
const withOptions = (options: string) => lineWith(maria, options);
const keyOf = (...options: string[]) => ({ ...maria, key: makeKey(options) });
const ours = 'namespaces="culvert-approval-v1"';
const needs = (count: number, ...persons: string[]) =>
  `an upgrade needs ${count} of these to approve it: ${persons.join(', ')}`;

interface Case {
  what: string;
  text: string | Buffer;
  approvals?: string;
  /** What is pinned, or how the finding begins. */
  is: string | RegExp;
}

const literal = /line 1 has to name one person literally/;
const options = /line 1 has to say namespaces="culvert-approval-v1"/;
const cases: Case[] = [
  { what: 'one person', text: `${line}\n`, is: needs(1, maria.name) },
  { what: 'no line end', text: line, is: needs(1, maria.name) },
  {
    what: 'comments, blanks, ends as Windows writes them, and a comment behind the key',
    text: `# ours\r\n\r\n \t\r\n  ${line} her laptop\r\n\t# more\r\n${jan.line}\r\n`,
    approvals: '2',
    is: needs(2, maria.name, 'jan'),
  },
  {
    what: 'UTF-16, as Windows PowerShell 5.1 writes with >',
    text: Buffer.from(`\ufeff${line}\r\n`, 'utf16le'),
    is: needs(1, maria.name),
  },
  {
    what: 'times',
    text: withOptions(`valid-after="20250101",${ours},valid-before="20990101120000Z"`),
    is: needs(1, maria.name),
  },
  {
    what: 'two keys of one person, of other kinds',
    text: [line, lineWith(keyOf('-t', 'ecdsa'), ours), lineWith(keyOf('-t', 'rsa'), ours)].join(
      '\n',
    ),
    is: needs(1, maria.name),
  },
  {
    what: 'persons who differ by a capital are two',
    text: `${jan.line}\n${makeReviewer('Jan').line}`,
    approvals: '2',
    is: needs(2, 'jan', 'Jan'),
  },
  {
    what: 'two keys of one person are not two persons',
    text: `${line}\n${makeReviewer(maria.name).line}`,
    approvals: '2',
    is: /^-Approvals: 2 are more than the persons of that file/,
  },
  {
    what: 'one key of two persons',
    text: `${line}\n${lineWith({ ...maria, name: 'jan' }, ours)}`,
    is: /line 2 has the key of another person/,
  },
  { what: 'nobody', text: '# nobody yet\n\n', is: /names nobody/ },
  { what: 'nothing', text: '', is: /names nobody/ },
  { what: 'a pattern', text: line.replace('maria', '*'), is: literal },
  { what: 'a pattern of one letter', text: line.replace('maria', 'mari?'), is: literal },
  { what: 'two principals', text: line.replace('maria', 'jan,maria'), is: literal },
  { what: 'not somebody', text: `!${line}`, is: literal },
  {
    what: 'a quoted principal',
    text: line.replace('maria@globex.example', '"maria"'),
    is: literal,
  },
  { what: 'an option of ssh-keygen', text: `-${line}`, is: literal },
  { what: 'a letter of elsewhere', text: line.replace('maria', 'mariа'), is: literal },
  { what: 'no options', text: lineWith(maria, ''), is: /line 1 / },
  { what: 'another namespace', text: withOptions('namespaces="git"'), is: options },
  {
    what: 'one more namespace',
    text: withOptions('namespaces="culvert-approval-v1,git"'),
    is: options,
  },
  { what: 'any namespace', text: withOptions('namespaces="culvert-*"'), is: options },
  { what: 'a namespace twice', text: withOptions(`${ours},${ours}`), is: options },
  { what: 'only a time', text: withOptions('valid-before="20990101"'), is: options },
  {
    what: 'a time twice',
    text: withOptions(`${ours},${Array(2).fill('valid-before="20990101"')}`),
    is: options,
  },
  { what: 'no time', text: withOptions(`${ours},valid-before="soon"`), is: options },
  { what: 'an authority', text: withOptions(`cert-authority,${ours}`), is: options },
  { what: 'an unknown option', text: withOptions(`${ours},verify-required=""`), is: options },
  { what: 'no key', text: `maria ${ours}`, is: /line 1 is not of the form/ },
  { what: 'half a key', text: `maria ${ours} ssh-ed25519`, is: /line 1 is not of the form/ },
  { what: 'no base64', text: `maria ${ours} ssh-ed25519 AAAA*`, is: /line 1 has no public key/ },
  { what: 'a key of no kind', text: `maria ${ours} rsa1 AAAAB3Nz`, is: /line 1 has no public key/ },
  {
    what: 'a key that was cut',
    text: line.slice(0, -12),
    is: /^-Reviewers: ssh-keygen cannot read one of these keys/,
  },
  { what: 'a later line', text: `${line}\n# x\nx\n`, is: /line 3 is not of the form/ },
  {
    what: 'more than 64 KiB',
    text: `${line}\n#${'x'.repeat(65_536)}\n`,
    is: /cannot be read: it is larger than 64 KiB/,
  },
];

test('-Reviewers takes persons with keys, and says what is wrong with anything else', async (t) => {
  if (!(await findPowerShell())) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const asked = cases.map(({ text, approvals = '' }, index) => {
    const file = join(host.folder, `reviewers-${index}`);
    writeFileSync(file, text);
    return { file, approvals };
  });
  asked.push({ file: join(host.folder, 'missing'), approvals: '' });
  asked.push({ file: host.folder, approvals: '' });
  const answers = await runCases<{ pinned: string; findings: string[] }>(
    host,
    renderInstaller(loadCatalogue(), 'windows', SAMPLE).bytes,
    `
    $Given.Reviewers = $case.file
    $Given.Approvals = $case.approvals
    $Run.Findings.Clear()
    $Run.Pin = $null
    Test-Reviewer
    $said = ''
    if ($Run.Pin) { $said = Get-PinText $Run.Pin }
    @{ pinned = $said; findings = @($Run.Findings) }`,
    asked,
  );
  for (const unreadable of answers.splice(cases.length)) {
    assert.match(unreadable.findings[0] ?? '', /^-Reviewers: .* cannot be read: /);
  }
  for (const [index, { what, is }] of cases.entries()) {
    const { pinned, findings } = answers[index] ?? { pinned: '', findings: [] };
    if (typeof is === 'string') assert.deepEqual([pinned, findings], [is, []], what);
    else {
      assert.equal(findings.length, 1, `${what}: ${pinned}${findings}`);
      assert.match(findings[0] ?? '', is, what);
    }
  }
});
