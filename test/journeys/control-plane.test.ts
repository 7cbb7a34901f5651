import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type CommandResult,
  type Container,
  type Network,
  startContainer,
} from '../support/bed/index.ts';
import { startEnds } from '../support/hosts.ts';
import { filteredProxyImage } from '../support/packet-filter.ts';
import { behindPrivateCa, clearFault, PRIVATE_CA_FILE, setFault } from '../support/private-ca.ts';
import { placesHolding, watchToken } from '../support/token-watch.ts';
import { type MadeTunnel, portOf, type VendorHost } from '../support/vendor-host.ts';

let network: Network;
let vendor: VendorHost;
let authority: string;

before(async () => {
  ({ network, vendor } = await startEnds(behindPrivateCa('vendor')));
  authority = await vendor.container.output(`cat ${PRIVATE_CA_FILE}`);
});

after(() => network?.remove());

for (const program of ['curl', 'wget'] as const) {
  describe(`a control plane behind a private authority, by ${program} alone`, () => {
    let proxy: Container;
    let tunnel: MadeTunnel;
    let port: number;

    before(async () => {
      proxy = await startContainer({ image: filteredProxyImage(), network, name: `by-${program}` });
      tunnel = await vendor.makeTunnel(`by-${program}`);
      port = portOf(tunnel);
      await proxy.writeFile('/root/ca.pem', authority);
      await proxy.output(
        `curl --cacert /root/ca.pem -fsS -o /root/install.sh https://vendor:8443/t/${tunnel.id}/install.sh
        rm $(command -v ${program === 'curl' ? 'wget' : 'curl'})
        apt-get update -qq; apt-get install -y -qq autossh >/dev/null 2>&1`,
      );
    });

    function installer(words = '', settings = ''): Promise<CommandResult> {
      const command = words === '' ? 'bash' : `bash -s -- ${words}`;
      return proxy.exec(['bash'], {
        input: `${settings} ${command} </root/install.sh\nexit $?\n`,
        folder: '/root',
        timeoutMs: 180_000,
      });
    }

    /** One error, and nothing of an installation. */
    async function failsWith(result: CommandResult, code: number, sentence: RegExp): Promise<void> {
      assert.equal(result.code, code, result.stdout + result.stderr);
      assert.match(result.stderr, sentence);
      assert.equal(result.stderr.match(/^error: /gm)?.length, 1, result.stderr);
      const left = await proxy.shell(
        'ls -d /etc/h_autossh /var/lib/h_autossh /usr/local/lib/h_autossh /run/culvert.*',
      );
      assert.equal(left.stdout, '');
    }

    const trusting = 'CULVERT_CA_FILE=ca.pem';

    test('a certificate of nobody known is said', async () => {
      await failsWith(
        await installer('check'),
        4,
        /control plane https:\/\/vendor:8443: .*certificate/,
      );
    });

    test('a file that holds no certificate is refused', async () => {
      await failsWith(
        await installer('check', 'CULVERT_CA_FILE=/etc/passwd'),
        2,
        /CULVERT_CA_FILE/,
      );
    });

    for (const [fault, sentence] of [
      ['500', /HTTP status 500/],
      ['html', /is not Culvert/],
      ['redirect', /HTTP status 302/],
      ['cut', /./],
      ['slow', /30\d* ?(seconds|milliseconds)/],
    ] as const) {
      test(`an answer that is ${fault}: nothing is changed`, async () => {
        await setFault(vendor.container, fault, '/v1/status');
        try {
          const started = performance.now();
          await failsWith(
            await installer('', `CULVERT_TOKEN=${tunnel.token} ${trusting}`),
            4,
            sentence,
          );
          assert.ok(performance.now() - started < 45_000);
        } finally {
          await clearFault(vendor.container);
        }
      });
    }

    test('a refused token is said in the control plane’s own words', async () => {
      const wrong = `${tunnel.token.slice(0, -4)}0000`;
      await failsWith(
        await installer('', `CULVERT_TOKEN=${wrong} ${trusting}`),
        6,
        /token was refused: this enrolment token is not valid/,
      );
    });

    test('an enrolment whose answer is cut is finished by the same command', async () => {
      await setFault(vendor.container, 'cut', 'proof=');
      const cut = await installer('', `CULVERT_TOKEN=${tunnel.token} ${trusting}`);
      await clearFault(vendor.container);
      assert.equal(cut.code, 6, cut.stdout + cut.stderr);
      assert.match(cut.stderr, /nothing is lost/);
      const watch = await watchToken(proxy, tunnel.token);
      const { code, stdout, stderr } = await installer(
        '',
        `CULVERT_TOKEN=${tunnel.token} ${trusting}`,
      );
      assert.deepEqual(await watch.stop(), []);
      assert.equal(code, 0, stdout + stderr);
      assert.equal(await vendor.query(port), 'a row');
      assert.deepEqual(await placesHolding(proxy, tunnel.token), []);
    });

    test('the authority is kept: later runs need not be told', async () => {
      await proxy.output('rm /root/ca.pem');
      const kept = `/etc/h_autossh/acme_by-${program}/ca.pem`;
      assert.equal(await proxy.output(`cat ${kept}`), authority);
      assert.equal((await proxy.output(`stat -c '%U:%G %a' ${kept}`)).trim(), 'root:h_autossh 640');
      const again = await installer();
      assert.equal(again.code, 0, again.stdout + again.stderr);
      assert.match(again.stdout, /left alone/);
      const gone = await installer('uninstall');
      assert.equal(gone.code, 0, gone.stderr);
      assert.match(gone.stdout, /has removed this host's key/);
      await failsWith(await installer('check'), 4, /certificate/);
    });

    test('BusyBox wget will not do', async () => {
      await proxy.output(`mv $(command -v ${program}) /root/kept`);
      await proxy.writeFile('/usr/local/bin/wget', '#!/bin/sh\necho BusyBox v1.35.0 >&2\n', '0755');
      await failsWith(await installer('check'), 4, /Neither curl nor GNU wget/);
      await proxy.output(`mv /root/kept /usr/bin/${program}; rm /usr/local/bin/wget`);
    });
  });
}

test('an authority that the vendor pins needs no word from the customer', async () => {
  const { container } = vendor;
  await container.writeFile(
    '/etc/systemd/system/culvert.service.d/ca.conf',
    `[Service]\nEnvironment=CULVERT_CA_FILE=${PRIVATE_CA_FILE}\n`,
  );
  await container.output(`systemctl daemon-reload; systemctl restart culvert
    for n in $(seq 100); do curl -fsS http://127.0.0.1:8080/readyz && exit; sleep 0.1; done; exit 1`);
  const proxy = await startContainer({ image: filteredProxyImage(), network, name: 'pinned' });
  const tunnel = await vendor.makeTunnel('pinned');
  const { code, stdout, stderr } = await proxy.exec(['bash'], {
    input: `curl -kfsS https://vendor:8443/t/${tunnel.id}/install.sh | CULVERT_TOKEN=${tunnel.token} bash\nexit $?\n`,
    timeoutMs: 180_000,
  });
  assert.equal(code, 0, stdout + stderr);
  assert.equal(await proxy.output('cat /etc/h_autossh/acme_pinned/ca.pem'), authority);
});
