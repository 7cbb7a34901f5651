export { Prober } from './prober.ts';
export type { ProbeRequest, ProbeResult } from './result.ts';
