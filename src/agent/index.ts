export { type Agent, startAgent } from './agent.ts';
export { joinRegion } from './join-region.ts';
export type { AgentLog, AgentSettings } from './settings.ts';
export { keepHeapSmall } from './system/keep-heap-small.ts';
