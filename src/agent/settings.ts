/** What the agent writes its events to; pino and Fastify loggers fit. */
export interface AgentLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Everything an agent must be told. What it learns later (region, keys) it keeps in its state folder. */
export interface AgentSettings {
  /** Base of the control plane's URLs, without a slash at the end. */
  controlPlane: string;
  /** Absolute path of a folder of its own; made when it is not there. */
  stateFolder: string;
  /** Needed once, to join a region. */
  joinToken?: string;
  /** The IPv4 address that sshd listens on. */
  listenAddress: string;
  /** Absolute; looked for in the usual places when left out. */
  sshdPath?: string;
  /** Absolute path of the folder of an sshd that systemd keeps. The agent then starts and writes none. */
  sshdFolder?: string;
  /** The account that tunnels log in as; must be the region's. An ordinary user can offer only itself. */
  loginUser: string;
  log: AgentLog;
}
