import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Running, start } from '../cli/support/running.ts';
import { freePort } from '../support/free-port.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { findPowerShell } from '../support/powershell.ts';
import { startVendorSide, type VendorSide } from './support/vendor-side.ts';
import { WindowsHost } from './support/windows-host.ts';

/** How a Windows host reaches the vendor: by an HTTP proxy, and under a private authority. */
if (!(await findPowerShell())) {
  test('the way out of a Windows host', (t) => {
    t.diagnostic('not run here: the way out of a Windows host, without PowerShell');
  });
} else {
  suite('the way out of a Windows host', { concurrency: 1 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'culvert-way-out-'));
    const file = (name: string) => join(folder, name);
    let database: Postgres;
    let acme: VendorSide;
    let host: WindowsHost;
    let gate: Running;
    let gatePort: number;

    before(async () => {
      makeAuthority(folder);
      gatePort = await freePort();
      writeFileSync(
        file('users'),
        `cust:${execFileSync('openssl', ['passwd', '-apr1', PASSWORD])}`,
      );
      writeFileSync(file('squid.conf'), squid(gatePort, folder));
      // It becomes a user of its own, who writes the log here.
      chmodSync(folder, 0o777);
      gate = start(['squid', '-N', '-f', file('squid.conf')]);
      // The agent trusts the authority as its operator would have it.
      process.env['NODE_EXTRA_CA_CERTS'] = file('ca.pem');
      [database, acme] = await Promise.all([
        startPostgres(),
        startVendorSide({
          slug: 'acme',
          firstTunnelPort: 21_500,
          tls: {
            key: readFileSync(file('front.key'), 'utf8'),
            cert: readFileSync(file('front.pem'), 'utf8'),
          },
        }),
      ]);
      host = new WindowsHost();
    });
    after(async () => {
      host?.remove();
      await gate?.end();
      await Promise.all([acme?.stop(), database?.stop()]);
      rmSync(folder, { recursive: true });
    });

    const asked = () => readFileSync(file('log'), 'latin1');

    test('a private authority is refused, and trusted where it is given', async () => {
      const tunnel = await acme.makeTunnel('direct', { host: '127.0.0.1', port: database.port });
      const installer = await acme.installer(tunnel);
      const stranger = await host.run(installer, ['-Check']);
      assert.equal(stranger.code, 4);
      assert.match(stranger.stderr, /control plane https:.*certificate/i);

      writeFileSync(file('nothing.pem'), 'not a certificate\n');
      const nothing = await host.run(installer, ['-Check', '-CaFile', file('nothing.pem')]);
      assert.equal(nothing.code, 2);
      assert.match(nothing.stderr, /-CaFile: no certificate can be read/);

      const other = await host.run(installer, ['-Check', '-CaFile', file('other.pem')]);
      assert.equal(other.code, 4, 'an authority that has signed nothing here');

      const { token } = tunnel;
      const installed = await host.run(installer, ['-CaFile', file('ca.pem')], { token });
      assert.equal(installed.code, 0, installed.stdout + installed.stderr);
      const again = await host.run(installer, ['-Status']);
      assert.equal(again.code, 0, 'it is kept');
      const removal = await host.run(installer, ['-Uninstall']);
      assert.equal(removal.code, 0, removal.stderr);
      assert.deepEqual([...host.installed().keys()], []);
    });

    test('by an HTTP proxy with a password goes all of it, the tunnel too', async () => {
      const tunnel = await acme.makeTunnel('gated', { host: '127.0.0.1', port: database.port });
      const installer = await acme.installer(tunnel);
      const words = ['-CaFile', file('ca.pem')];
      const gateUrl = (login: string) => `http://${login}@127.0.0.1:${gatePort}`;

      const wrong = await host.run(installer, words, {
        token: tunnel.token,
        env: { CULVERT_HTTP_PROXY: gateUrl('cust:wrong') },
      });
      assert.equal(wrong.code, 4, wrong.stdout);
      assert.match(wrong.stderr, /refused the user or the password/);

      const { code, stdout, stderr } = await host.run(installer, words, {
        token: tunnel.token,
        env: { CULVERT_HTTP_PROXY: gateUrl(`cust:${encodeURIComponent(PASSWORD)}`) },
      });
      assert.equal(code, 0, stdout + stderr);
      assert.match(asked(), /CONNECT localhost:\d+/, 'the control plane');
      assert.match(asked(), /CONNECT 127\.0\.0\.1:\d+/, 'the tunnel server');
      for (const { command } of host.processes()) assert.ok(!command.includes(PASSWORD));

      const kept = await host.run(installer, ['-Doctor']);
      assert.equal(kept.code, 0, kept.stdout);
      assert.match(kept.stdout, /dns .*left to the HTTP proxy/);
      const removal = await host.run(installer, ['-Uninstall']);
      assert.equal(removal.code, 0, removal.stderr);
    });
  });
}

/** Full of what a URL, a header and PowerShell each mind. */
const PASSWORD = `p@:/"\\ %$(id)&`;

function squid(port: number, folder: string): string {
  return `http_port 127.0.0.1:${port}
auth_param basic program /usr/lib/squid/basic_ncsa_auth ${folder}/users
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
access_log stdio:${folder}/log
cache_log ${folder}/cache.log
pid_filename none
netdb_filename none
shutdown_lifetime 0 seconds
`;
}

/** An authority, a certificate of it for localhost, and another authority. */
function makeAuthority(folder: string): void {
  execFileSync('bash', ['-euc', AUTHORITY], { cwd: folder, stdio: 'pipe' });
}

const AUTHORITY = `
  for name in ca other; do
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$name -keyout $name.key -out $name.pem
  done
  openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout front.key -out front.csr
  openssl x509 -req -in front.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \\
    -extfile <(echo subjectAltName=DNS:localhost) -out front.pem`;
