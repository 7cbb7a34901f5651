import semver from 'semver';
import { type Static, Type } from 'typebox';
import { canonicalJson } from './audit.ts';

/**
 * Which changes of an installer wait until reviewers have approved them. Each policy on templates
 * lets less pass than the one before it: nothing waits · a major version waits · a minor one, too ·
 * every version · every byte, whatever it comes from.
 */
export const TEMPLATE_POLICIES = ['none', 'major', 'minor', 'patch', 'any-byte'] as const;
export type TemplatePolicy = (typeof TEMPLATE_POLICIES)[number];

/** The kinds of values that an installer is made from; a policy names those whose change waits. */
export const INPUT_KINDS = ['database', 'host-key', 'port', 'address', 'name'] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

export const ChangePolicySchema = Type.Object(
  {
    templates: Type.Enum([...TEMPLATE_POLICIES]),
    inputs: Type.Array(Type.Enum([...INPUT_KINDS]), { maxItems: 5, uniqueItems: true }),
  },
  { additionalProperties: false },
);

export type ChangePolicy = Static<typeof ChangePolicySchema>;

/** What a policy looks at of an installer. */
export interface RenderedFrom {
  sha256: string;
  /** Semantic version of its template. */
  version: string;
  /** What it was rendered from. */
  input: unknown;
}

/** The first pattern that fits a value's path says what kind of value it is. */
const KINDS: [RegExp, InputKind][] = [
  [/^database\b/, 'database'],
  [/^servers\.\d+\.host_keys\b/, 'host-key'],
  [/^(tunnel_port|region\.(port|alternate_ports))\b/, 'port'],
  [
    /^(public_url|ca_certificates|servers|region\.(login|bind_address|egress_addresses))\b/,
    'address',
  ],
  [/^(vendor|service|account|tunnel|slot|region\.(slug|name))\b/, 'name'],
];

/**
 * Why an installer must wait, compared with the last one that was approved; empty when it may be
 * served. One reason a line of text.
 */
export function reasonsToWait(
  policy: ChangePolicy,
  approved: RenderedFrom,
  candidate: RenderedFrom,
): string[] {
  if (approved.sha256 === candidate.sha256) return [];
  const reasons: string[] = [];
  const kinds = changedKinds(approved.input, candidate.input);
  const bump = bumpBetween(approved.version, candidate.version);
  const lowest = TEMPLATE_POLICIES.indexOf(policy.templates);
  if (bump !== undefined && TEMPLATE_POLICIES.indexOf(bump) <= lowest) {
    reasons.push(`template ${approved.version} became ${candidate.version}: ${bump}`);
  }
  for (const kind of kinds.filter((each) => policy.inputs.includes(each))) {
    reasons.push(`values changed: ${kind}`);
  }
  // Changed by neither a version nor a value: a fault of the vendor's, and no smaller than a patch.
  const isUnexplained =
    bump === undefined && kinds.length === 0 && lowest >= TEMPLATE_POLICIES.indexOf('patch');
  const isAnyByte = policy.templates === 'any-byte' && reasons.length === 0;
  if (isUnexplained || isAnyByte) reasons.push('its bytes changed');
  return reasons;
}

/** The kinds of values in which two inputs differ. Throws a TypeError for a value of no kind. */
export function changedKinds(before: unknown, after: unknown): InputKind[] {
  const [old, fresh] = [leavesOf(before), leavesOf(after)];
  const paths = new Set([...old.keys(), ...fresh.keys()]);
  const changed = [...paths].filter((path) => old.get(path) !== fresh.get(path)).map(kindOf);
  return INPUT_KINDS.filter((kind) => changed.includes(kind));
}

/** The kind of the value at a dotted path of an installer's input. Throws a TypeError where it has none. */
export function kindOf(path: string): InputKind {
  const [, kind] = KINDS.find(([pattern]) => pattern.test(path)) ?? [];
  if (kind === undefined) throw new TypeError(`${path} is of no kind that a policy can name`);
  return kind;
}

/** The part of the version that changed. Whatever goes back counts as the largest: it was never reviewed so. */
function bumpBetween(before: string, after: string): 'major' | 'minor' | 'patch' | undefined {
  if (semver.lt(after, before)) return 'major';
  const release = semver.diff(before, after);
  if (release === null) return undefined;
  if (release.endsWith('major')) return 'major';
  return release.endsWith('minor') ? 'minor' : 'patch';
}

/** Each value by its dotted path. */
function leavesOf(value: unknown, path = ''): Map<string, string> {
  if (value === null || typeof value !== 'object') return new Map([[path, canonicalJson(value)]]);
  const prefix = path === '' ? '' : `${path}.`;
  return new Map(
    Object.entries(value).flatMap(([name, part]) => [...leavesOf(part, `${prefix}${name}`)]),
  );
}
