/** What sshd says of a login that it accepted. A hint until /proc confirms it. */
export interface AcceptedLogin {
  /** sshd's privileged process of that connection. */
  pid: number;
  /** 64 hex digits. */
  fingerprint: string;
  /** Where the client is. */
  address: string;
}

/** `log.c`'s form with LogVerbose; OpenSSH 9.8 and later name the binary too. */
const PREFIX = String.raw`auth\.c:auth_log\(\):\d+ \((?:bin=[\w-]+, )?(?:uid=\d+, )?pid=(\d{1,10})\): `;
const TEXT = String.raw`Accepted publickey for (\S+) from ([0-9a-fA-F.:]{1,45}) port \d+ ssh2: \S+ SHA256:([A-Za-z0-9+/]{43})`;
const LINE = new RegExp(`^${PREFIX}${TEXT}$`);

const OFFERED = new RegExp(`^${PREFIX}Postponed publickey for (\\S+) from `);

/** The process of a connection that offers a known key to that account; undefined: another line. */
export function parseOfferedKey(line: string, login: string): number | undefined {
  const match = OFFERED.exec(line);
  return match?.[2] === login ? Number(match[1]) : undefined;
}

/** Reads a line of sshd's log; undefined when it is not an accepted login of that account. */
export function parseAcceptedLogin(line: string, login: string): AcceptedLogin | undefined {
  const match = LINE.exec(line);
  if (!match || match[2] !== login) return undefined;
  return {
    pid: Number(match[1]),
    fingerprint: Buffer.from(match[4] as string, 'base64').toString('hex'),
    address: match[3] as string,
  };
}
