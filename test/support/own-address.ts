import { networkInterfaces } from 'node:os';

/**
 * An IPv4 address of this machine other than 127.0.0.1: MariaDB and Redis judge the loopback
 * interface by rules of its own. Throws when there is none.
 */
export function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found)
    throw new Error('this machine has no IPv4 address but that of the loopback interface');
  return found.address;
}
