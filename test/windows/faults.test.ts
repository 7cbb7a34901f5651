import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endGroup, start } from '../cli/support/running.ts';
import { freePort } from '../support/free-port.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { findPowerShell } from '../support/powershell.ts';
import {
  type Fault,
  type MadeTunnel,
  startVendorSide,
  type VendorSide,
} from './support/vendor-side.ts';
import { WindowsHost } from './support/windows-host.ts';

/** What can go wrong on a Windows host: one clear message, its exit code, and nothing half-done. */
const powerShell = await findPowerShell();

if (!powerShell) {
  test('faults of the installer for Windows', (t) => {
    t.diagnostic('not run here: faults of the installer for Windows, without PowerShell');
  });
} else {
  suite('faults of the installer for Windows', { concurrency: 1 }, () => {
    let database: Postgres;
    let acme: VendorSide;
    let host: WindowsHost;
    let tunnel: MadeTunnel;
    let made = 0;

    before(async () => {
      [database, acme] = await Promise.all([
        startPostgres(),
        startVendorSide({ slug: 'acme', firstTunnelPort: 21_200 }),
      ]);
    });
    after(async () => {
      host?.remove();
      await Promise.all([acme?.stop(), database?.stop()]);
    });
    beforeEach(async () => {
      host?.remove();
      host = new WindowsHost();
      acme.befall(undefined);
      made += 1;
      tunnel = await acme.makeTunnel(`t${made}`, { host: '127.0.0.1', port: database.port });
    });

    const install = async (words: string[] = [], token = tunnel.token) =>
      host.run(await acme.installer(tunnel), words, { token });

    /** Runs it and expects this end, with nothing installed. */
    async function isRefused(code: number, message: RegExp, words: string[] = [], token?: string) {
      const ended = await install(words, token);
      assert.equal(ended.code, code, ended.stdout + ended.stderr);
      assert.match(ended.stderr, message);
      assert.match(ended.stderr, /^\nerror: .+/, 'what happened comes first');
      assert.doesNotMatch(ended.stderr, /At line|ParentContainsErrorRecord|\.ps1:\d/);
      assert.deepEqual([...host.installed().keys()], []);
      assert.deepEqual(host.state('services'), {});
      assert.deepEqual(host.scratch(), []);
    }

    /** The same command, once the reason is mended. */
    async function thenItInstalls(words: string[] = []) {
      const { code, stdout, stderr } = await install(words);
      assert.equal(code, 0, stdout + stderr);
    }

    test('not an administrator', async () => {
      writeFileSync(join(host.folder, 'not-an-administrator'), '');
      await isRefused(3, /needs the rights of an administrator/);
    });

    test('constrained language mode', async () => {
      const file = host.installer;
      writeFileSync(file, await acme.installer(tunnel));
      const { code, stdout } = await powerShell.runCommand(
        `$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; & '${file}'; exit $LASTEXITCODE`,
      );
      assert.equal(code, 3);
      assert.match(stdout, /^WARNING: PowerShell runs in constrained language mode here\./);
    });

    test('a Windows that is too old', async () => {
      host.setState('version', {
        ...{ ProductName: 'Windows 10 Pro', CurrentBuildNumber: '17134' },
        InstallationType: 'Client',
      });
      await isRefused(3, /too old \(build 17134\)/);
    });

    for (const [what, token, message] of [
      ['no token at all', 'hunter2', /is not one/],
      ['a wrong token', `cvt_${'0'.repeat(16)}_${'0'.repeat(32)}`, /was refused: .* not valid/],
    ] as const) {
      test(what, () => isRefused(6, message, [], token));
    }

    test('the token of another tunnel', async () => {
      const other = await acme.makeTunnel(`o${made}`, { host: '127.0.0.1', port: database.port });
      await isRefused(6, /another tunnel/, [], other.token);
    });

    test('a token that another key has used', async () => {
      await thenItInstalls();
      host.remove();
      host = new WindowsHost();
      await isRefused(6, /used/);
    });

    for (const [fault, message] of [
      ['500', /answered with the HTTP status 500, and not as Culvert does/],
      ['html', /what answered there is not Culvert/],
      ['redirect', /HTTP status 302/],
      ['cut', /control plane .*: \S/],
    ] as [Fault, RegExp][]) {
      test(`a control plane that answers with ${fault}: nothing is changed`, async () => {
        acme.befall(fault, '/v1/');
        await isRefused(4, message);
        acme.befall(undefined);
        await thenItInstalls();
      });

      test(`an enrolment that is answered with ${fault}: the same command goes on`, async () => {
        acme.befall(fault, 'proof=');
        const cut = await install();
        assert.equal(cut.code, 6, cut.stdout + cut.stderr);
        assert.match(cut.stderr, /nothing is lost/);
        assert.deepEqual(host.scratch(), []);
        acme.befall(undefined);
        await thenItInstalls();
      });
    }

    test('a host key that is not pinned', async () => {
      const script = (await acme.installer(tunnel)).toString();
      const stranger = join(host.folder, 'stranger');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger]);
      const [type, blob] = readFileSync(`${stranger}.pub`, 'utf8').split(' ');
      const file = host.installer;
      writeFileSync(
        file,
        script.replaceAll(/tunnel ssh-ed25519 \S+?(?=')/g, `tunnel ${type} ${blob}`),
      );
      const { code, stderr } = await host.runFile(file, [], { token: tunnel.token });
      assert.equal(code, 4, stderr);
      assert.match(stderr, /shows a host key that is not pinned/);
      assert.match(stderr, /Somebody may be in between/);
      assert.deepEqual([...host.installed().keys()], []);
    });

    test('everything that is wrong is listed at once', async () => {
      const lost = await acme.makeTunnel(`l${made}`, { host: '127.0.0.1', port: await freePort() });
      rmSync(join(host.folder, 'Windows/Microsoft.NET'), { recursive: true });
      host.removeOpenSsh();
      const { code, stderr } = await host.run(await acme.installer(lost), [], {
        token: lost.token,
      });
      assert.equal(code, 4);
      assert.match(stderr, /3 found/);
      for (const message of [
        /OpenSSH client is missing/,
        /compiler of \.NET Framework is missing/,
        /cannot be reached from this host/,
      ]) {
        assert.match(stderr, message);
      }
    });

    test('a database that does not answer yet, deferred', async () => {
      const lost = await acme.makeTunnel(`d${made}`, { host: '127.0.0.1', port: await freePort() });
      const refused = await host.run(await acme.installer(lost), [], { token: lost.token });
      assert.equal(refused.code, 4, refused.stderr);
      const { code, stdout } = await host.run(await acme.installer(lost), ['-DeferDatabase'], {
        token: lost.token,
      });
      assert.equal(code, 0);
      assert.match(stdout, /Still owed: the database cannot be reached from this host/);
      const again = await host.run(await acme.installer(lost), ['-Status']);
      assert.equal(again.code, 8);
    });

    test('OpenSSH is missing, and Windows adds it', async () => {
      host.removeOpenSsh();
      host.setState('capabilities', { Name: 'OpenSSH.Client~~~~0.0.1.0' });
      await thenItInstalls();
      assert.ok(host.calls().includes('add-capability OpenSSH.Client~~~~0.0.1.0'));
    });

    for (const number of ['800f0954', '8024500c']) {
      test(`OpenSSH is missing, and the update server has none (0x${number})`, async () => {
        host.removeOpenSsh();
        host.setState('capabilities', {
          Name: 'OpenSSH.Client~~~~0.0.1.0',
          Error: Number.parseInt(number, 16) | 0,
          Message: 'Add-WindowsCapability failed.',
        });
        const { code, stdout, stderr } = await install();
        assert.equal(code, 5, stdout + stderr);
        assert.match(stderr, /your organisation's update server, which does not have it/);
        assert.match(stderr, new RegExp(`0x${number}`));
        assert.match(stderr, /-OpenSshZip FILE -OpenSshZipSha256 DIGEST/);
      });
    }

    test('OpenSSH from a zip whose digest was checked, and from no other', async () => {
      host.removeOpenSsh();
      const zip = join(host.folder, 'OpenSSH-Win64.zip');
      execFileSync('sh', [
        '-c',
        `cd '${host.folder}' && mkdir OpenSSH-Win64 &&
          for name in ssh ssh-keygen; do
            printf '#!/bin/sh\\nexec /usr/bin/%s "$@"\\n' $name >OpenSSH-Win64/$name.exe
            chmod 0755 OpenSSH-Win64/$name.exe
          done && zip -qr '${zip}' OpenSSH-Win64`,
      ]);
      const digest = createHash('sha256').update(readFileSync(zip)).digest('hex');
      const words = (sha: string) => ['-OpenSshZip', zip, '-OpenSshZipSha256', sha];
      await isRefused(2, /has another SHA-256/, words('0'.repeat(64)));
      await isRefused(2, /takes 64 hex digits/, words('abc'));
      await isRefused(2, /Give -OpenSshZip and -OpenSshZipSha256 together/, ['-OpenSshZip', zip]);
      await thenItInstalls(words(digest.toUpperCase()));
      const again = await host.run(await acme.installer(tunnel), ['-Uninstall']);
      assert.equal(again.code, 0, again.stderr);
      assert.deepEqual([...host.installed().keys()], []);
    });

    test('compiling is barred: a signed program takes its place', async () => {
      const compiler = join(host.folder, 'Windows/Microsoft.NET/Framework64/v4.0.30319/csc.exe');
      const barred = join(host.folder, 'barred');
      copyFileSync(compiler, barred);
      writeFileSync(
        compiler,
        '#!/bin/sh\necho "error CS0000: blocked by your administrator"\nexit 1\n',
      );
      await isRefused(4, /could not be compiled: error CS0000: blocked/);

      // The vendor's own build, made where that is allowed.
      chmodSync(barred, 0o755);
      copyFileSync(barred, compiler);
      const elsewhere = await host.run(await acme.installer(tunnel), ['-Check']);
      assert.equal(elsewhere.code, 0);
      writeFileSync(compiler, '#!/bin/sh\nexit 1\n');
      const signed = join(host.folder, 'Signed.exe');
      const [real] = execFileSync('sh', ['-c', `ls '${host.folder}/built/'*`], {
        encoding: 'utf8',
      }).split('\n');
      writeFileSync(signed, `#!/bin/sh\nexec mono '${real}' "$@"\n`, { mode: 0o755 });
      const digest = createHash('sha256').update(readFileSync(signed)).digest('hex');
      await thenItInstalls(['-HostExe', signed, '-HostExeSha256', digest]);
    });

    test('a service of that name that is somebody else’s', async () => {
      const theirs = { h_autossh_acme: { PathName: 'C:\\Tools\\autossh.exe -M 0', Pid: 0 } };
      host.setState('services', theirs);
      const { code, stderr } = await install();
      assert.equal(code, 4);
      assert.match(stderr, /a service h_autossh_acme exists and is not Culvert's/);
      assert.deepEqual(host.state('services'), theirs);
      assert.deepEqual([...host.installed().keys()], []);
    });

    test('a folder that others may write to', async () => {
      mkdirSync(join(host.programData, 'h_autossh'));
      const { code, stderr } = await install();
      assert.equal(code, 4);
      assert.match(stderr, /ProgramData.h_autossh exists, and others may write to it/);
    });

    test('a key that a power cut left empty is made anew', async () => {
      acme.befall('500', 'proof=');
      assert.equal((await install()).code, 6);
      truncateSync(join(host.programData, 'h_autossh/acme', `t${made}`, 'key'));
      acme.befall(undefined);
      await thenItInstalls();
    });

    test('a service host that somebody changed is replaced', async () => {
      await thenItInstalls();
      const [program = ''] = globSync(
        join(host.programFiles, 'h_autossh/acme/host.*/TunnelHost.exe'),
      );
      appendFileSync(program, '# changed\n');
      const { code, stdout, stderr } = await host.run(await acme.installer(tunnel));
      assert.equal(code, 0, stdout + stderr);
      assert.match(stderr, /TunnelHost\.exe is not the one that was installed; it is replaced/);
      assert.doesNotMatch(readFileSync(program, 'utf8'), /changed/);
    });

    test('a wrong HTTP proxy, and one with a password where others could see it', async () => {
      await isRefused(2, /does not read http/, ['-HttpProxy', 'gate:3128']);
      await isRefused(2, /others can see a password there/, ['-HttpProxy', 'http://a:b@gate:3128']);
    });

    test('options that do not go together', async () => {
      await isRefused(2, /Choose one of -Check and -Status/, ['-Check', '-Status']);
      await isRefused(2, /-Json does not go with install, only with: status, doctor/, ['-Json']);
      await isRefused(2, /no parameter or command '-Bogus'/, ['-Bogus']);
      await isRefused(2, /-DryRun does not go with -Check/, ['-Check', '-DryRun']);
    });

    test('killed at any moment, the same command ends well', { timeout: 300_000 }, async () => {
      const file = host.installer;
      writeFileSync(file, await acme.installer(tunnel));
      for (const milliseconds of [1500, 2500, 3200, 3800, 4400, 5000, 6000]) {
        const cut = start([powerShell.program, '-NoProfile', '-File', file], {
          ...{ CULVERT_TEST_WORLD: host.folder, CULVERT_TOKEN: tunnel.token },
        });
        await sleep(milliseconds);
        endGroup(cut);
        await cut.ended();
      }
      await thenItInstalls();
      assert.deepEqual(host.scratch(), [], 'what the killed ones left is gone, too');
      const removal = await host.run(await acme.installer(tunnel), ['-Uninstall']);
      assert.equal(removal.code, 0, removal.stderr);
      assert.deepEqual([...host.installed().keys()], []);
      assert.deepEqual(host.state('services'), {});
    });

    test('two runs at once: one waits for the other', async () => {
      const runs = await Promise.all([install(), install()]);
      for (const { code, stdout, stderr } of runs) assert.equal(code, 0, stdout + stderr);
      assert.equal(runs.filter(({ stdout }) => /Another run is changing/.test(stdout)).length, 1);
    });
  });
}
