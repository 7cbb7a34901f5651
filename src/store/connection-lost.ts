/** PostgreSQL: connection exceptions, shutting down, starting, no connection left, a standby. */
const SQL_STATE = /^(?:08...|57P0[1-4]|53300|25006|25P03)$/;
const SYSTEM =
  /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** What pg says without any code. */
const WORDS =
  /^(?:Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed)/;

/** Whether a query failed because the database was away, which time cures. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (typeof code !== 'string') return WORDS.test(error.message);
  return SQL_STATE.test(code) || (typeof syscall === 'string' && SYSTEM.test(code));
}
