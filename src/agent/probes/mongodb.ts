import type { ProbeConnection } from './connection.ts';
import { ANSWERS, OTHER_PROTOCOL, type ProbeResult, withoutReply } from './result.ts';

/**
 * Whether a MongoDB replies to the command `hello`, which needs no login; also with an error, as
 * those before 4.4.2 do. It judges users and their addresses at a login, so nothing is refused here.
 * Formats: "MongoDB Wire Protocol" in MongoDB's manual, and bsonspec.org.
 */
export async function probeMongodb(connection: ProbeConnection): Promise<ProbeResult> {
  connection.send(message());
  const header = await connection.read(HEADER);
  if (typeof header === 'string') return withoutReply(header);
  const isReply = header.readInt32LE(8) === REQUEST && header.readInt32LE(12) === OP_MSG;
  return isReply ? ANSWERS : OTHER_PROTOCOL;
}

const OP_MSG = 2013;
/** Told back in the reply. */
const REQUEST = 0x63756c76;
/** Length, request, the request that is replied to, what it is: four bytes each. */
const HEADER = 16;

/** `{ hello: 1, $db: "admin" }` as the one section of a message. */
function message(): Buffer {
  const hello = Buffer.concat([Buffer.from('\x10hello\0'), int32(1)]);
  const database = Buffer.concat([Buffer.from('\x02$db\0'), int32(6), Buffer.from('admin\0')]);
  const document = Buffer.concat([int32(4 + hello.length + database.length + 1), hello, database]);
  const noFlags = int32(0);
  const body = Buffer.concat([noFlags, Buffer.from([0]), document, Buffer.from([0])]);
  const header = [HEADER + body.length, REQUEST, 0, OP_MSG].map(int32);
  return Buffer.concat([...header, body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
