import { networkInterfaces } from 'node:os';

/**
 * The IPv4 addresses of this machine other than that of the loopback interface. Without those of
 * bridges: tests in containers make and remove them meanwhile.
 */
export function ownAddresses(): string[] {
  return Object.entries(networkInterfaces())
    .flatMap(([name, addresses]) => (name.includes('podman') ? [] : (addresses ?? [])))
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}

/**
 * One of them, since MariaDB and Redis judge the loopback interface by rules of its own. Throws when
 * there is none.
 */
export function ownAddress(): string {
  const [address] = ownAddresses();
  if (!address)
    throw new Error('this machine has no IPv4 address but that of the loopback interface');
  return address;
}
