import { outputOf } from '../bed/command.ts';
import { type Container, type Network, podman } from '../bed/index.ts';

/** The network between one proxy and the vendor's side, to be broken in the ways that customers see. */
export interface Line {
  /** Packets to and from the vendor's side and the name server vanish; nobody is told. */
  dropPackets(): Promise<void>;
  /** Questions to the name server vanish, and nothing else. */
  dropQuestions(): Promise<void>;
  /** The proxy's card has no link: no route to anywhere. */
  loseLink(): Promise<void>;
  /** Undoes `dropPackets`. */
  passPackets(): Promise<void>;
  /** Undoes `dropQuestions`. */
  passQuestions(): Promise<void>;
  /** Undoes `loseLink`. */
  regainLink(): Promise<void>;
}

/** The line of a proxy whose containers must run until it is no longer used. */
export async function lineOf(
  proxy: Container,
  network: Network,
  { vendor, names }: { vendor: Container; names: Container },
): Promise<Line> {
  const atProxy = await inNetworkOf(proxy);
  const atVendor = await inNetworkOf(vendor);
  const atNames = await inNetworkOf(names);
  // A packet is dropped where it arrives: dropped where it leaves, the sender would be told.
  const drop = (at: InNetwork, table: string, what: string) =>
    at([
      'nft',
      `table inet ${table} { chain arriving { type filter hook input priority 0; ${what} drop; }; }`,
    ]);
  const pass = (at: InNetwork, table: string) => at(['nft', `delete table inet ${table}`]);
  const own = `of_${proxy.address.replaceAll('.', '_')}`;
  return {
    async dropPackets() {
      await drop(atVendor, own, `ip saddr ${proxy.address}`);
      await drop(atNames, own, `ip saddr ${proxy.address}`);
      await drop(atProxy, own, `ip saddr { ${vendor.address}, ${names.address} }`);
    },
    async passPackets() {
      await pass(atVendor, own);
      await pass(atNames, own);
      await pass(atProxy, own);
    },
    async dropQuestions() {
      const questions = `ip saddr ${proxy.address} meta l4proto { tcp, udp } th dport 53`;
      await drop(atNames, `questions_${own}`, questions);
    },
    passQuestions: () => pass(atNames, `questions_${own}`),
    loseLink: () => atProxy(['ip', 'link', 'set', 'dev', 'eth0', 'down']),
    async regainLink() {
      await atProxy(['ip', 'link', 'set', 'dev', 'eth0', 'up']);
      await atProxy(['ip', 'route', 'replace', 'default', 'via', network.gateway]);
    },
  };
}

type InNetwork = (argv: readonly string[]) => Promise<void>;

/** Runs programs of this machine in a container's network: its images have no packet filter. */
async function inNetworkOf(container: Container): Promise<InNetwork> {
  const pid = await podman(['inspect', '--format', '{{.State.Pid}}', container.id]);
  return async (argv) => {
    await outputOf(['nsenter', `--target=${pid}`, '--net', '--', ...argv]);
  };
}
