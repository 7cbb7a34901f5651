import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeSections, list, type Message, unique } from './messages-page.ts';
import { type PowerShellCommand, textOf } from './powershell-source.ts';
import {
  type PowerShellFile,
  powershellFile,
  windowsExitCodes,
  windowsParts,
  windowsPaths,
} from './template-powershell.ts';

/**
 * docs/windows-messages.md, made of the PowerShell source itself: `npm run docs` writes it, and a
 * test holds it against the templates.
 */
export const WINDOWS_MESSAGES_PAGE = join(import.meta.dirname, '../../docs/windows-messages.md');

/** Functions that say something: the name of the exit code, and which words say what and what next. */
interface Speaker {
  code?: string;
  what: number;
  next?: number | string;
  /** It makes a sentence of what it is given. */
  isSentence?: true;
}

const INSTALLER: Record<string, Speaker> = {
  fail: { what: 0, next: 1 },
  wrong: { code: 'Usage', what: 0, next: 'See: Get-Help .\\install.ps1 -Full' },
  unsupported: { code: 'Unsupported', what: 0, next: 1, isSentence: true },
  finding: { code: 'Preflight', what: 0, next: 1 },
  owed: { code: 'Preflight', what: 0, next: 1 },
  refuse: { code: 'Preflight', what: 0, next: 1, isSentence: true },
};
const WARNINGS: Record<string, Speaker> = { warn: { what: 0 } };
const DOCTOR: Record<string, Speaker> = {
  breaks: { what: 1, next: 2 },
  stops: { what: 1, next: 2 },
};
const DISPATCHER: Record<string, Speaker> = { 'Stop-Here': { code: 'Usage', what: 0, next: 1 } };

/** Every function that says something wrong. */
export const WINDOWS_SPEAKERS = [INSTALLER, WARNINGS, DOCTOR, DISPATCHER].flatMap(Object.keys);

/** What they hand on stands where they are called; and what the checks found, where it is found. */
const HANDS_ON = [...WINDOWS_SPEAKERS, 'Stop-OnFinding'];

/**
 * What stands for a value that only a run knows, where the name of its variable does not say it; a
 * name of a function before it means in that one alone.
 */
const VALUES: Record<string, string> = {
  '$(ConvertTo-Printable $Rest[0])': '<word>',
  "$($chosen -join ' and -')": '<parameters>',
  $chosen: '<parameter>',
  '$($Run.Mode)': '<command>',
  "$($With -join ', ')": '<commands>',
  $Name: '<parameter>',
  'Remove-VendorService $Name': 'h_autossh_<vendor>',
  $Digest: '<parameter>Sha256',
  'Test-Pair $File': '<parameter>',
  'Test-Pair ${File}': '<parameter>',
  '$(ConvertTo-Printable $Given[$File])': '<file>',
  '$(ConvertTo-Printable $Given.TokenFile)': '<file>',
  '$(ConvertTo-Printable $Given.CaFile)': '<file>',
  '$($PSVersionTable.PSVersion)': '<version>',
  $build: '<number>',
  $root: '<disk>',
  '$($Run.AnswerProblem)': '<reason>',
  '$($got.Problem)': '<reason>',
  '$(Get-Refusal $reason)': '<what it has against this host>',
  'Get-WayIn $reason': '<what its administrator does about that>',
  'Get-WayIn (Get-Answer reason)': '<what its administrator does about that>',
  '$(Get-Answer detail)': '<what the vendor says>',
  $detail: '<what the vendor says>',
  'Get-Answer next': '<what the vendor advises>',
  'Send-Enrolment $next': '<what the vendor advises>',
  'Test-HostProgram $next': '<what to do, as that step says>',
  '$(Get-Answer session_key)': '<key>',
  $skew: '<number>',
  '$(ConvertTo-Printable $Given.Reviewers)': '<file>',
  '$($asked.Problem)': '<what is wrong, with the number of its line>',
  '$($asked.Approvals)': '<number>',
  '$($asked.Persons.Count)': '<number>',
  '$($Run.Capability)': '<name of the OpenSSH client>',
  '$($pin.Problem)': '<what is wrong>',
  '$($one.Serial)': '<number>',
  $seen: '<number>',
  'Assert-Approved $what': '<refused this installer, or withdrawn their approval of it>',
  "$($one.Signers -join ', ')": '<persons>',
  '$(Format-Moment $one.End)': '<time>',
  '$($Pin.Approvals)': '<number>',
  $most: '<number>',
  'Find-Decision $Digest': '<digest>',
  'Get-Statement $why': '<reason>',
  'Update-Tunnel $why': '<reason>',
  '$(ConvertTo-Printable $got.Refusal)': '<code>',
  $name: 'h_autossh_<vendor>',
  $Instance: '<vendor>_<tunnel>',
  $heldSlot: '<slot>',
  $owner: '<id>/<slot>',
  $why: '<why Windows could not add OpenSSH, with the number of its error>',
  $compiler: '<path of csc.exe>',
  '$(ConvertTo-Printable $made.Output)': '<what the compiler said>',
  '$(ConvertTo-Printable (Get-Deepest $_.Exception).Message)': '<what Windows said>',
  '$(ConvertTo-Printable $_.Exception.Message)': '<what Windows said>',
  '$(ConvertTo-Printable ($said.Errors + $said.Output))': '<what it said>',
  '$(ConvertTo-Printable $made.Errors)': '<what it said>',
  '$($attempt.Name)': '<tunnel server>',
  "($reasons | Select-Object -Unique) -join '; '": '<reason of each way>',
  $list: '<reason of each way>',
  $place: '<database>',
  $DatabaseHost: '<database host>',
  $DatabasePort: '<database port>',
  $PublicUrl: '<control plane>',
  $VendorName: '<vendor>',
  $Fingerprint: '<fingerprint>',
  '$($Run.Fingerprint)': '<fingerprint>',
  '$(Get-DatabaseState)': '<as the vendor last saw it>',
  $words: 'the database <as the vendor last saw it>',
  $again: 'run this again later, without a token.',
  '$($found.State)': '<state>',
  "$($lost -join ', ')": '<host>',
  '$($lost[0])': '<host>',
  '$(Get-LastWord $Said)': '<what ssh said>',
  $shown: '<key>',
  'Test-ForwardHop $port': 'port <number> of the tunnel server',
  $reason: '<why ssh ended: see the last part of this page>',
  '$found.What': '<what the check of the database found>',
  '$found.Next': '<what to do, as that check says>',
  '$Run.ViewProblem.What': '<what the check of the control plane found>',
  '$Run.ViewProblem.Next': '<what to do, as that check says>',
  $self: 'h_autossh.ps1',
  $names: '<tunnels>',
  $Command: '<command>',
};

const paths = windowsPaths();

/** All that the installer, its command and the service host say when something is wrong. */
export async function readWindowsMessages() {
  const parts = await windowsParts();
  const dispatcher = await powershellFile('windows-dispatcher/dispatcher.ps1');
  const all = (speakers: Record<string, Speaker>) =>
    unique(parts.flatMap((part) => messagesOf(part, speakers, parts)));
  return {
    ending: unique([...all(INSTALLER), ...messagesOf(dispatcher, DISPATCHER, [])]),
    warnings: all(WARNINGS),
    doctor: all(DOCTOR),
    ssh: reasonsOfSsh(),
  };
}

function messagesOf(
  { name: file, commands }: PowerShellFile,
  speakers: Record<string, Speaker>,
  parts: readonly PowerShellFile[],
): Message[] {
  const constants = new Map(parts.flatMap((part) => [...part.constants]));
  const codes = windowsExitCodes();
  const messages: Message[] = [];
  for (const command of commands) {
    const speaker = speakers[command.name];
    if (speaker === undefined || HANDS_ON.includes(command.function)) continue;
    const inWords = (position: number) => {
      const word = command.words[position];
      if (!word) throw new Error(`${file}, ${command.function}: a word is missing.`);
      return textOf(word, (source) => constants.get(source) ?? placeholder(file, command, source));
    };
    const isEnd = speaker.code !== undefined || command.name === 'fail';
    const name =
      speaker.code ?? command.parameters.get('Code')?.text.replace(/^\$Exit\./, '') ?? '';
    const code = codes.get(name);
    if (isEnd && code === undefined) throw new Error(`${file}: there is no exit code ${name}.`);
    const { next, isSentence } = speaker;
    const what = inWords(speaker.what);
    messages.push({
      ...(code === undefined ? {} : { code }),
      what: isSentence ? `${what.charAt(0).toUpperCase()}${what.slice(1)}.` : what,
      next: typeof next === 'number' ? [inWords(next)] : next ? [next] : [],
    });
  }
  return messages;
}

function placeholder(file: string, command: PowerShellCommand, written: string): string {
  const source = written.replaceAll(/\(\s+/g, '(');
  const variable = source.replace(/^\$\{(\w+)\}$/, '$$$1');
  const value =
    VALUES[`${command.function} ${source}`] ??
    VALUES[source] ??
    VALUES[variable] ??
    paths.get(/^\$\(\$([\w.]+)\)$/.exec(source)?.[1] ?? '');
  if (value !== undefined) return value;
  const [, own] = /^\$\(Get-OwnCommand ([\w-]+)\)$/.exec(source) ?? [];
  if (own !== undefined) return `h_autossh.ps1 ${own} <vendor>_<tunnel>`;
  const [, name] = /^\$(\w+)$/.exec(variable) ?? [];
  if (name !== undefined) return `<${name.toLowerCase()}>`;
  throw new Error(`${file}, ${command.function}: say in VALUES what ${source} is.`);
}

/** What the service host says of an ssh that ended, and by which of ssh's words it knows. */
function reasonsOfSsh(): Message[] {
  const file = join(import.meta.dirname, '../../templates/windows/host/SshReason.cs');
  const source = readFileSync(file, 'utf8');
  const texts = (code: string) =>
    [...code.replaceAll(/"\s*\+\s*"/g, '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(
      ([, text = '']) => text,
    );
  const [closedAtOnce = ''] = texts(/ClosedAtOnce =(.*?);/s.exec(source)?.[1] ?? '');
  return [...source.matchAll(/new Known\(\s*(.*?)\)(?:,\n|\s*\})/gs)].map(([, code = '']) => {
    const [words = '', ...signs] = texts(code.replace('ClosedAtOnce', `"${closedAtOnce}"`));
    return { what: signs.map((sign) => sign.trim()).join('`, `'), next: [words] };
  });
}

const TITLES: Record<number, string> = {
  2: 'wrong usage',
  3: 'this host is not supported',
  4: 'something needed is missing or cannot be reached',
  5: 'OpenSSH, folders or key',
  6: 'enrolment',
  7: 'the tunnel',
  8: 'the database',
};

/** What stands before the messages of a code. */
const NOTES: Record<number, string> = {
  3: 'In constrained language mode a warning says so, and what to do; it ends with 3, too.',
  4: 'Nothing was changed. The checks list all that they find at once; a refused token alone ends with 6. With\n`-DeferDatabase`, the lines about a database that cannot be reached are notes, and the run goes on.',
  6: 'Where an address has no installer, because it is unknown or was withdrawn, a script comes that says so, and\nends with 6.',
};

/** The text of the page. */
export async function renderWindowsMessagesPage(): Promise<string> {
  const { ending, warnings, doctor, ssh } = await readWindowsMessages();
  return `${[
    '# Messages of the Windows installer',
    `Every message about something wrong, and what to do next. This page is made of the script by
\`npm run docs\`, and a test holds it against it. What stands in \`<…>\` depends on the run. Errors and
warnings go to stderr. Exit codes: [windows.md](windows.md#exit-codes).`,
    ...codeSections(ending, TITLES, NOTES),
    '## Warnings',
    'The run goes on, and its exit code does not change.',
    list(warnings),
    '## What `doctor` says of a hop that is broken',
    'It ends with 4 if the hop is the control plane, 8 if it is the database, 7 for all others.',
    list(doctor),
    '## Why ssh ended',
    `In the service's log, in \`status\` and in the event log; each stands below the words of ssh that mean it.
The first that fits counts. What begins with \`connect:\` is said by the service host itself, much as by the
program \`connect\` on Linux: [installer-messages.md](installer-messages.md#why-a-way-to-the-tunnel-server-cannot-be-gone).`,
    list(ssh),
  ].join('\n\n')}\n`;
}

if (import.meta.main) writeFileSync(WINDOWS_MESSAGES_PAGE, await renderWindowsMessagesPage());
