import { type Container, type ImageRecipe, proxyImage } from './bed/index.ts';

/** A customer's host with a packet filter; start it with the capability NET_ADMIN. */
export function filteredProxyImage(suite = 'bookworm'): ImageRecipe {
  const { packages } = proxyImage(suite);
  return { name: 'proxy-filtered', suite, packages: [...packages, 'nftables', 'wget'] };
}

/**
 * Keeps the host from sending what the match of nftables describes: at once, as a strict firewall
 * does (`reject`), or without a word (`drop`). Takes the place of what was blocked before.
 */
export async function block(
  host: Container,
  match: string,
  how: 'reject' | 'drop' = 'reject',
): Promise<void> {
  const verdicts =
    how === 'drop' ? [`${match} drop`] : [`${match} meta l4proto tcp reject with tcp reset`];
  await unblock(host);
  await host.output('nft -f -', {
    input: `table inet culvert_test {
      chain sending {
        type filter hook output priority 0;
        ${verdicts.join('\n')}
      }
    }`,
  });
}

/** Lets everything through again. */
export async function unblock(host: Container): Promise<void> {
  await host.shell('nft delete table inet culvert_test');
}
