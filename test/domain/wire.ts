/** SSH's wire types (RFC 4251, section 5), written the way the tests need them. */

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

export function wireString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as Buffer);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A public key of that type with these parts, as `type base64`. */
export function keyLine(type: string, ...parts: (string | Buffer)[]): string {
  return `${type} ${Buffer.concat([type, ...parts].map(wireString)).toString('base64')}`;
}
