import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeSections, list, type Message, unique } from './messages-page.ts';
import type { Word } from './shell-source.ts';
import {
  exitCodes,
  installerParts,
  pathNames,
  type ShellFile,
  shellFile,
} from './template-shell.ts';

/**
 * docs/installer-messages.md, made of the shell source itself: `npm run docs` writes it, and a test
 * holds it against the templates.
 */
export const MESSAGES_PAGE = join(import.meta.dirname, '../../docs/installer-messages.md');

/** Functions that say something: which of their words says what happened, and which what to do. */
interface Speaker {
  code?: string | number;
  what: number;
  next?: number | string;
}

const INSTALLER: Record<string, Speaker> = {
  fail: { code: 'FIRST WORD', what: 2, next: 3 },
  wrong: { code: 'USAGE', what: 1, next: 'See --help.' },
  unsupported: { code: 'UNSUPPORTED', what: 1, next: 2 },
  finding: { code: 'PREFLIGHT', what: 1, next: 2 },
  '"$found"': { code: 'PREFLIGHT', what: 1, next: 2 },
};
const WARNINGS: Record<string, Speaker> = { warn: { what: 1 } };
const DOCTOR: Record<string, Speaker> = {
  breaks: { what: 2, next: 3 },
  give_up: { what: 2, next: 3 },
};
const DISPATCHER: Record<string, Speaker> = { refuse: { code: 2, what: 1, next: 2 } };
const WAY_OUT: Record<string, Speaker> = { give_up: { what: 1 } };
const SPEAKERS = { ...INSTALLER, ...WARNINGS, ...DOCTOR };

/** What stands for a value that only a run knows, where the name of its variable does not say it. */
const VALUES: Record<string, string> = {
  '$(answer detail)': '<what the vendor says>',
  '$(answer session_key)': '<key>',
  '$(answer next)': '<what the vendor advises>',
  '$(why_refused "${heard#* }")': '<what it has against this host>',
  '$(how_to_let_in "$(answer reason)")': '<what its administrator does about that>',
  '$(said_reason)': '<what ssh said>',
  '$(name_of "$2 $3")': '<tunnel server>',
  '${PROXY_HOST:+ through $PROXY_HOST}': '',
  '$(head -n 1 "$SCRATCH/said" | printable)': '<what ssh said>',
  '$(how_to_be_root)': 'As root: curl -fsSL <installer url> -o install.sh; bash install.sh',
  '$*': '<commands>',
  '${#PERSONS[@]}': '<number>',
  '${SERIALS[$1]}': '<number>',
  ANSWER_PROBLEM: '<reason>',
  BASH_VERSION: '<version>',
  CA_FILE: '<file>',
  DATABASE_HOST: '<database host>',
  DATABASE_SOCKET: '<path>',
  DATABASE_STATE: '<as the vendor last saw it>',
  GIVEN_CONFIG: '<file>',
  KEY_TYPE: '<type>',
  MODE: '<command>',
  OS_NAME: '<system>',
  PROBLEM: '<what the check of the database found>',
  PUBLIC_URL: '<control plane>',
  REVIEWERS_FILE: '<file>',
  REVIEWERS_PROBLEM: '<what is wrong with it>',
  REMEDY: '<what to do, as that check says>',
  SERIAL_SEEN: '<number>',
  SERVER_HOST: '<host>',
  SERVER_PORT: '<port>',
  SUPPORT_FILE: '<file>',
  SIGNERS: '<persons>',
  TOKEN_FILE: '<file>',
  TUNNEL_ID: '<id>',
  VENDOR_NAME: '<vendor>',
  VIEW_PROBLEM: '<what the check of the control plane found>',
  VIEW_REMEDY: '<what to do, as that check says>',
  base: '<folder>',
  boot: '<whether it starts at boot>',
  chosen: '<tunnels>',
  error: '<what ssh said>',
  digest: '<digest>',
  limit: '<number>',
  list: '<reason of each way>',
  most: '<number>',
  name: '<name>',
  held: '<slot>',
  owner: '<id>/<slot>',
  place: '<place>',
  proxy: '<HTTP proxy>',
  server: '<tunnel server>',
  service: 'h_autossh',
  shown: '<key>',
  skew: '<number>',
  words: '<as the vendor last saw it>',
};

/** The parameters of functions whose comment does not name them. */
const PARAMETERS: Record<string, string[]> = {
  dial: ['host', 'port', 'name'],
  explain_by_view: ['port'],
  install_package: ['package'],
  main: ['word'],
  read_arguments: ['option'],
  remove_folder: ['folder'],
  take_value: ['option'],
  wait_a_second: ['another program'],
};

const paths = pathNames();

/** All that the installer and its programs say when something is wrong. */
export function readMessages() {
  const parts = installerParts();
  const installer = parts.flatMap((part) => messagesOf(part, INSTALLER));
  const dispatcher = messagesOf(shellFile('dispatcher/dispatcher.sh'), DISPATCHER);
  return {
    ending: unique([...installer, ...dispatcher]),
    warnings: unique(parts.flatMap((part) => messagesOf(part, WARNINGS))),
    doctor: unique(parts.flatMap((part) => messagesOf(part, DOCTOR))),
    wayOut: unique(messagesOf(shellFile('connect/connect.sh'), WAY_OUT)),
    ssh: plainWords(),
  };
}

function messagesOf(file: ShellFile, speakers: Record<string, Speaker>): Message[] {
  const codes = exitCodes();
  const messages: Message[] = [];
  for (const { words, function: within } of file.commands) {
    const speaker = speakers[words[0]?.source ?? ''];
    // What a speaker hands on stands where the speaker is called.
    if (speaker === undefined || Object.hasOwn(SPEAKERS, within)) continue;
    const inWords = (word: Word | undefined) => describe(file, within, word);
    const name = speaker.code === 'FIRST WORD' ? inWords(words[1]).slice(1, -1) : speaker.code;
    const code = typeof name === 'string' ? codes.get(name.toUpperCase()) : name;
    if (typeof name === 'string' && code === undefined) throw new Error(`No exit code ${name}.`);
    const { next } = speaker;
    messages.push({
      ...(code === undefined ? {} : { code }),
      what: inWords(words[speaker.what]),
      next: typeof next === 'number' ? nextSteps(file, within, words[next]) : next ? [next] : [],
    });
  }
  return messages;
}

/** What to do: one sentence, or all those that callers or a function of this file choose from. */
function nextSteps(file: ShellFile, within: string, word: Word | undefined): string[] {
  const [piece, ...others] = word?.pieces ?? [];
  const whole = others.length === 0 && piece && 'expansion' in piece ? piece.expansion : '';
  if (/^\$[1-9]$/.test(whole)) return fromCallers(within, Number(whole.slice(1)));
  const [, name] = /^\$\((\w+)/.exec(whole) ?? [];
  if (name === 'in_plain_words') return ['<what it means: see the last part of this page>'];
  const choices = file.commands.filter(
    (command) => command.function === name && command.words[0]?.source === 'tell',
  );
  if (choices.length === 0) return [describe(file, within, word)];
  return choices.map(({ words }) => describe(file, name ?? '', words[1]));
}

function fromCallers(called: string, position: number): string[] {
  return installerParts().flatMap((file) =>
    file.commands
      .filter(({ words }) => words[0]?.source === called)
      .map(({ words, function: within }) => describe(file, within, words[position])),
  );
}

function describe(file: ShellFile, within: string, word: Word | undefined): string {
  if (word === undefined) throw new Error(`${file.name}, ${within}: a word is missing.`);
  return word.pieces
    .map((piece) => ('text' in piece ? piece.text : placeholder(file, within, piece.expansion)))
    .join('');
}

function placeholder(file: ShellFile, within: string, expansion: string): string {
  const [, name = ''] = /^\$\{?(\w+)/.exec(expansion) ?? [];
  const value = VALUES[expansion] ?? VALUES[name] ?? paths.get(name);
  if (value !== undefined) return value;
  if (/^[1-9]$/.test(name)) {
    const parameter = (file.usages.get(within) ?? PARAMETERS[within])?.[Number(name) - 1];
    if (parameter !== undefined) return `<${parameter}>`;
  } else if (name !== '') return `<${name.toLowerCase().replaceAll('_', ' ')}>`;
  throw new Error(`${file.name}, ${within}: say in VALUES or PARAMETERS what ${expansion} is.`);
}

/** What errors of ssh mean: the patterns of in_plain_words, and what it says of each. */
function plainWords(): Message[] {
  const file = shellFile('linux/words.sh');
  return file.commands
    .filter(
      ({ words, function: within }) => within === 'in_plain_words' && words[0]?.source === 'tell',
    )
    .map(({ words, pattern, function: within }) => ({
      what: pattern
        .split(' | ')
        .map((glob) =>
          glob
            .replaceAll("'", '')
            .split('*')
            .map((text) => text.trim())
            .join(' … ')
            .replace(/^ … | … $/g, ''),
        )
        .join('`, `'),
      next: [
        words
          .slice(1)
          .map((word) => describe(file, within, word))
          .join(' '),
      ],
    }));
}

const TITLES: Record<number, string> = {
  2: 'wrong usage',
  3: 'this host is not supported',
  4: 'something needed is missing or cannot be reached',
  5: 'packages, user, folders or key',
  6: 'enrolment',
  7: 'the tunnel',
  8: 'the database',
};

/** What stands before the messages of a code. */
const NOTES: Record<number, string> = {
  2: 'Read by another shell than bash, the script says `this script needs bash` and ends with 2, too.',
  3: 'With `check`, these are listed with the rest, and it ends with 4.',
  4: 'Nothing was changed. The checks list all that they find at once. With `--defer-database`, the\nlines about a database that cannot be reached are notes, and the run goes on.',
  6: 'Where an address has no installer, because it is unknown or was withdrawn, a script comes that says\nso, and ends with 6.',
};

/** The text of the page. */
export function renderMessagesPage(): string {
  const { ending, warnings, doctor, wayOut, ssh } = readMessages();
  return `${[
    '# Messages of the Linux installer',
    `Every message about something wrong, and what to do next. This page is made of the script by
\`npm run docs\`, and a test holds it against it. What stands in \`<…>\` depends on the run;
\`<vendor>\` is your vendor's name, \`<tunnel>\` is \`<vendor>_<tunnel>\` in short form. Errors and
warnings go to stderr. Exit codes: [installer.md](installer.md#exit-codes).`,
    ...codeSections(ending, TITLES, NOTES),
    '## Warnings',
    'The run goes on, and its exit code does not change.',
    list(warnings),
    '## What `doctor` says of a hop that is broken',
    'It ends with 4 if the hop is the control plane, 8 if it is the database, 7 for all others.',
    list(doctor),
    '## Why a way to the tunnel server cannot be gone',
    'In the checks, and in the log after `connect:`. Allow the way that is named, or mend what answers.',
    list(wayOut),
    '## What ssh says in the log, and what it means',
    '`h_autossh logs` and `status` say this of the last line that they know.',
    list(ssh),
  ].join('\n\n')}\n`;
}

if (import.meta.main) writeFileSync(MESSAGES_PAGE, renderMessagesPage());
