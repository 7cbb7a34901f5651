import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type ArtifactStatement, formatStatement } from '../../src/domain/statement.ts';
import { makeReviewer } from '../server/support/reviewers.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { findPowerShell } from '../support/powershell.ts';
import { signedBy } from './support/reviewer.ts';
import { type MadeTunnel, startVendorSide, type VendorSide } from './support/vendor-side.ts';
import { WindowsHost } from './support/windows-host.ts';

/** A Windows host that pins reviewers, from its first installation to its last removal. */
if (!(await findPowerShell())) {
  test('a Windows host that pins reviewers', (t) => {
    t.diagnostic('not run here: a Windows host that pins reviewers, without PowerShell');
  });
} else {
  suite('a Windows host that pins reviewers', { concurrency: 1 }, () => {
    let database: Postgres;
    let acme: VendorSide;
    let host: WindowsHost;
    let orders: MadeTunnel;
    let stock: MadeTunnel;
    const [maria, jan] = [makeReviewer('maria'), makeReviewer('jan')];
    const quorum = 'an upgrade needs 2 of these to approve it: maria, jan';
    const warning =
      /^warning: Reviewers are pinned here; this run does not ask them, powershell [^\n]+ upgrade acme_\w+ does\.\n$/;

    const data = (...names: string[]) => join(host.programData, 'h_autossh/acme', ...names);
    const dispatcher = () => join(host.programFiles, 'h_autossh/h_autossh.ps1');
    const pin = () => readFileSync(data('reviewers.pin'), 'utf8');
    const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    const upgrade = (tunnel = 'orders') => host.runFile(dispatcher(), ['upgrade', tunnel]);
    const ssh = () => host.processes().filter(({ command }) => / -N /.test(command));
    /** What is installed, without what changes by itself. */
    const installed = () =>
      [...host.installed()].filter(([path]) => !/host\.log$|state$/.test(path));

    /** Has both reviewers sign this about the installer that is served now. */
    async function sign(
      values: Partial<ArtifactStatement>,
      tunnel = orders,
      reviewers = [maria, jan],
    ) {
      const digest = digestOf(await acme.installer(tunnel));
      const text = formatStatement({
        account: 'customer',
        artifacts: [digest],
        decision: 'approve',
        not_after: Math.floor(Date.now() / 1000) + 3600,
        previous: null,
        serial: 1,
        tunnel: tunnel.id,
        v: 1,
        vendor: 'acme',
        ...values,
      });
      acme.statements.set(digest, signedBy(text, ...reviewers));
      return digest;
    }

    /** Upgrades and expects a refusal that leaves everything as it was. */
    async function isRefused(message: RegExp, tunnel?: string) {
      const [files, running] = [installed(), ssh()];
      const { code, stdout, stderr } = await upgrade(tunnel);
      assert.equal(code, 4, stdout + stderr);
      assert.match(stderr, message);
      assert.match(stderr, /The tunnel runs on as it is\.\n$/);
      assert.deepEqual(
        installed().filter(([path]) => !path.endsWith('serial')),
        files.filter(([path]) => !path.endsWith('serial')),
      );
      assert.deepEqual([ssh(), host.scratch()], [running, []]);
    }

    before(async () => {
      [database, acme] = await Promise.all([
        startPostgres(),
        startVendorSide({ slug: 'acme', firstTunnelPort: 21_400 }),
      ]);
      host = new WindowsHost();
      const place = { host: '127.0.0.1', port: database.port };
      orders = await acme.makeTunnel('orders', place);
      stock = await acme.makeTunnel('stock', place);
      writeFileSync(
        join(host.folder, 'reviewers'),
        `# Those of Globex\r\n${maria.line.trimEnd()} her laptop\r\n${jan.line}\r\n`,
      );
    });
    after(async () => {
      host?.remove();
      await Promise.all([acme?.stop(), database?.stop()]);
    });

    const file = () => join(host.folder, 'reviewers');
    const pinning = () => ['-Reviewers', file(), '-Approvals', '2'];

    test('what cannot be pinned is refused before any change', async () => {
      const script = await acme.installer(orders);
      const refused = async (code: number, message: RegExp, words: string[]) => {
        const ended = await host.run(script, words, { token: orders.token });
        assert.equal(ended.code, code, ended.stdout + ended.stderr);
        assert.match(ended.stderr, message);
        assert.deepEqual([...host.installed()], []);
      };
      await refused(2, /Give -Approvals with -Reviewers\./, ['-Approvals', '1']);
      for (const number of ['0', 'two']) {
        const words = ['-Reviewers', file(), '-Approvals', number];
        await refused(2, /-Approvals takes a whole number, 1 or more/, words);
      }
      await refused(2, /-Reviewers does not go with upgrade, only with: install, check/, [
        ...['-Upgrade', '-Reviewers', file()],
      ]);
      await refused(4, /-Reviewers: .*nowhere cannot be read/, ['-Reviewers', 'nowhere']);
      await refused(4, /-Approvals: 3 are more than the persons of that file\n {7}It names 2\./, [
        ...['-Reviewers', file(), '-Approvals', '3'],
      ]);
    });

    test('an OpenSSH that cannot verify is refused before any change', async () => {
      const script = await acme.installer(orders);
      const keygen = join(host.folder, 'openssh/ssh-keygen.exe');
      rmSync(keygen);
      // As 7.7 answers, which Windows Server 2019 has.
      const old = '#!/bin/sh\ncase $1 in -Y) echo "unknown option -- Y" >&2; exit 1;; esac\n';
      writeFileSync(keygen, `${old}exec /usr/bin/ssh-keygen "$@"\n`, { mode: 0o755 });
      const { code, stderr } = await host.run(script, pinning(), { token: orders.token });
      rmSync(keygen);
      symlinkSync('/usr/bin/ssh-keygen', keygen);
      assert.equal(code, 4);
      assert.match(stderr, /OpenSSH cannot verify signatures here; -Reviewers needs 8\.1 or later/);
      assert.match(stderr, /-OpenSshZip FILE -OpenSshZipSha256 DIGEST/);

      host.removeOpenSsh();
      host.setState('capabilities', { Name: 'OpenSSH.Client~~~~0.0.1.0' });
      const missing = await host.run(script, pinning(), { token: orders.token });
      host.addOpenSsh();
      assert.equal(missing.code, 4);
      assert.match(missing.stderr, /-Reviewers: OpenSSH is not here yet/);
      assert.match(
        missing.stderr,
        /Add-WindowsCapability -Online -Name OpenSSH\.Client~~~~0\.0\.1\.0/,
      );
      assert.deepEqual([...host.installed()], []);
    });

    test('-Check and -DryRun say who will be pinned, and change nothing', async () => {
      const script = await acme.installer(orders);
      const check = await host.run(script, ['-Check', ...pinning()]);
      assert.equal(check.code, 0, check.stderr);
      assert.ok(check.stdout.includes(`ok   reviewers: ${quorum}`), check.stdout);
      const { code, stdout, stderr } = await host.run(script, ['-DryRun', ...pinning()]);
      assert.equal(code, 0, stdout + stderr);
      assert.ok(stdout.includes(`reviewers  ${quorum}`), stdout);
      assert.match(stdout, /%ProgramData%\\h_autossh\\acme\\reviewers\.pin/);
      assert.deepEqual([...host.installed()], []);
    });

    test('an installation pins them, and a later one keeps them and warns', async () => {
      const script = await acme.installer(orders);
      const first = await host.run(script, pinning(), { token: orders.token });
      assert.equal(first.code, 0, first.stdout + first.stderr);
      assert.equal(first.stderr, '');
      assert.equal(pin(), `# approvals=2\n${maria.line}${jan.line}`);
      const records = readFileSync(data('orders/installed'), 'utf8');
      assert.ok(records.includes(`\nvendor-file ${data('reviewers.pin')}\n`), records);

      const [before, running] = [installed(), ssh()];
      const again = await host.run(script);
      assert.equal(again.code, 0, again.stdout + again.stderr);
      assert.match(again.stderr, warning);
      assert.ok(again.stdout.includes(`reviewers  ${quorum}`), again.stdout);
      assert.deepEqual([installed(), ssh()], [before, running]);
    });

    test('status and doctor say who is pinned', async () => {
      for (const command of ['status', 'doctor']) {
        const { stdout } = await host.runFile(dispatcher(), [command]);
        assert.match(stdout, new RegExp(`reviewers:? +${quorum}`, 'i'));
        const json = await host.runFile(dispatcher(), [command, '-Json']);
        assert.equal(JSON.parse(json.stdout).reviewers, quorum);
      }
    });

    test('an upgrade that nobody signed is refused', async () => {
      await isRefused(/error: Nobody has signed this installer\./);
      assert.ok(!existsSync(data('orders/serial')));
    });

    test('bytes that were changed on their way are refused', async () => {
      const digest = await sign({});
      acme.statements.set('0'.repeat(64), acme.statements.get(digest) ?? '');
      acme.tamper((script) => Buffer.concat([script.subarray(0, -1), Buffer.from('\r\n}')]));
      await isRefused(/error: Nobody has signed this installer\./);
      acme.tamper(undefined);
    });

    test('what both have approved is run, and the serial is kept', async () => {
      const digest = await sign({ serial: 5 });
      const { code, stdout, stderr } = await upgrade();
      assert.equal(code, 0, stdout + stderr);
      assert.equal(stderr, '', 'an upgrade does not warn');
      assert.ok(stdout.includes(`Approved by maria, jan: SHA-256 ${digest}, serial 5.`), stdout);
      assert.match(stdout, /left alone.*Done\./s);
      assert.equal(readFileSync(data('orders/serial'), 'utf8'), '5\n');
      const command = join(host.programFiles, 'h_autossh/acme/orders/tunnel.ps1');
      assert.equal(digestOf(readFileSync(command)), digest);
    });

    test('an older approval, and one of too few, are refused; a withdrawal is remembered', async () => {
      await sign({ serial: 4 });
      await isRefused(/is older than what was seen here before: 4, not 5\./);
      await sign({ serial: 6 }, orders, [jan]);
      await isRefused(/Of the 2 persons who have to approve this installer, 1 did\./);
      await sign({ serial: 7, decision: 'withdraw' }, orders, [jan]);
      await isRefused(/The reviewers have withdrawn their approval of this installer\./);
      assert.equal(readFileSync(data('orders/serial'), 'utf8'), '7\n');
      await sign({ serial: 6 });
      await isRefused(/is older than what was seen here before: 6, not 7\./);
    });

    test('a lost pin refuses every upgrade, until it is pinned again', async () => {
      await sign({ serial: 8 });
      rmSync(data('reviewers.pin'));
      await isRefused(/This host pins reviewers, but .*reviewers\.pin cannot be read: /);
      const status = await host.runFile(dispatcher(), ['status']);
      assert.match(
        status.stdout,
        /reviewers +pinned, but .* cannot be read: .*: no upgrade will run/,
      );
      const script = await acme.installer(orders);
      const mended = await host.run(script, ['-Reviewers', file()]);
      assert.equal(mended.code, 0, mended.stdout + mended.stderr);
      assert.match(mended.stderr, warning);
      assert.match(pin(), /^# approvals=1\n/);
      const { code, stderr } = await upgrade();
      assert.equal(code, 0, stderr);
    });

    test('the vendor’s other tunnel is under the same pin', async () => {
      const script = await acme.installer(stock);
      const { code, stdout, stderr } = await host.run(script, [], { token: stock.token });
      assert.equal(code, 0, stdout + stderr);
      assert.match(stderr, warning);
      await isRefused(/error: Nobody has signed this installer\./, 'stock');
    });

    test('it stays until the last of them goes', async () => {
      const first = await host.runFile(dispatcher(), ['uninstall', 'orders']);
      assert.equal(first.code, 0, first.stdout + first.stderr);
      assert.match(pin(), /^# approvals=1\n/);
      rmSync(data('reviewers.pin'));
      await isRefused(/This host pins reviewers, but/, 'stock');
      writeFileSync(data('reviewers.pin'), '');
      await isRefused(/This host pins reviewers, but .*reviewers\.pin names nobody\./, 'stock');
      await acme.api('DELETE', `/v1/tunnels/${stock.id}`);
      const gone = await upgrade('stock');
      assert.equal(gone.code, 4, gone.stdout);
      assert.match(gone.stderr, /The vendor has no installer for this tunnel: [a-z-]+\./);
      const last = await host.runFile(dispatcher(), ['uninstall']);
      assert.equal(last.code, 0, last.stdout + last.stderr);
      assert.deepEqual([...host.installed().keys()], []);
    });
  });
}
