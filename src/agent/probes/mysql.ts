import { randomBytes } from 'node:crypto';
import type { Reason } from '../../domain/status.ts';
import { ProbeConnection } from './connection.ts';
import { NOBODYS_NAME } from './name.ts';
import { ANSWERS, OTHER_PROTOCOL, type ProbeResult, refusal, withoutReply } from './result.ts';

/**
 * Whether a MySQL or MariaDB answers, and whether it lets this proxy in. It speaks first: a greeting,
 * or why there is none for this host. A greeting that is left without a login counts against the
 * host until it is blocked (max_connect_errors), so a login follows that must fail, and its end is
 * awaited.
 * Formats: "Connection Phase" in MySQL's source documentation, "Connecting" in MariaDB's manual.
 */
export async function probeMysql(host: string, port: number): Promise<ProbeResult> {
  const connection = new ProbeConnection(host, port);
  try {
    const greeting = await readPacket(connection);
    if ('database' in greeting) return greeting;
    if (greeting[0] === ERROR) return refusalOf(greeting);
    const plugin = pluginOf(greeting);
    if (plugin === undefined) return OTHER_PROTOCOL;
    return await failToLogIn(connection, plugin);
  } finally {
    connection.close();
  }
}

const OK = 0x00;
const MORE = 0x01;
const SWITCH = 0xfe;
const ERROR = 0xff;
const QUIT = 0x01;
const PROTOCOL_10 = 0x0a;
const PACKET_HEADER = 4;
/** A login that fails takes three steps at most; more is no login. */
const MOST_STEPS = 5;

/** Errors that turn a host away: "Server Error Message Reference" in MySQL's manual. */
const REASONS = new Map<number, Reason>([
  [1040, 'too-many-connections'],
  [1129, 'host-blocked'],
  [1130, 'host-refused'],
]);

/** Bytes that a plugin takes for a proof; another number is an unfinished handshake to some. */
const PROOF_LENGTHS: Record<string, number> = {
  mysql_old_password: 9,
  mysql_native_password: 20,
  caching_sha2_password: 32,
  client_ed25519: 64,
};

/** LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH. */
const CAPABILITIES = 0x00088201;
const LARGEST_PACKET = 0x01000000;
const UTF8 = 33;

async function failToLogIn(connection: ProbeConnection, plugin: string): Promise<ProbeResult> {
  let said = login(plugin);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    connection.send(packet(said, 2 * step + 1));
    const reply = await readPacket(connection, 2 * step + 2);
    if ('database' in reply) return reply;
    switch (reply[0]) {
      case ERROR:
        return REASONS.has(errorCode(reply)) ? refusalOf(reply) : ANSWERS;
      case SWITCH:
        said = proof(untilZero(reply, 1) || 'mysql_old_password');
        break;
      case MORE:
        said = proof('');
        break;
      case OK:
        connection.send(packet(Buffer.from([QUIT]), 0));
        return ANSWERS;
      default:
        return OTHER_PROTOCOL;
    }
  }
  return OTHER_PROTOCOL;
}

async function readPacket(
  connection: ProbeConnection,
  sequence = 0,
): Promise<Buffer | ProbeResult> {
  const header = await connection.read(PACKET_HEADER);
  if (typeof header === 'string') return withoutReply(header);
  const length = header.readUIntLE(0, 3);
  if (length === 0 || header[3] !== sequence) return OTHER_PROTOCOL;
  const body = await connection.read(length);
  return typeof body === 'string' ? withoutReply(body) : body;
}

function packet(body: Buffer, sequence: number): Buffer {
  const header = Buffer.alloc(PACKET_HEADER);
  header.writeUIntLE(body.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, body]);
}

/** The plugin that a greeting names, also by leaving it out; undefined when it is no greeting. */
function pluginOf(greeting: Buffer): string | undefined {
  if (greeting[0] !== PROTOCOL_10) return undefined;
  const version = untilZero(greeting, 1);
  // Connection, first part of the challenge, a zero, capabilities.
  const fixed = 1 + version.length + 1 + 4 + 8;
  if (!/^[\x21-\x7e][\x20-\x7e]*$/.test(version) || greeting.length < fixed + 3) return undefined;
  if (greeting[fixed] !== 0) return undefined;
  // The rest of what every server since 5.5 says: the length of the challenge, its second part.
  const challenge = greeting[fixed + 8] ?? 0;
  return untilZero(greeting, fixed + 19 + Math.max(13, challenge - 8)) || 'mysql_native_password';
}

/** HandshakeResponse41 of a user that there is not, with a proof of nothing. */
function login(plugin: string): Buffer {
  const fixed = Buffer.alloc(32);
  fixed.writeUInt32LE(CAPABILITIES, 0);
  fixed.writeUInt32LE(LARGEST_PACKET, 4);
  fixed[8] = UTF8;
  const proven = proof(plugin);
  return Buffer.concat([
    fixed,
    Buffer.from(`${NOBODYS_NAME}\0`),
    Buffer.from([proven.length]),
    proven,
    Buffer.from(`${plugin}\0`, 'latin1'),
  ]);
}

/** Never that of an empty password, which would let in where anybody may come without a name. */
function proof(plugin: string): Buffer {
  return randomBytes(PROOF_LENGTHS[plugin] ?? 32);
}

function errorCode(error: Buffer): number {
  return error.length < 3 ? 0 : error.readUInt16LE(1);
}

function refusalOf(error: Buffer): ProbeResult {
  // Behind the code stands the SQL state, or not.
  const words = error.subarray(error[3] === 0x23 ? 9 : 3);
  return refusal(REASONS.get(errorCode(error)) ?? 'refused', words);
}

function untilZero(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start);
  return bytes.toString('latin1', start, end < 0 ? bytes.length : end);
}
