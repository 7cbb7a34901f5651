/** What a server that is measured has used: CPU so far, microseconds, and the memory it holds, megabytes. */
export interface Usage {
  cpu: number;
  memory: number;
}

/** Answers the bench's question for it. */
export function reportUsage(): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const usage: Usage = { cpu: user + system, memory: process.memoryUsage.rss() / 2 ** 20 };
    process.send?.(usage);
  });
}
