import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listeningPorts } from '../src/agent/system/listening-ports.ts';
import { enrolStatement } from '../src/domain/proof.ts';
import { opensshFingerprint } from '../src/domain/public-key.ts';
import { parseToken } from '../src/domain/token.ts';
import { AgentHost } from '../test/agent/support/agent-host.ts';
import { CustomerProxy } from '../test/agent/support/customer-proxy.ts';
import { untilOpen } from '../test/agent/support/greeter.ts';
import { FIRST_PORT, LAST_PORT } from '../test/agent/support/tunnel-port.ts';
import { type Cluster, newTunnel, startCluster } from '../test/instances/support/cluster.ts';
import { prove } from '../test/server/support/ssh-keys.ts';
import { freePort } from '../test/support/free-port.ts';
import { until } from '../test/support/until.ts';
import { type Bench, type BenchResult, median } from './result.ts';

const ROUNDS = 100;
const GOAL_MS = 1000;
const LONGEST_MS = 60_000;

/**
 * From the API's answer that a key is removed until the tunnel port of its session is closed, beside
 * the same when the proxy itself ends its session. A whole control plane on SQLite, an agent, sshd.
 */
export const revocationBench: Bench = { name: 'revocation', run };

async function run(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-revocation-'));
  const agent = new AgentHost('root');
  try {
    await using cluster = await startCluster({ stores: [`sqlite:${join(folder, 'store')}`] });
    const place = await startTunnelServer(cluster, agent);
    const removed: number[] = [];
    const ended: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { proxy, tunnel } = await enrol(cluster, agent, place, `tunnel-${round}`);
      await connect(proxy);
      await proxy.disconnect();
      ended.push(await untilClosed(proxy.key.port));
      await connect(proxy);
      await cluster.api('DELETE', `/v1/tunnels/${tunnel}/keys/${proxy.key.fingerprint}`);
      removed.push(await untilClosed(proxy.key.port));
      await proxy.disconnect();
    }
    const row = (name: string, ours: number, baseline: number) => ({
      ...{ name, unit: 'ms', ours, baseline, ratio: ours / baseline },
      ...{ goal: `< ${GOAL_MS} ms`, ok: ours < GOAL_MS },
    });
    const name = "a key's removal answered → its port closed, p50 (baseline: ssh ended → closed)";
    return [
      row(name, median(removed), median(ended)),
      row(
        `  the longest of ${ROUNDS} (baseline: the same)`,
        Math.max(...removed),
        Math.max(...ended),
      ),
    ];
  } finally {
    await agent.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a tunnel is made with, and where its proxy logs in. */
interface Place {
  region: string;
  account: string;
  port: number;
}

async function startTunnelServer(cluster: Cluster, agent: AgentHost): Promise<Place> {
  const { api, instances } = cluster;
  const port = await freePort();
  const ports = { first_tunnel_port: FIRST_PORT, last_tunnel_port: LAST_PORT };
  const region = await api('POST', '/v1/regions', { slug: 'eu', name: 'Europe', port, ...ports });
  const host = { host: 'eu.example', aliases: [] };
  const { join_token: joinToken } = await api('POST', `/v1/regions/${region.id}/servers`, host);
  await agent.start(instances[0]?.url ?? '', { joinToken });
  const account = await api('POST', '/v1/accounts', { slug: 'globex', name: 'Globex' });
  return { region: region.id, account: account.id, port };
}

/** A tunnel whose proxy's key is in place. */
async function enrol(
  { api, call }: Cluster,
  { folder, login, stateFolder }: AgentHost,
  { port, ...place }: Place,
  slug: string,
): Promise<{ proxy: CustomerProxy; tunnel: string }> {
  const made = newTunnel({ ...place, server: '', credential: '' }, slug);
  const { id, token, slots } = await api('POST', '/v1/tunnels', { ...made, issue_token: true });
  const server = { port, login };
  const proxy = await CustomerProxy.make({ folder, server, port: slots[0].tunnel_port });
  const [type, blob] = readFileSync(`${proxy.identity}.pub`, 'utf8').split(' ');
  const public_key = `${type} ${blob}`;
  const { fingerprint } = proxy.key;
  const pair = { file: proxy.identity, publicKey: public_key, fingerprint, privateKey: '' };
  const proof = prove(enrolStatement(id, 1, parseToken('enrolment', token)?.id ?? ''), pair);
  const body = { slot: 1, public_key, proof, render: 'a'.repeat(64), platform: 'linux' };
  const answer = await call({ method: 'POST', path: `/t/${id}/v1/enrol`, token, body });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  const file = join(stateFolder, 'keys', opensshFingerprint(fingerprint));
  await until('the key is in place', () => existsSync(file), LONGEST_MS, 1);
  return { proxy, tunnel: id };
}

async function connect(proxy: CustomerProxy): Promise<void> {
  proxy.connect(9);
  await untilOpen(proxy.key.port);
}

/** Milliseconds from now. */
async function untilClosed(port: number): Promise<number> {
  const started = performance.now();
  const isClosed = () => !listeningPorts('127.0.0.1').has(port);
  await until(`port ${port} is closed`, isClosed, LONGEST_MS, 1);
  return performance.now() - started;
}
