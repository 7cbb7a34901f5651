import { type LookupAddress, lookup } from 'node:dns';
import { promisify } from 'node:util';
import { isInside } from '../../domain/source-list.ts';

/**
 * Addresses that no name on the internet should lead to: this host, private and link-local networks,
 * and those of cloud metadata (IANA special-purpose address registries, RFC 6890).
 */
const SPECIAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
];

/**
 * Resolves a name once. Throws where any of its addresses is special, unless it is in `allow`: a name
 * that leads to both kinds is one that somebody plays with.
 */
export async function resolveGuarded(
  host: string,
  allow: readonly string[],
): Promise<LookupAddress> {
  const addresses = await promisify(lookup)(host, { all: true });
  const refused = addresses.some(
    ({ address }) => isInside(address, SPECIAL) && !isInside(address, allow),
  );
  const [first] = addresses;
  if (refused || !first) throw new Error('its address is private or of this host');
  return first;
}
