import type { Slot, Tunnel } from '../../domain/tunnel.ts';
import { type SlotAddresses, slotAddresses } from '../addresses.ts';
import type { Served } from '../installers/served.ts';
import { pinnedCommands } from '../pinned-commands.ts';
import type { ServerSettings } from '../settings.ts';

/** What to paste on one kind of host. */
export interface SystemView {
  name: string;
  commands: { label: string; command: string }[];
}

/** The kinds of host that can be a proxy of this tunnel: Windows has no Unix socket to lead to. */
export function systemViews(
  settings: ServerSettings,
  { database }: Tunnel,
  slot: Slot,
  served: Served | undefined,
): SystemView[] {
  const addresses = slotAddresses(settings, slot.tunnel_id, slot.number);
  const pinned = pinnedCommands(settings, slot.tunnel_id, served);
  const linux = {
    name: 'Linux',
    commands: [...linuxCommands(addresses), ...exactly(pinned.linux)],
  };
  if ('socket' in database) return [linux];
  return [
    linux,
    {
      name: 'Windows, in PowerShell as administrator',
      commands: [...windowsCommands(addresses), ...exactly(pinned.windows)],
    },
  ];
}

function linuxCommands({ command, script, bundle }: SlotAddresses): SystemView['commands'] {
  return [
    { label: 'Install. It asks for the token that you were given:', command },
    {
      label: 'Only check, and print what to ask of your network team:',
      command: `${command} -s -- check`,
    },
    {
      label: 'Read it first:',
      command: `curl -fsSLO ${script}; less install.sh; bash install.sh --dry-run; bash install.sh`,
    },
    {
      label: 'Review all of it first, with its digests and signature; VERIFY.md in it says how:',
      command: `curl -fsSLO ${bundle}; tar -xzf bundle.tar.gz`,
    },
  ];
}

function windowsCommands({ windows }: SlotAddresses): SystemView['commands'] {
  return [
    { label: 'Download it:', command: windows.download },
    { label: 'See that it came whole; this prints True:', command: windows.compare },
    {
      label: 'Read it, then install. It asks for the token that you were given:',
      command: windows.run,
    },
    { label: 'Instead, where a group policy forbids script files:', command: windows.runAsText },
  ];
}

function exactly(command: string | undefined): SystemView['commands'] {
  if (command === undefined) return [];
  return [{ label: 'Install exactly what is served now, whatever is by then:', command }];
}
