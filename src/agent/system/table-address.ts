const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** An IPv4 address as the kernel's tables print it: one 32-bit number in the machine's byte order. */
export function tableAddress(address: string): string {
  const bytes = Buffer.from(address.split('.').map(Number));
  return hex(LITTLE_ENDIAN ? bytes.readUInt32LE() : bytes.readUInt32BE(), 8);
}

/** A port of an IPv4 address in that form: proc_pid_net(5), `rem_address`. */
export function tableEndpoint(address: string, port: number): string {
  return `${tableAddress(address)}:${hex(port, 4)}`;
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}
