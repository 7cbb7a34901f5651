import type { ProbeConnection } from './connection.ts';
import { ANSWERS, OTHER_PROTOCOL, type ProbeResult, withoutReply } from './result.ts';

/**
 * Whether an Oracle listener answers the request that `tnsping` makes. It does so by refusing, as
 * there is nothing to connect to; any other answer to a connect packet will do, too. A host that its
 * list of valid nodes leaves out sees the connection closed: that is `closed` here.
 * Formats: Oracle has published none; the names and numbers of packets are those of its open-source
 * driver python-oracledb (impl/thin/constants.pxi), the fields those of Wireshark's TNS dissector.
 */
export async function probeOracle(connection: ProbeConnection): Promise<ProbeResult> {
  connection.send(connectPacket());
  const header = await connection.read(HEADER);
  if (typeof header === 'string') return withoutReply(header);
  const isAnswer = header.readUInt16BE(0) >= HEADER && header.readUInt16BE(2) === 0;
  return isAnswer && ANSWERS_TO_CONNECT.has(header[4]) ? ANSWERS : OTHER_PROTOCOL;
}

const CONNECT = 1;
/** ACCEPT, REFUSE, REDIRECT, RESEND. */
const ANSWERS_TO_CONNECT = new Set<number | undefined>([2, 4, 5, 11]);
/** Length, checksum, type, flags, checksum of the header. */
const HEADER = 8;
/** Where the text of a connect packet begins. */
const FIELDS_END = 58;
const PING =
  '(DESCRIPTION=(CONNECT_DATA=(CID=(PROGRAM=culvert-probe)(HOST=)(USER=))(COMMAND=ping)))';

function connectPacket(): Buffer {
  const text = Buffer.from(PING);
  const packet = Buffer.concat([Buffer.alloc(FIELDS_END), text]);
  packet.writeUInt16BE(packet.length, 0);
  packet[4] = CONNECT;
  const fields = {
    version: 312,
    oldestVersion: 300,
    options: 0,
    sessionUnit: 8192,
    transportUnit: 65_535,
    protocolTraits: 0x4f98,
    turnarounds: 0,
    one: 1,
    textLength: text.length,
    textAt: FIELDS_END,
  };
  Object.values(fields).forEach((value, index) => {
    packet.writeUInt16BE(value, HEADER + 2 * index);
  });
  return packet;
}
