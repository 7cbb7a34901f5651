import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { findPowerShell } from '../support/powershell.ts';
import { type MadeTunnel, startVendorSide, type VendorSide } from './support/vendor-side.ts';
import { WindowsHost } from './support/windows-host.ts';

/** A second proxy, and a key that the vendor accepts first: the installer under real PowerShell. */
if (!(await findPowerShell())) {
  test('slots and waiting keys on Windows', (t) => {
    t.diagnostic('not run here: slots and waiting keys on Windows, without PowerShell');
  });
} else {
  suite('slots and waiting keys on Windows', { concurrency: 1 }, () => {
    let database: Postgres;
    let vendor: VendorSide;
    let tunnel: MadeTunnel;
    let host: WindowsHost;

    before(async () => {
      [database, vendor] = await Promise.all([
        startPostgres(),
        startVendorSide({ slug: 'acme', firstTunnelPort: 21_300 }),
      ]);
      host = new WindowsHost();
      tunnel = await vendor.makeTunnel('orders', { host: '127.0.0.1', port: database.port });
    });
    after(async () => {
      host?.remove();
      await Promise.all([vendor?.stop(), database?.stop()]);
    });

    const waitingToken = async () => {
      const path = `/v1/tunnels/${tunnel.id}/tokens`;
      return (await vendor.api<{ token: string }>('POST', path, { confirm: true })).token;
    };

    /** The key that waits, once there is one. */
    const waitingKey = async (): Promise<string> => {
      for (const end = Date.now() + 120_000; ; await sleep(200)) {
        const path = `/v1/tunnels/${tunnel.id}/keys`;
        const { items } = await vendor.api<{ items: Record<string, string>[] }>('GET', path);
        const key = items.find(({ state }) => state === 'waiting')?.['fingerprint'];
        if (key !== undefined) return key;
        assert.ok(Date.now() < end, 'no key came');
      }
    };

    test('a key that nobody accepts ends the wait, with the fingerprint to read out', async () => {
      const script = (await vendor.installer(tunnel)).toString('latin1');
      const hasty = script.replace('$acceptWithin = 300', '$acceptWithin = 1');
      assert.notEqual(hasty, script);
      const token = await waitingToken();
      const { code, stdout, stderr } = await host.run(Buffer.from(hasty, 'latin1'), ['-Quiet'], {
        token,
      });
      const fingerprint = await waitingKey();
      assert.equal(code, 6, stdout + stderr);
      assert.match(
        stdout,
        new RegExp(`to accept this host's key first.*\\n +${fingerprint}\\r?\\n`),
      );
      assert.match(stderr, /has yet to accept this host's key\./);
      assert.match(stderr, new RegExp(`${fingerprint}\\. Then run this again, without token\\.`));
    });

    test('run again it waits, and goes on once the vendor has accepted the key', async () => {
      const running = host.run(await vendor.installer(tunnel));
      await sleep(3000);
      const fingerprint = await waitingKey();
      const path = `/v1/tunnels/${tunnel.id}/keys/${fingerprint}/confirm`;
      await vendor.api('POST', path, { fingerprint });
      const { code, stdout, stderr } = await running;
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /can query the database through this host/);
    });

    test('another slot of the tunnel is refused on this host, and changes nothing', async () => {
      await vendor.api('POST', `/v1/tunnels/${tunnel.id}/slots`, {});
      const path = `/v1/tunnels/${tunnel.id}/tokens`;
      const { token } = await vendor.api<{ token: string }>('POST', path, { slot: 2 });
      const before = [...host.installed()];
      const { code, stderr } = await host.run(await vendor.installer(tunnel, 2), [], { token });
      assert.equal(code, 4, stderr);
      assert.match(
        stderr,
        /this host holds slot 1 of this tunnel already\r?\n +A second proxy is /,
      );
      assert.deepEqual([...host.installed()], before);
    });
  });
}
