import pino, { type Logger } from 'pino';
import type { LogLevel } from '../setting-grammar.ts';

/** The process's log: JSON lines on stderr, so that stdout keeps what the command prints. */
export function createLog(level: LogLevel): Logger {
  return pino({ level }, pino.destination({ dest: 2, sync: true }));
}
