import type { Container } from '../../support/bed/index.ts';

/** Files of its disk with type, rights and content's time. */
export async function filesOf(host: Container): Promise<Map<string, string>> {
  const list = await host.output(
    `find /etc /opt /root /srv /usr /var -xdev ! -type d -printf '%p\\t%M %u %g %s %T@ %l\\n'
     find /etc /opt /root /srv /usr /var -xdev -type d -printf '%p\\t%M %u %g\\n'`,
  );
  return new Map(
    list
      .trim()
      .split('\n')
      .map((line) => line.split('\t', 2) as [string, string]),
  );
}

/** The files that came, went or changed; what logs and temporary folders get does not count. */
export function changes(before: Map<string, string>, now: Map<string, string>): string[] {
  const all = new Set([...before.keys(), ...now.keys()]);
  return [...all].filter(
    (file) => before.get(file) !== now.get(file) && !/^\/var\/(log|tmp)\//.test(file),
  );
}
