/** What `doctor --json` prints. */
export interface Examination {
  ok: boolean;
  exit_code: number;
  broken: string;
  verdict: string;
  next: string;
  hops: { hop: string; result: 'ok' | 'no' | 'untested'; detail: string }[];
}

/** Its hops, in order. */
export const ALL_HOPS = [
  'service',
  'dns',
  'tcp',
  'ssh',
  'host-key',
  'authentication',
  'forward',
  'database',
  'control-plane',
  'vendor-database',
];
