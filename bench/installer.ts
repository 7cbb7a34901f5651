import { once } from 'node:events';
import {
  type Container,
  createNetwork,
  proxyImage,
  startContainer,
} from '../test/support/bed/index.ts';
import { startDatabaseHost } from '../test/support/database-host.ts';
import { pastedLine } from '../test/support/installer.ts';
import { type MadeTunnel, startVendorHost } from '../test/support/vendor-host.ts';
import { type Bench, type BenchResult, median } from './result.ts';

const ROUNDS = 5;
const GOAL_SECONDS = 2;
const PHASES = [
  'checks',
  'plan',
  'packages (all there)',
  'user and key',
  'enrolment',
  'service',
  'proof',
];

/** An installation by the pasted line, beside what the same host's ssh and the probe take alone. */
export const installerBench: Bench = { name: 'installer', run };

async function run(): Promise<BenchResult[]> {
  const network = await createNetwork();
  try {
    const { packages, ...image } = proxyImage();
    const [vendor, proxy] = await Promise.all([
      startVendorHost(network),
      startContainer({
        image: { ...image, name: 'with-autossh', packages: [...packages, 'autossh'] },
        network,
        name: 'proxy',
      }),
      startDatabaseHost(network),
    ]);
    const installations: number[][] = [];
    const bare: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const tunnel = await vendor.makeTunnel(`round-${round}`, { host: 'database', port: 5432 });
      const phases = await timeInstallation(proxy, tunnel);
      const alone = await timeBareConnection(proxy, tunnel);
      await proxy.output(`h_autossh uninstall ${tunnel.slug}`);
      if (round === 0) continue; // caches fill
      installations.push(phases);
      bare.push(alone);
    }
    return resultsOf(installations, median(bare));
  } finally {
    await network.remove();
  }
}

function resultsOf(installations: number[][], baseline: number): BenchResult[] {
  const row = (name: string, times: number[], goal: string, limit: number): BenchResult => {
    const ours = median(times);
    return { name, unit: 's', ours, baseline, ratio: ours / baseline, goal, ok: ours <= limit };
  };
  const sum = (phases: number[]) => phases.reduce((total, time) => total + time, 0);
  return [
    row(
      'install.sh until the database answers (baseline: ssh and the probe alone)',
      installations.map(sum),
      `<= baseline + ${GOAL_SECONDS} s`,
      baseline + GOAL_SECONDS,
    ),
    ...PHASES.map((phase, index) =>
      row(
        `  of that: ${phase}`,
        installations.map((phases) => phases[index] ?? 0),
        'none',
        Number.POSITIVE_INFINITY,
      ),
    ),
  ];
}

/** Seconds of each phase, by when its heading comes. The download is part of the first. */
async function timeInstallation(proxy: Container, tunnel: MadeTunnel): Promise<number[]> {
  const child = proxy.spawn(['bash']);
  const beginnings: number[] = [];
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
    for (let next = beginnings.length + 1; output.includes(`\n[${next}/7] `); next += 1) {
      beginnings.push(performance.now());
    }
  });
  child.stderr.on('data', (data) => {
    output += data;
  });
  const started = performance.now();
  child.stdin.end(
    `${pastedLine(`http://vendor:8080/t/${tunnel.id}/install.sh`, tunnel)}\nexit $?\n`,
  );
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the installation ended with ${code}:\n${output}`);
  const times = [started, ...beginnings.slice(1), performance.now()];
  return times.slice(1).map((time, index) => (time - (times[index] as number)) / 1000);
}

/** Seconds from the start of ssh, by the same configuration, until the vendor has its database. */
async function timeBareConnection(proxy: Container, tunnel: MadeTunnel): Promise<number> {
  const instance = `acme_${tunnel.slug}`;
  const before = `curl -s 'http://vendor:8080/t/${tunnel.id}/v1/status?slot=1'`;
  const nanoseconds = await proxy.output(`
    systemctl stop h_autossh@${instance}
    until ${before} | grep -qx session=down; do sleep 0.1; done
    began=$(date +%s%N)
    runuser -u h_autossh -- ssh -N -T -F /etc/h_autossh/${instance}/ssh_config tunnel &
    until ${before} >/run/status && grep -qx session=up /run/status &&
      grep -qx database=answers /run/status; do sleep 0.1; done
    echo $(($(date +%s%N) - began))
    kill %1`);
  return Number(nanoseconds.trim()) / 1e9;
}
