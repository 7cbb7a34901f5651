import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from './command.ts';
import { hostsFolder } from './engine.ts';
import { owner, ownerLabel, uniqueName } from './owner.ts';
import { podman, runPodman } from './podman.ts';

export interface Network {
  name: string;
  /** Such as 10.89.3.0/24, used by no other network of this machine. */
  subnet: string;
  /** Address of this machine in it, reachable from the containers. */
  gateway: string;
  /** The /etc/hosts of every container in the network, read-only there. */
  hostsFile: string;
  /** An address of the subnet that was not given out before. Throws when all are. */
  nextAddress(): string;
  /** Lets every container of the network, at once, resolve a name to an address. */
  addName(name: string, address: string): void;
  /** To be called when a container was started: keeps the address of the bridge's card, which else changes. */
  steady(): Promise<void>;
  /** Removes the network and every container still in it. */
  remove(): Promise<void>;
}

/**
 * A bridge network in which containers find each other by name, and reach the package mirrors.
 * Names come from one shared hosts file, so that no question about them leaves this machine.
 */
export async function createNetwork(): Promise<Network> {
  const name = uniqueName('net');
  await podman(['network', 'create', '--disable-dns', '--label', `${ownerLabel}=${owner}`, name]);
  const format = '{{.NetworkInterface}}{{range .Subnets}} {{.Subnet}} {{.Gateway}}{{end}}';
  const [bridge = '', subnet = '', gateway = ''] = (
    await podman(['network', 'inspect', '--format', format, name])
  ).split(' ');
  const hostsFile = join(hostsFolder(), name);
  mkdirSync(hostsFolder(), { recursive: true });
  writeFileSync(hostsFile, '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n');
  // Fixed addresses, because those podman chooses change at a restart, and a host's address does not.
  let last = 9;
  return {
    name,
    subnet,
    gateway,
    hostsFile,
    nextAddress() {
      last += 1;
      if (last > 254) throw new Error(`no address left in ${subnet}`);
      return gateway.replace(/\d+$/, String(last));
    },
    addName(host, address) {
      // In place: the containers have this very file mounted.
      appendFileSync(hostsFile, `${address} ${host}\n`);
    },
    async steady() {
      // A bridge takes the lowest card address of its ports. When one goes, the other containers would send to
      // the address it had before, for up to a minute.
      await outputOf(['ip', 'link', 'set', 'dev', bridge, 'address', cardAddress(gateway)]);
    },
    async remove() {
      await runPodman(['network', 'rm', '-f', '-t', '0', name]);
      await rm(hostsFile, { force: true });
    },
  };
}

/** An Ethernet address for an IPv4 address, always the same: a restart does not change a host's card. */
export function cardAddress(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['02', '00', ...bytes].join(':');
}
