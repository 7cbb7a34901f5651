import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIPv6 } from 'node:net';
import { promisify } from 'node:util';

/**
 * Addresses that no name on the internet should lead to: this host, private and link-local networks,
 * and those of cloud metadata (IANA special-purpose address registries, RFC 6890).
 */
const SPECIAL = blockList([
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
]);

/**
 * Resolves a name once. Throws where any of its addresses is special, unless it is in `allow`: a name
 * that leads to both kinds is one that somebody plays with.
 */
export async function resolveGuarded(
  host: string,
  allow: readonly string[],
): Promise<LookupAddress> {
  const addresses = await promisify(lookup)(host, { all: true });
  const allowed = blockList(allow);
  const refused = addresses.find((address) => isIn(SPECIAL, address) && !isIn(allowed, address));
  const [first] = addresses;
  if (refused || !first) throw new Error('its address is private or of this host');
  return first;
}

function isIn(list: BlockList, { address, family }: LookupAddress): boolean {
  return list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(
      address,
      prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix),
      family,
    );
  }
  return list;
}
