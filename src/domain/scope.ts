/** What an API token may do. Rights that hand out access stand apart from the rest. */
export const SCOPES = [
  'regions:read',
  'regions:write',
  'accounts:read',
  'accounts:write',
  'tunnels:read',
  'tunnels:write',
  'keys:read',
  'keys:write',
  'tokens:create',
  'agents:write',
  'statements:read',
  'reviewers:write',
  'audit:read',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Whether `value` names a scope. */
export function isScope(value: string): value is Scope {
  return (SCOPES as readonly string[]).includes(value);
}
