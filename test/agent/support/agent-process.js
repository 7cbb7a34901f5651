/*
 * `agent-process.js MODULE`: the agent of that module as a process of its own, so that it can run as
 * another user, be frozen and be killed. JavaScript, for the built agent is measured without a compiler
 * in its memory.
 */

const { keepHeapSmall, startAgent } = await import(process.argv[2]);

keepHeapSmall();
let agent;

process.on('message', async (message) => {
  try {
    if (message.start) {
      const log = { info: note('info'), warn: note('warn'), error: note('error') };
      agent = await startAgent({ ...message.start, log });
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
    const { code, message: detail, next } = error;
    process.send?.({ problem: { code, detail, next } });
  }
});

// The test has ended, in whatever way: leave nothing behind.
process.on('disconnect', () => void agent?.stop({ endSessions: true }));

function note(level) {
  return (details, text) => {
    if (process.connected) process.send?.({ log: { level, text, ...details } });
  };
}
