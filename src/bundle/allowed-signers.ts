import { Problem } from '../domain/problem.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';

/** A line of an allowed_signers file (ssh-keygen(1), ALLOWED SIGNERS): whose key may sign what, and when. */
export interface AllowedSigner {
  /** One literal name. */
  principal: string;
  namespaces: string[];
  key: PublicKey;
  /** UTC milliseconds; undefined: ever since, or for ever. */
  validAfter: number | undefined;
  validBefore: number | undefined;
}

const MAX_LENGTH = 65_536;
const PRINCIPAL = /^[A-Za-z0-9][A-Za-z0-9._@+-]*$/;
const NAMESPACES = /^[a-z0-9@._-]+(,[a-z0-9@._-]+)*$/;
const KEY_TYPE = /^(ssh|ecdsa|sk)-/;
const OPTIONS = /^[a-z-]+="[^"]*"(,[a-z-]+="[^"]*")*$/;
const KNOWN_OPTIONS = ['namespaces', 'valid-after', 'valid-before'];

/** The line by which a signer's key is believed in one namespace, and in no other. */
export function formatAllowedSigner(
  principal: string,
  namespace: string,
  { type, blob }: PublicKey,
): string {
  return `${principal} namespaces="${namespace}" ${type} ${blob}\n`;
}

/**
 * Reads an allowed_signers file more strictly than ssh-keygen does: a principal is one literal name,
 * for a pattern would let one person sign as another; every line names its namespaces; there are no
 * certificate authorities. Throws a `value-invalid` problem that starts with `name` and the line's number.
 */
export function parseAllowedSigners(text: string, name: string): AllowedSigner[] {
  if (text.length > MAX_LENGTH) refuse(name, `is longer than ${MAX_LENGTH} characters`);
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, index) =>
    /^[ \t]*(#|$)/.test(line) ? [] : [parseLine(line.trim(), `${name}: line ${index + 1}`)],
  );
}

function parseLine(line: string, where: string): AllowedSigner {
  const [principal = '', ...words] = line.split(/[ \t]+/);
  const options = KEY_TYPE.test(words[0] ?? '') ? '' : words.shift();
  const [type, blob] = words;
  if (blob === undefined) refuse(where, 'is not of the form: name namespaces="…" type key');
  if (!PRINCIPAL.test(principal)) {
    refuse(where, 'the signer must be one literal name, without wildcards and commas');
  }
  return {
    principal,
    ...parseOptions(options ?? '', where),
    key: parsePublicKey(`${type} ${blob}`, where),
  };
}

function parseOptions(text: string, where: string): Omit<AllowedSigner, 'principal' | 'key'> {
  const pairs = [...text.matchAll(/([a-z-]+)="([^"]*)"/g)].map(
    ([, option = '', value = '']) => [option, value] as const,
  );
  const options = new Map(pairs);
  const areKnown = pairs.every(([option]) => KNOWN_OPTIONS.includes(option));
  if (text !== '' && !(OPTIONS.test(text) && areKnown && options.size === pairs.length)) {
    refuse(where, `takes these options, once each: ${KNOWN_OPTIONS.join(', ')}`);
  }
  const namespaces = options.get('namespaces') ?? '';
  if (!NAMESPACES.test(namespaces)) {
    refuse(where, 'must say what the key signs, literally: namespaces="…"');
  }
  return {
    namespaces: namespaces.split(','),
    validAfter: parseTime(options.get('valid-after'), where),
    validBefore: parseTime(options.get('valid-before'), where),
  };
}

/** `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, in this machine's time zone unless a `Z` stands behind. */
function parseTime(text: string | undefined, where: string): number | undefined {
  if (text === undefined) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] =
    /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z?)$/.exec(text) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  return Number.isNaN(time) ? refuse(where, `${text} is not a time as YYYYMMDDHHMMSS`) : time;
}

function refuse(where: string, why: string): never {
  throw new Problem('value-invalid', `${where}: ${why}`, {
    field: where,
    next: 'Give lines of the form: NAME namespaces="PURPOSE" TYPE KEY',
  });
}
