import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../support/bed/command.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { findPowerShell } from '../support/powershell.ts';
import { watchSecret } from './support/secret-watch.ts';
import { type MadeTunnel, startVendorSide, type VendorSide } from './support/vendor-side.ts';
import { WindowsHost } from './support/windows-host.ts';

/**
 * The whole way of a Windows host: the installer itself under real PowerShell, against a real control
 * plane and a real sshd. What only Windows has is replaced by fakes that note each call.
 */
const powerShell = await findPowerShell();

const SERVICE = 'h_autossh_acme';
const FOLDER_RIGHTS = 'O:BAD:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)';
const FILE_RIGHTS = 'O:BAD:P(A;;FA;;;BA)(A;;FA;;;SY)';

if (!powerShell) {
  test('the installer for Windows', (t) => {
    t.diagnostic('not run here: the installer for Windows, without PowerShell');
  });
} else {
  suite('the installer for Windows', { concurrency: 1 }, () => {
    let database: Postgres;
    let acme: VendorSide;
    let other: VendorSide;
    let host: WindowsHost;
    let orders: MadeTunnel;
    let plan: string;

    const query = async (tunnel: MadeTunnel, within = 15_000) => {
      const words = ['psql', '-h', '127.0.0.1', '-p', `${tunnel.slots[0].tunnel_port}`];
      const env = { ...process.env, PGCONNECT_TIMEOUT: '2' };
      for (const deadline = Date.now() + within; ; await sleep(200)) {
        const { code, stdout } = await runCommand(
          [...words, '-U', 'postgres', '-Atc', 'select 42'],
          { env },
        );
        if (code === 0) return stdout.trim();
        if (Date.now() > deadline) return undefined;
      }
    };
    const keyOf = (tunnel: string, vendor = 'acme') =>
      readFileSync(join(host.programData, 'h_autossh', vendor, tunnel, 'key.pub'), 'utf8');
    const sshOf = (tunnel: string) =>
      host
        .processes()
        .filter(({ command }) => command.includes(`/acme/${tunnel}/`) && / -N /.test(command));

    before(async () => {
      [database, acme, other] = await Promise.all([
        startPostgres(),
        startVendorSide({ slug: 'acme', firstTunnelPort: 21_000 }),
        startVendorSide({ slug: 'other', firstTunnelPort: 21_100 }),
      ]);
      host = new WindowsHost();
      orders = await acme.makeTunnel('orders', { host: '127.0.0.1', port: database.port });
    });
    after(async () => {
      host?.remove();
      await Promise.all([acme?.stop(), other?.stop(), database?.stop()]);
    });

    test('-Check prints the ticket and changes nothing', async () => {
      const { code, stdout, stderr } = await host.run(await acme.installer(orders), ['-Check']);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /TCP to 127\.0\.0\.1 port \d+: the postgresql database/);
      assert.match(stdout, /Nothing was changed/);
      assert.deepEqual([...host.installed()], []);
      assert.deepEqual(host.scratch(), []);
    });

    test('-DryRun prints the plan and changes nothing, and so does -WhatIf', async () => {
      for (const word of ['-DryRun', '-WhatIf']) {
        const { code, stdout, stderr } = await host.run(await acme.installer(orders), [word]);
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, /This was a dry run\. Nothing was changed/);
        plan = stdout;
      }
      assert.deepEqual([...host.installed()], []);
      assert.deepEqual(host.scratch(), []);
      assert.ok(host.calls().every((call) => call.startsWith('folder Windows/Temp/culvert-')));
    });

    test('without a token and without a terminal it says what to set', async () => {
      const { code, stderr } = await host.run(await acme.installer(orders));
      assert.equal(code, 2);
      assert.match(stderr, /CULVERT_TOKEN/);
    });

    test('it installs, and the vendor queries the database', async () => {
      host.calls();
      const watch = watchSecret(orders.token);
      const { code, stdout, stderr } = await host.run(await acme.installer(orders), [], {
        token: orders.token,
      });
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(await watch.stop(), [], 'the token is in no argv and no environment');
      assert.equal(await query(orders), '42');
      assert.equal(stderr, '');
      assert.deepEqual(host.scratch(), []);
    });

    test('the token is nowhere on the host', async () => {
      const { stdout } = await runCommand(['grep', '-rlF', orders.token, host.folder]);
      assert.equal(stdout, '');
    });

    test('Windows was asked for exactly what it should be', () => {
      const own = host.calls().filter((call) => !call.includes('Windows/Temp/culvert-'));
      const data = 'ProgramData/h_autossh';
      assert.deepEqual(
        own.map((call) => call.replace(/host\.[0-9a-f]{16}/, 'host.<digest>')),
        [
          `folder ${data} ${FOLDER_RIGHTS}`,
          `folder ${data}/acme ${FOLDER_RIGHTS}`,
          `folder ${data}/acme/orders ${FOLDER_RIGHTS}`,
          `folder ${data}/acme/orders/next ${FOLDER_RIGHTS}`,
          `rights ${data}/acme/orders/next/key ${FILE_RIGHTS}`,
          `rights ${data}/acme/orders/key ${FILE_RIGHTS}`,
          `make-service ${SERVICE} "ProgramFiles/h_autossh/acme/host.<digest>/TunnelHost.exe" ` +
            `--service ${SERVICE} --data "${data}/acme" --ssh "Windows/System32/OpenSSH/ssh.exe" ` +
            'Tunnels to Vendor acme (Culvert)',
          `sc.exe description ${SERVICE} Keeps the SSH tunnels to Vendor acme open. Made by Culvert.`,
          `sc.exe privs ${SERVICE} SeChangeNotifyPrivilege`,
          `sc.exe failure ${SERVICE} reset= 86400 actions= restart/5000/restart/5000/restart/60000`,
          `sc.exe failureflag ${SERVICE} 1`,
          `make-event-source ${SERVICE}`,
          `start-service ${SERVICE}`,
        ],
      );
    });

    test('all that it made was on the plan', () => {
      const planned = plan
        .replaceAll(`${host.folder}/`, '')
        .replaceAll('\\', '/')
        .replaceAll(/%(Program\w+)%/g, '$1')
        .replaceAll(/host\.<[^>]+>/g, 'host.<digest>');
      for (const path of host.installed().keys()) {
        const place = path.replace(/host\.[0-9a-f]{16}/, 'host.<digest>');
        assert.ok(planned.includes(place), `${place} was not on the plan:\n${planned}`);
      }
      assert.ok(planned.includes(SERVICE));
    });

    test('the command that stays is the installer that was run, byte for byte', () => {
      const kept = readFileSync(join(host.programFiles, 'h_autossh/acme/orders/tunnel.ps1'));
      assert.deepEqual(kept, readFileSync(host.installer));
    });

    test('run again it needs no token, changes nothing and restarts nothing', async () => {
      const [before, ssh] = [host.installed(), sshOf('orders')];
      assert.equal(ssh.length, 1);
      const { code, stdout, stderr } = await host.run(await acme.installer(orders));
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /left alone/);
      const states = /host\.log$|state$/;
      const files = (all: Map<string, string>) => [...all].filter(([path]) => !states.test(path));
      assert.deepEqual(files(host.installed()), files(before));
      assert.deepEqual(sshOf('orders'), ssh);
      const calls = host.calls().filter((call) => !call.includes('Windows/Temp/culvert-'));
      assert.deepEqual(calls, [`rights ProgramData/h_autossh/acme/orders/key ${FILE_RIGHTS}`]);
    });

    test('the text that iex is given does the same, and closes no window', async () => {
      const { code, stdout, stderr } = await powerShell.runCommand(
        `iex ([IO.File]::ReadAllText('${host.installer}')); "still here, $LASTEXITCODE"`,
        { env: { CULVERT_TEST_WORLD: host.folder } },
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /left alone.*still here, 0/s);
    });

    const dispatcher = () => join(host.programFiles, 'h_autossh/h_autossh.ps1');

    test('status and doctor say that all is well, for people and for programs', async () => {
      const status = await host.runFile(dispatcher(), ['status']);
      assert.equal(status.code, 0, status.stdout + status.stderr);
      assert.match(status.stdout, /^acme_orders: up, and the database answers$/m);
      const json = await host.runFile(dispatcher(), ['status', 'orders', '-Json']);
      assert.equal(JSON.parse(json.stdout).session, 'up');
      const doctor = await host.runFile(dispatcher(), ['doctor', 'acme_orders', '-Json']);
      const { ok, hops } = JSON.parse(doctor.stdout);
      assert.equal(ok, true, doctor.stdout);
      assert.deepEqual(
        hops.map(({ hop }: { hop: string }) => hop),
        [
          ...['service', 'dns', 'tcp', 'ssh', 'host-key', 'authentication', 'forward'],
          ...['database', 'control-plane', 'vendor-database'],
        ],
      );
      const logs = await host.runFile(dispatcher(), ['logs']);
      assert.equal(logs.code, 0);
      assert.match(logs.stdout, /orders/);
    });

    test('doctor does not touch the session that is up', async () => {
      const ssh = sshOf('orders');
      await host.runFile(dispatcher(), ['doctor']);
      assert.deepEqual(sshOf('orders'), ssh);
      assert.equal(await query(orders, 0), '42');
    });

    test('rotate-key puts a new key in place of the old one, with one restart', async () => {
      const [key, [ssh]] = [keyOf('orders'), sshOf('orders')];
      const { code, stdout, stderr } = await host.runFile(dispatcher(), ['rotate-key']);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /the old one is removed/);
      assert.notEqual(keyOf('orders'), key);
      assert.equal(await query(orders), '42');
      const log = readFileSync(join(host.programData, 'h_autossh/acme/host.log'), 'utf8');
      assert.notEqual(sshOf('orders')[0]?.pid, ssh?.pid);
      assert.equal(log.match(/orders: up/g)?.length, 2, log);
      const keys = await acme.api<{ items: { state: string }[] }>(
        'GET',
        `/v1/tunnels/${orders.id}/keys`,
      );
      assert.deepEqual(keys.items.map(({ state }) => state).sort(), ['active', 'removed']);
      assert.ok(!existsSync(join(host.programData, 'h_autossh/acme/orders/key.old')));
    });

    test('upgrade fetches the installer and runs it; the key stays', async () => {
      const key = keyOf('orders');
      const { code, stdout, stderr } = await host.runFile(dispatcher(), ['upgrade']);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /left alone.*Done\./s);
      assert.equal(keyOf('orders'), key);
    });

    test('a second tunnel leaves the first alone, and so does one of another vendor', async () => {
      const [ssh] = sshOf('orders');
      // Windows would not let a running program be written over.
      const running = host.programs();
      assert.equal(running.length, 1);
      const place = { host: '127.0.0.1', port: database.port };
      const stock = await acme.makeTunnel('stock', place);
      const foreign = await other.makeTunnel('orders', place);
      for (const [vendor, tunnel] of [
        [acme, stock],
        [other, foreign],
      ] as const) {
        const script = await vendor.installer(tunnel);
        const { code, stdout, stderr } = await host.run(script, [], { token: tunnel.token });
        assert.equal(code, 0, stdout + stderr);
        assert.equal(await query(tunnel), '42');
      }
      assert.deepEqual(Object.keys(host.state('services')), [SERVICE, 'h_autossh_other']);
      assert.equal(sshOf('orders')[0]?.pid, ssh?.pid);
      assert.deepEqual(host.programs('acme'), running);

      const status = await host.runFile(dispatcher(), ['status']);
      assert.equal(status.code, 0, status.stdout);
      assert.equal(status.stdout.match(/: up, and the database answers/g)?.length, 3);
      const unclear = await host.runFile(dispatcher(), ['doctor']);
      assert.equal(unclear.code, 2);
      assert.match(unclear.stderr, /acme_orders, acme_stock, other_orders/);

      for (const name of ['acme_stock', 'other_orders']) {
        const removal = await host.runFile(dispatcher(), ['uninstall', name]);
        assert.equal(removal.code, 0, removal.stdout + removal.stderr);
      }
      assert.equal(await query(stock, 0), undefined);
      assert.deepEqual(Object.keys(host.state('services')), [SERVICE]);
      assert.equal(sshOf('orders')[0]?.pid, ssh?.pid);
      assert.equal(await query(orders, 0), '42');
    });

    test('uninstall leaves nothing, here and at the vendor', async () => {
      const { code, stdout, stderr } = await host.runFile(dispatcher(), ['uninstall']);
      assert.equal(code, 0, stdout + stderr);
      assert.equal(stderr, '');
      assert.deepEqual([...host.installed().keys()], []);
      assert.deepEqual([host.state('services'), host.state('sources')], [{}, {}]);
      assert.deepEqual(host.scratch(), []);
      assert.deepEqual(sshOf('orders'), []);
      const keys = await acme.api<{ items: { state: string }[] }>(
        'GET',
        `/v1/tunnels/${orders.id}/keys`,
      );
      assert.ok(keys.items.every(({ state }) => state === 'removed'));
    });
  });
}
