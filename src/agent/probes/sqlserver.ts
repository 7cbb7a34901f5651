import type { ProbeConnection } from './connection.ts';
import { ANSWERS, OTHER_PROTOCOL, type ProbeResult, withoutReply } from './result.ts';

/**
 * Whether a SQL Server answers a PRELOGIN message with one of its own: what every client begins
 * with. It judges logins later, so nothing is refused here.
 * Formats: [MS-TDS], 2.2.3.1 "Packet Header" and 2.2.6.5 "PRELOGIN".
 */
export async function probeSqlserver(connection: ProbeConnection): Promise<ProbeResult> {
  connection.send(prelogin());
  const type = await connection.read(1);
  if (typeof type === 'string') return withoutReply(type);
  if (type[0] !== TABULAR_RESULT) return OTHER_PROTOCOL;
  const rest = await connection.read(HEADER - 1 + OPTION);
  if (typeof rest === 'string') return OTHER_PROTOCOL;
  const length = rest.readUInt16BE(1);
  const [token, offset] = [rest[HEADER - 1], rest.readUInt16BE(HEADER)];
  // The version comes first, and its data lie within the message.
  const isPrelogin = token === VERSION && offset > OPTION && HEADER + offset < length;
  return isPrelogin ? ANSWERS : OTHER_PROTOCOL;
}

const PRELOGIN = 0x12;
const TABULAR_RESULT = 0x04;
const END_OF_MESSAGE = 0x01;
const VERSION = 0x00;
const ENCRYPTION = 0x01;
const TERMINATOR = 0xff;
/** Bytes of a packet's header, and of what says where an option lies. */
const HEADER = 8;
const OPTION = 5;

/** No version of anything, and no wish for encryption beyond that of a login. */
function prelogin(): Buffer {
  const options = [
    { token: VERSION, data: Buffer.alloc(6) },
    { token: ENCRYPTION, data: Buffer.alloc(1) },
  ];
  let offset = options.length * OPTION + 1;
  const list = options.map(({ token, data }) => {
    const entry = Buffer.from([token, 0, offset, 0, data.length]);
    offset += data.length;
    return entry;
  });
  const header = Buffer.from([PRELOGIN, END_OF_MESSAGE, 0, HEADER + offset, 0, 0, 1, 0]);
  const data = options.map((option) => option.data);
  return Buffer.concat([header, ...list, Buffer.from([TERMINATOR]), ...data]);
}
