import { execFileSync } from 'node:child_process';

export interface Account {
  uid: number;
  gid: number;
}

/** Whom a server is run as that refuses root; undefined when we are an ordinary user already. */
export function ownAccount(name: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = ['-u', '-g'].map((option) =>
    Number(execFileSync('id', [option, name], { encoding: 'utf8' })),
  ) as [number, number];
  return { uid, gid };
}
