import { type Catalogue, templateOf } from './catalogue.ts';
import type { CheckedInstallerInput } from './input.ts';

/** Renders the pinned host keys of a tunnel: the active and the spare one of each server. */
export function renderKnownHosts(catalogue: Catalogue, { servers }: CheckedInstallerInput): string {
  return templateOf(catalogue, 'known-hosts').render({
    host_keys: servers.flatMap(({ host_keys }) => [host_keys.active, host_keys.spare]),
  });
}
