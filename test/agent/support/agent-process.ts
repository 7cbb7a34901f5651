import { type Agent, keepHeapSmall, startAgent } from '../../../src/agent/index.ts';

/* An agent as a process of its own: so that it can run as another user, be frozen and be killed. */

keepHeapSmall();
let agent: Agent | undefined;

process.on('message', async (message: { start?: object; stop?: { endSessions: boolean } }) => {
  try {
    if (message.start) {
      const log = { info: note('info'), warn: note('warn'), error: note('error') };
      agent = await startAgent({ ...message.start, log } as Parameters<typeof startAgent>[0]);
      await agent.ready;
      process.send?.({ ready: true });
    }
    if (message.stop) {
      await agent?.stop(message.stop);
      agent = undefined;
      process.send?.({ stopped: true });
      process.disconnect();
    }
  } catch (error) {
    const {
      code,
      message: detail,
      next,
    } = error as { code?: string; message: string; next?: string };
    process.send?.({ problem: { code, detail, next } });
  }
});

// The test has ended, in whatever way: leave nothing behind.
process.on('disconnect', () => void agent?.stop({ endSessions: true }));

function note(level: string) {
  return (details: object, text: string) => {
    if (process.connected) process.send?.({ log: { level, text, ...details } });
  };
}
