import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAcceptedLogin } from '../../src/agent/sessions/accepted-login.ts';
import { childrenOf } from '../../src/agent/system/process-table.ts';
import { opensshFingerprint } from '../../src/domain/public-key.ts';
import { until } from '../support/until.ts';
import { MODES } from './support/agent-host.ts';
import type { CustomerProxy } from './support/customer-proxy.ts';
import { listenTo, startGreeter } from './support/greeter.ts';
import { run } from './support/run.ts';
import { World } from './support/world.ts';

/* Whoever reaches the port can write whole lines into sshd's log, without any key. */

for (const mode of MODES) {
  suite(`forged lines in the log, sshd as ${mode}`, () => {
    let world: World;
    let database: Awaited<ReturnType<typeof startGreeter>>;
    let victim: CustomerProxy;
    let session: string;

    before(async () => {
      database = await startGreeter();
      world = await World.make(mode);
      await world.startAgent();
      victim = await world.enrolled();
      victim.connect(database.port);
      session = (await up(victim)).session_id;
    });
    after(async () => {
      await world.remove();
      database.stop();
    });

    const up = ({ key }: CustomerProxy) =>
      world.controlPlane.until(key.tunnel, (row) => row.session === 'up');
    const log = () => readFileSync(join(world.agent.stateFolder, 'sshd.log'), 'latin1');
    const sshd = () => Number(readFileSync(join(world.agent.stateFolder, 'sshd.pid'), 'latin1'));
    const line = (pid: number | string, fingerprint: string) =>
      `auth.c:auth_log():298 (pid=${pid}): Accepted publickey for ${world.agent.login} from ` +
      `127.0.0.9 port 1 ssh2: ED25519 ${opensshFingerprint(fingerprint)}`;

    /** Writes lines into the log in the one way that each reader takes for sshd's own. */
    const forge = async (...lines: string[]) => {
      for (const forged of lines) {
        const socket = await greet('SSH-2.0-forger');
        socket.end(disconnectMessage(`x\r\n${forged}\r\nx`));
        const isThere = () => log().split(/\r?\n/).includes(forged);
        await until(() => `the log has no such line: ${log().slice(-500)}`, isThere, 60_000, 5);
        assert.ok(parseAcceptedLogin(forged, world.agent.login));
      }
    };
    const greet = async (banner: string): Promise<Socket> => {
      const socket = connect(world.controlPlane.region.port, '127.0.0.1');
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('data', resolve));
      socket.write(`${banner}\r\n`);
      return socket;
    };
    const nothingMoved = async () => {
      await sleep(300);
      assert.equal(await listenTo(victim.key.port), 'hello');
      const { session_id, session_key } = await up(victim);
      assert.deepEqual([session_id, session_key], [session, victim.key.fingerprint]);
    };

    test('a line that gives the victim’s key to a session of the forger’s', async () => {
      const forger = await world.enrolled();
      forger.connect(database.port);
      const [, pid = ''] = (await up(forger)).session_id.split('-');
      await forge(line(pid, victim.key.fingerprint));
      await nothingMoved();
      assert.equal((await up(forger)).session_key, forger.key.fingerprint);
      await forger.disconnect();
    });

    test('a line that gives the victim’s key to a connection that has not logged in', async () => {
      const waiting = await greet('SSH-2.0-forger');
      await sleep(100);
      const pids = childrenOf(sshd());
      await forge(...pids.slice(-2).map((pid) => line(pid, victim.key.fingerprint)));
      await nothingMoved();
      waiting.destroy();
    });

    test('a line that gives the victim’s session another key, also one that is removed then', async () => {
      const forger = await world.enrolled();
      const [, pid = ''] = session.split('-');
      await forge(line(pid, forger.key.fingerprint), line(pid, '0'.repeat(64)));
      world.controlPlane.removeKey(forger.key.fingerprint);
      await world.controlPlane.applied();
      await nothingMoved();
    });

    test('lines about processes that are no session', async () => {
      const strangers = [1, process.pid, sshd(), 999_999_999];
      await forge(...strangers.map((pid) => line(pid, victim.key.fingerprint)));
      await nothingMoved();
    });

    test('odd names of users and odd banners', async () => {
      const [, pid = ''] = session.split('-');
      const forged = line(pid, '0'.repeat(64));
      // sshd takes what follows a colon for something else, and logs the name alone.
      for (const name of [forged, `${forged} `, `%s%n${forged}`, world.agent.login.toUpperCase()]) {
        const config = join(world.agent.folder, 'ssh_config');
        writeFileSync(config, `User "${name}"\n`);
        const [, , ...args] = victim.arguments('-N').slice(0, -1);
        await run('ssh', ['-F', config, ...args, '127.0.0.1'], { timeout: 5000 });
      }
      assert.match(log(), /Invalid user auth\.c from/);
      for (const banner of [forged, `SSH-2.0-x\n${forged}`, `SSH-1.0-\r\n${forged}`, '\0\xff']) {
        (await greet(banner)).end();
      }
      await nothingMoved();
    });
  });
}

/** SSH_MSG_DISCONNECT (RFC 4253, 11.1), before any key exchange: nothing is encrypted yet. */
function disconnectMessage(description: string): Buffer {
  const text = Buffer.from(description, 'latin1');
  const payload = Buffer.concat([
    Buffer.from([1]),
    uint32(11),
    uint32(text.length),
    text,
    uint32(0),
  ]);
  const padding = 8 - ((payload.length + 5) % 8) + 8;
  return Buffer.concat([
    uint32(payload.length + padding + 1),
    Buffer.from([padding]),
    payload,
    Buffer.alloc(padding),
  ]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
