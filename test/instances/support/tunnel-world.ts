import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseType } from '../../../src/domain/database.ts';
import type { SlotCheck } from '../../../src/domain/slot-check.ts';
import { insertKey } from '../../../src/store/index.ts';
import { AgentHost, type Mode } from '../../agent/support/agent-host.ts';
import { CustomerProxy } from '../../agent/support/customer-proxy.ts';
import { untilOpen } from '../../agent/support/greeter.ts';
import { FIRST_PORT } from '../../agent/support/tunnel-port.ts';
import { changing } from '../../store/seed.ts';
import { freePort } from '../../support/free-port.ts';
import { type Answer, send } from './balancer.ts';
import { type Cluster, newTunnel } from './cluster.ts';
import type { Instance } from './instance.ts';

const MINUTE_MS = 60_000;
/** Of a world; a test has a hundred. */
const PORTS = 25;

/** A tunnel whose proxy is this machine. */
export interface RealTunnel {
  id: string;
  port: number;
  proxy: CustomerProxy;
}

export type CheckAnswer = SlotCheck & { tunnel: string; slot: number; checked_at: number };

/** Real control planes, a real agent with its sshd, and proxies with the real ssh. */
export interface TunnelWorld extends AsyncDisposable {
  agent: AgentHost;
  /** A tunnel whose proxy has a key, if it is to, and is not connected. */
  addTunnel(type?: DatabaseType, isEnrolled?: boolean): Promise<RealTunnel>;
  /** The same, connected to a database of this machine. */
  connected(type: DatabaseType, databasePort: number): Promise<RealTunnel>;
  /** Asks for a check, at an instance that the agent does not talk to unless another is named. */
  ask(tunnel: string, body?: object, instance?: Instance): Promise<Omit<Answer, 'lost'>>;
  /** A check that waits for its turn. */
  check(tunnel: string, body?: object): Promise<CheckAnswer>;
}

let worlds = 0;

/** Adds a tunnel server to a cluster: its agent talks to the second instance. */
export async function startTunnelWorld(cluster: Cluster, mode: Mode): Promise<TunnelWorld> {
  const { api, adminToken: token, store } = cluster;
  const [first, second] = cluster.instances;
  if (!first || !second) throw new Error('two instances are needed');
  const agent = new AgentHost(mode);
  const proxies: CustomerProxy[] = [];
  const port = await freePort();
  worlds += 1;
  const slug = `world-${worlds}`;
  // A range of its own: the tunnel ports of all regions are of the same machine here.
  const firstPort = FIRST_PORT + PORTS * (worlds - 1);
  const region = await api('POST', '/v1/regions', {
    slug,
    name: 'Here',
    login: agent.login,
    port,
    first_tunnel_port: firstPort,
    last_tunnel_port: firstPort + PORTS - 1,
  });
  const host = { host: `${slug}.example`, aliases: [] };
  const { join_token } = await api('POST', `/v1/regions/${region.id}/servers`, host);
  const account = await api('POST', '/v1/accounts', { slug, name: 'Customer' });
  await agent.start(second.url, { joinToken: join_token });

  const world: TunnelWorld = {
    agent,
    async addTunnel(type = 'postgresql', isEnrolled = true) {
      const place = { region: region.id, account: account.id, server: '', credential: '' };
      const body = newTunnel(place, `${slug}-${proxies.length}`);
      const database = { ...body.database, type };
      const { id, slots } = await api('POST', '/v1/tunnels', { ...body, database });
      const tunnelPort: number = slots[0].tunnel_port;
      const { folder, login } = agent;
      const server = { port, login };
      const made = { folder, server, port: tunnelPort, database: type, tunnel: id };
      const proxy = await CustomerProxy.make(made);
      proxies.push(proxy);
      if (isEnrolled) await enrol(proxy);
      return { id, port: tunnelPort, proxy };
    },
    async connected(type, databasePort) {
      const tunnel = await world.addTunnel(type);
      tunnel.proxy.connect(databasePort);
      await untilOpen(tunnel.port);
      return tunnel;
    },
    ask(tunnel, body = {}, { url } = first) {
      const path = `/v1/tunnels/${tunnel}/checks`;
      return send(url, { method: 'POST', path, token, body });
    },
    async check(tunnel, body) {
      for (;;) {
        const { status, body: answer } = await world.ask(tunnel, body);
        if (status === 200) return answer;
        assert.deepEqual([status, answer.code], [429, 'too-many'], JSON.stringify(answer));
        assert.ok(answer.retry_after >= 1 && answer.retry_after <= 5, answer.retry_after);
        await delay(answer.retry_after * 1000);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const proxy of proxies) await proxy.disconnect();
      await agent.remove();
    },
  };

  /** Puts its key into the store, and waits until the agent has it. */
  async function enrol({ key: { fingerprint, tunnel, line } }: CustomerProxy): Promise<void> {
    const [, type = '', blob = ''] = /(ssh-\S+) (\S+)/.exec(line) ?? [];
    const key = { fingerprint, type, blob, render: '0'.repeat(64), platform: 'linux' };
    await changing(store, [region.id], (trx, at) =>
      insertKey(trx, { ...key, tunnel_id: tunnel, slot: 1, confirmed: true }, at),
    );
    for (const end = Date.now() + MINUTE_MS; ; await delay(50)) {
      const { items } = await api('GET', `/v1/tunnels/${tunnel}/keys`);
      if (items[0]?.state === 'active') return;
      if (Date.now() > end) throw new Error('the agent does not take the key over');
    }
  }

  return world;
}
