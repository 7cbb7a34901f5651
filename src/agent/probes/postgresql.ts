import { ProbeConnection } from './connection.ts';
import { NOBODYS_NAME } from './name.ts';
import { ANSWERS, OTHER_PROTOCOL, type ProbeResult, REFUSES, withoutReply } from './result.ts';

/**
 * Whether a PostgreSQL answers, and whether its pg_hba.conf lets this proxy in: a start-up message
 * with a name that no role has is refused for the host (`refuses`) or for the name (`answers`).
 * Formats: "Message Formats" in PostgreSQL's manual.
 */
export async function probePostgresql(host: string, port: number): Promise<ProbeResult> {
  const encrypted = await ask(host, port, true);
  if (encrypted === 'tls-failed') return (await ask(host, port, false)) as ProbeResult;
  if (encrypted.database !== 'refuses') return encrypted;
  // A line may let the host in without TLS only (hostnossl).
  return (await ask(host, port, false)) as ProbeResult;
}

const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');
const PROTOCOL_3_0 = 0x00030000;
/** The source function that judges by pg_hba.conf; unlike the message it is never translated. */
const JUDGES_HOST = 'ClientAuthentication';

async function ask(
  host: string,
  port: number,
  encrypt: boolean,
): Promise<ProbeResult | 'tls-failed'> {
  const connection = new ProbeConnection(host, port);
  try {
    if (encrypt) {
      connection.send(SSL_REQUEST);
      const reply = await connection.read(1);
      if (typeof reply === 'string') return withoutReply(reply);
      const letter = reply.toString('latin1');
      // Turned away before it looked at the request, for example because it has too many clients.
      if (letter === 'E') return ANSWERS;
      // Exactly one letter comes; others begin their greeting with it ("SSH-2.0…").
      if (!'SN'.includes(letter) || !connection.isDrained) return OTHER_PROTOCOL;
      if (letter === 'S' && !(await connection.startTls())) return 'tls-failed';
    }
    return await startUp(connection);
  } finally {
    connection.close();
  }
}

async function startUp(connection: ProbeConnection): Promise<ProbeResult> {
  connection.send(startUpMessage());
  const head = await connection.read(5);
  if (typeof head === 'string') return withoutReply(head);
  const letter = head.toString('latin1', 0, 1);
  if (letter === 'R') return ANSWERS;
  if (letter !== 'E') return OTHER_PROTOCOL;
  const body = await connection.read(Math.max(0, head.readInt32BE(1) - 4));
  if (typeof body === 'string') return withoutReply(body);
  return errorFields(body).get('R') === JUDGES_HOST ? REFUSES : ANSWERS;
}

function startUpMessage(): Buffer {
  const text = Buffer.from(['user', NOBODYS_NAME, 'database', NOBODYS_NAME, '', ''].join('\0'));
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + text.length, 0);
  head.writeInt32BE(PROTOCOL_3_0, 4);
  return Buffer.concat([head, text]);
}

/** The fields of an ErrorResponse by their letters. */
function errorFields(body: Buffer): Map<string, string> {
  const fields = body.toString('latin1').split('\0');
  return new Map(fields.map((field) => [field.slice(0, 1), field.slice(1)]));
}
