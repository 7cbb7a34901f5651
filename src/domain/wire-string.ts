/** SSH's `string` (RFC 4251, section 5): its length as uint32, then the bytes. */
export function wireString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as Buffer);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
