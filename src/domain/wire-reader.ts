/**
 * Reads SSH's wire types (RFC 4251, section 5) in order, strictly: every read past the end throws a
 * RangeError.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64BE();
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  /** A string that must be printable ASCII. */
  text(): string {
    const bytes = this.string();
    if (bytes.some((byte) => byte < 0x20 || byte > 0x7e))
      throw new RangeError('not printable ASCII');
    return bytes.toString('latin1');
  }

  skip(length: number): void {
    this.#take(length);
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#offset);
  }

  atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  #take(length: number): Buffer {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new RangeError('cut short');
    const part = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return part;
  }
}
