import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenTo, startGreeter } from '../agent/support/greeter.ts';
import { outputOf } from '../support/bed/command.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { compileHost } from './support/compile-host.ts';
import { Front } from './support/front.ts';
import { HostProcess, type State } from './support/host-process.ts';
import { Vendor } from './support/vendor.ts';

const folder = mkdtempSync(join(tmpdir(), 'culvert-windows-'));
const data = () => mkdtempSync(join(folder, 'data-'));
const hosts: HostProcess[] = [];
const fronts: Front[] = [];
let program: string;
let vendor: Vendor;
let database: Awaited<ReturnType<typeof startGreeter>>;

before(async () => {
  [program, vendor, database] = await Promise.all([
    compileHost(folder),
    Vendor.make(),
    startGreeter(),
  ]);
});

after(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  for (const front of fronts) await front.close();
  await vendor.remove();
  database.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(at: string, second = 1000): HostProcess {
  const host = new HostProcess(program, at, { second });
  hosts.push(host);
  return host;
}

async function newFront(): Promise<Front> {
  const front = await Front.to(vendor.port);
  fronts.push(front);
  return front;
}

/** Waits until the database greets through a tunnel; gives when it did. */
async function untilGreeted(tunnelPort: number, within: number): Promise<number> {
  for (const end = performance.now() + within; ; await sleep(50)) {
    if ((await listenTo(tunnelPort)) === 'hello') return performance.now();
    assert.ok(performance.now() < end, `port ${tunnelPort} leads nowhere after ${within} ms`);
  }
}

const isUp = ({ state }: State) => state === 'up';
const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean);

suite('tunnels on Windows', { concurrency: true }, () => {
  test('psql is answered through a tunnel, also by way of --connect; no ssh outlives the host', async () => {
    const at = data();
    const postgres: Postgres = await startPostgres();
    const plain = await vendor.tunnel(at, 'plain', postgres.port);
    const { port } = vendor;
    const endpoints = [`127.0.0.1 ${await closedPort()}`, `127.0.0.1 ${port}`];
    const connected = await vendor.tunnel(at, 'connected', postgres.port, { endpoints });
    plain.folder.want('1');
    connected.folder.want('1');
    const host = run(at);
    const ssh: number[] = [];
    for (const [name, { tunnelPort }] of Object.entries({ plain, connected })) {
      ssh.push(Number((await host.until(name, isUp)).pid));
      const url = `postgres://postgres@127.0.0.1:${tunnelPort}/postgres`;
      const answer = await untilAnswered(() => outputOf(['psql', url, '-Atc', 'select 6 * 7']));
      assert.equal(answer.trim(), '42');
    }
    await postgres.stop();
    assert.ok(childrenOf(ssh[1] as number).length > 0, 'ssh runs --connect');
    assert.deepEqual(
      host.sshProcesses(),
      ssh.toSorted((a, b) => a - b),
    );
    assert.equal(await host.stop(), 0);
    assert.deepEqual(host.sshProcesses(), []);
    await host.untilNoneBut();
    assert.deepEqual(
      [host.stateOf('plain').state, host.stateOf('plain').pid],
      ['stopped', undefined],
    );
    assert.equal(host.said.at(-1)?.line, 'host: stopped');
  });

  test('it ends with whoever holds its standard input', async () => {
    const at = data();
    (await vendor.tunnel(at, 'orders', database.port)).folder.want('1');
    const host = run(at);
    await host.until('orders', isUp);
    await host.stop('SIGKILL');
    await host.untilNoneBut();
    assert.equal(host.stateOf('orders').state, 'stopped');
  });

  test('killed twenty times it is back each time, after the pauses that were decided', async () => {
    const at = data();
    const { folder, tunnelPort } = await vendor.tunnel(at, 'orders', database.port);
    folder.want('1');
    const host = run(at, 100);
    let last = '';
    for (let round = 0; round < 20; round += 1) {
      await untilGreeted(tunnelPort, 60_000);
      const { pid = '' } = await host.until('orders', isUp);
      assert.notEqual(pid, last);
      process.kill(Number(pid), 'SIGKILL');
      last = pid;
      await host.until('orders', (state) => state.pid !== pid);
    }
    await untilGreeted(tunnelPort, 60_000);
    const pauses = host.pausesOf('orders');
    assert.ok(pauses.length >= 20);
    assert.deepEqual(pauses.slice(0, 5), [1, 2, 4, 8, 15]);
    for (const pause of pauses.slice(5)) assert.ok(pause >= 12 && pause <= 18, `${pauses}`);
    assert.ok(new Set(pauses.slice(5)).size > 5, `${pauses}`);
    await host.stop();
  });

  test('the pauses last as long as they say', async () => {
    const at = data();
    const { folder } = await vendor.tunnel(at, 'orders', database.port);
    folder.write('ssh_config', 'NoSuchOption yes\n');
    folder.want('1');
    const host = run(at);
    for (const end = performance.now() + 20_000; host.linesOf('orders', /^starting/).length < 4; ) {
      assert.ok(performance.now() < end);
      await sleep(50);
    }
    const down = host.linesOf('orders', /^down/);
    const begun = host.linesOf('orders', /^starting/);
    [1, 2, 4].forEach((seconds, number) => {
      const tookMs = (begun[number + 1]?.at ?? 0) - (down[number]?.at ?? 0);
      assert.ok(Math.abs(tookMs - seconds * 1000) < 700, `${seconds} s: ${tookMs} ms`);
    });
    await host.stop();
  });

  test('after ten minutes of steady pauses they are long; a healthy minute begins anew', async () => {
    const at = data();
    const front = await newFront();
    const { folder, tunnelPort } = await vendor.tunnel(at, 'orders', database.port, {
      port: front.port,
    });
    await front.close();
    folder.want('1');
    const second = 20;
    const host = run(at, second);
    await host.until('orders', () => host.pausesOf('orders').at(-1) === 60, 60_000);
    const pauses = host.pausesOf('orders');
    const steady = pauses.slice(5, -1);
    assert.ok(steady.length > 2 && steady.length <= 50, `${pauses}`);
    for (const pause of steady) assert.ok(pause >= 12 && pause <= 18, `${pauses}`);

    await front.open();
    const began = await untilGreeted(tunnelPort, 60_000);
    // Well within the minute, the pauses go on where they were.
    front.drop();
    await host.until('orders', isUp);
    assert.equal(host.pausesOf('orders').at(-1), 60, `${performance.now() - began} ms`);
    await untilGreeted(tunnelPort, 60_000);
    await sleep(62 * second + 1000);
    front.drop();
    await host.until('orders', ({ state }) => state !== 'up');
    await untilGreeted(tunnelPort, 60_000);
    assert.equal(host.pausesOf('orders').at(-1), 1);
    await host.stop();
  });

  test('after 40, 60 and 90 s without the server it is back within 20 s; others notice nothing', async () => {
    const at = data();
    const untouched = await vendor.tunnel(at, 'untouched', database.port);
    const broken = await vendor.tunnel(at, 'broken', database.port, { hostKeys: [] });
    untouched.folder.want('1');
    broken.folder.want('1');
    const cells = await Promise.all(
      [40, 60, 90].map(async (seconds) => {
        const front = await newFront();
        const name = `away-${seconds}`;
        const tunnel = await vendor.tunnel(at, name, database.port, { port: front.port });
        tunnel.folder.want('1');
        return { ...tunnel, name, seconds, front };
      }),
    );
    const host = run(at);
    await untilGreeted(untouched.tunnelPort, 60_000);
    const { pid } = await host.until('untouched', isUp);
    await Promise.all(
      cells.map(async ({ seconds, name, front, tunnelPort }) => {
        await untilGreeted(tunnelPort, 60_000);
        await front.close();
        await sleep(seconds * 1000);
        assert.equal(host.stateOf(name).state, 'waiting');
        await front.open();
        const returned = performance.now();
        const tookMs = (await untilGreeted(tunnelPort, 60_000)) - returned;
        assert.ok(tookMs <= 20_000, `${seconds} s away: back after ${tookMs} ms`);
      }),
    );
    assert.ok(host.pausesOf('broken').length >= 8);
    assert.match(host.stateOf('broken').reason ?? '', /^The server's host key is not one of/);
    assert.equal(host.stateOf('untouched').pid, pid);
    assert.equal(host.linesOf('untouched').length, 2, 'starting and up, and no more');
    assert.equal(await listenTo(untouched.tunnelPort), 'hello');
    await host.stop();
  });

  test('a frozen child of ssh that holds its standard error delays nothing', async () => {
    const at = data();
    const front = await newFront();
    const endpoints = [`127.0.0.1 ${front.port}`, `127.0.0.1 ${await closedPort()}`];
    const { folder, tunnelPort } = await vendor.tunnel(at, 'orders', database.port, { endpoints });
    folder.want('1');
    const host = run(at);
    await untilGreeted(tunnelPort, 60_000);
    const pid = Number((await host.until('orders', isUp)).pid);
    const [child] = childrenOf(pid).map(Number);
    assert.ok(child !== undefined);
    process.kill(child, 'SIGSTOP');
    const killed = performance.now();
    process.kill(pid, 'SIGKILL');
    front.drop();
    await host.until('orders', (state) => state.pid !== undefined && state.pid !== `${pid}`);
    const [, again] = host.linesOf('orders', /^starting/);
    // At most two seconds for ssh's last lines, and the first pause.
    assert.ok((again?.at ?? 0) - killed < 4000, `${(again?.at ?? 0) - killed} ms`);
    await untilGreeted(tunnelPort, 60_000);
    assert.equal(await host.stop(), 0);
    await host.untilNoneBut([child]);
    assert.deepEqual(host.processes(), [child]);
    process.kill(child, 'SIGKILL');
  });

  test('it starts anew once when something else is wanted, and ends when nothing is', async () => {
    const at = data();
    const host = run(at);
    const { folder, tunnelPort } = await vendor.tunnel(at, 'orders', database.port);
    await sleep(2500);
    assert.deepEqual(host.stateOf('orders'), {}, 'nothing is wanted yet');
    folder.want('1');
    const { pid: first } = await host.until('orders', isUp);
    folder.want('2');
    const other = (state: State) => isUp(state) && state.pid !== first;
    const { pid: second } = await host.until('orders', other);
    folder.want('2');
    await sleep(5000);
    assert.equal(host.stateOf('orders').pid, second);
    await untilGreeted(tunnelPort, 60_000);
    folder.unwant();
    await host.until('orders', ({ state }) => state === 'stopped', 5000);
    assert.equal(await listenTo(tunnelPort), undefined);
    folder.want('3');
    await host.until('orders', isUp);
    await untilGreeted(tunnelPort, 60_000);
    rmSync(folder.path, { recursive: true });
    for (const end = performance.now() + 60_000; host.linesOf('orders', /^stopped/).length < 2; ) {
      assert.ok(performance.now() < end);
      await sleep(50);
    }
    await host.stop();
  });
});

async function closedPort(): Promise<number> {
  const greeter = await startGreeter();
  greeter.stop();
  return greeter.port;
}

/** The tunnel is up a moment before its port is. */
async function untilAnswered(ask: () => Promise<string>): Promise<string> {
  for (const end = performance.now() + 60_000; ; await sleep(100)) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}
