export { type Agent, startAgent } from './agent.ts';
export type { AgentLog, AgentSettings } from './settings.ts';
export { keepHeapSmall } from './system/keep-heap-small.ts';
