import type { Host } from '../host.ts';
import type { AgentLog } from '../settings.ts';
import type { StateFolder } from '../state-folder.ts';

/** What an sshd is started with. */
export interface SshdOptions {
  host: Host;
  /** Absolute path that it is called by. */
  program: string;
  folder: StateFolder;
  /** Text of the sshd_config. */
  config: string;
  listenAddress: string;
  port: number;
  log: AgentLog;
}
