import { type Static, Type } from 'typebox';
import { checkDatabaseHost, checkPort, checkSocketPath } from './grammar.ts';
import { Problem } from './problem.ts';

/**
 * The protocols that the probe can speak: `mysql` is MariaDB's, too, and `tcp` only sees that
 * something accepts.
 */
export const DATABASE_TYPES = [
  'postgresql',
  'mysql',
  'sqlserver',
  'oracle',
  'mongodb',
  'redis',
  'clickhouse',
  'tcp',
] as const;
export type DatabaseType = (typeof DATABASE_TYPES)[number];

/** Where the database is, as seen from the proxy: a host and port, or a Unix socket. */
export const DatabaseSchema = Type.Object(
  {
    type: Type.Enum([...DATABASE_TYPES]),
    host: Type.Optional(Type.String({ maxLength: 253 })),
    port: Type.Optional(Type.Integer()),
    socket: Type.Optional(Type.String({ maxLength: 104 })),
  },
  { additionalProperties: false },
);

/** A database's place after its check: exactly one of the two forms. */
export type Database =
  | { type: DatabaseType; host: string; port: number }
  | { type: DatabaseType; socket: string };

/** Checks a database's place. Throws a problem that names the field at fault. */
export function checkDatabase(input: Static<typeof DatabaseSchema>, field = 'database'): Database {
  const { type, host, port, socket } = input;
  if (socket !== undefined) {
    if (host !== undefined || port !== undefined) {
      throw new Problem('value-invalid', `${field}: give either socket, or host and port`, {
        field: `${field}.socket`,
        next: 'Leave out socket, or leave out host and port.',
      });
    }
    return { type, socket: checkSocketPath(`${field}.socket`, socket) };
  }
  if (host === undefined || port === undefined) {
    const missing = host === undefined ? 'host' : 'port';
    throw new Problem('value-invalid', `${field}.${missing} is missing`, {
      field: `${field}.${missing}`,
      next: 'Give host and port, or socket.',
    });
  }
  return {
    type,
    host: checkDatabaseHost(`${field}.host`, host),
    port: checkPort(`${field}.port`, port),
  };
}

/** A database's place as text: `host:port`, `[ipv6]:port` or the socket's path. */
export function databaseAddress(database: Database): string {
  if ('socket' in database) return database.socket;
  return hostPort(database.host, database.port);
}

/** `host:port`, with an IPv6 literal in brackets. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
