import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { formatStatement, parseStatement } from '../../src/domain/statement.ts';
import { makeReviewer, signed } from '../server/support/reviewers.ts';
import type { Container, Network } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { install } from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/** From a policy to an upgrade of a proxy that pins reviewers, and what that proxy refuses. */
const ada = makeReviewer('ada@customer');
const bob = makeReviewer('bob@customer', ',valid-before="20250101"');
const eve = makeReviewer('eve');
const UNIT = 'h_autossh@acme_orders.service';
const INSTALLED = '/usr/local/lib/h_autossh/acme_orders/tunnel';
const NODE = '/opt/culvert/node_modules/.bin/node';

let network: Network;
let vendor: VendorHost;
let proxy: Container;
let tunnel: MadeTunnel;
let page: string;

before(async () => {
  ({ network, vendor, proxy, tunnel } = await startHosts('orders'));
  page = `http://vendor:8080/t/${tunnel.id}`;
});
after(() => network?.remove());

/** What an address of the tunnel gives, as a reviewer's curl sees it. */
const get = (path: string) => proxy.output(`curl -fsS '${page}${path}'`);

const served = async () => hash('sha256', await get('/install.sh'));

/** One value of /v1/approval. */
const approval = async (name: string) =>
  proxy.output(`curl -fsS ${page}/v1/approval | sed -n 's/^${name}=//p' | tr -d '\\n'`);

/** Hands a statement in with curl; gives the answer. */
async function handIn(body: string): Promise<{ result: string }> {
  const { stdout } = await proxy.exec(
    ['curl', '-sS', '--data-binary', '@-', `${page}/v1/statements`],
    { input: body },
  );
  return JSON.parse(stdout);
}

async function approve(): Promise<string> {
  const text = await get(`/a/${await approval('waiting')}/statement`);
  assert.equal((await handIn(signed(text, ada))).result, 'counts');
  return text;
}

/** The service's process, and what would run at the next upgrade. */
const runningTunnel = () =>
  proxy.output(`systemctl show -p MainPID ${UNIT}; sha256sum ${INSTALLED}`);

test('under a policy of minor, approved bytes are installed on a proxy that pins reviewers', async () => {
  const { items } = await vendor.api<{ items: [{ id: string }] }>('GET', '/v1/accounts');
  const { text } = await vendor.api<{ text: string }>(
    'POST',
    `/v1/accounts/${items[0].id}/reviewers`,
    { reviewers: ada.line, approvals: 1, policy: { templates: 'minor', inputs: ['database'] } },
  );
  assert.equal((await handIn(signed(text, ada))).result, 'counts');
  assert.match(await get('/install.sh'), /no installer is approved by your reviewers/);
  await approve();

  await proxy.writeFile('/root/reviewers', ada.line + bob.line);
  const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
    token: tunnel.token,
    arguments: ['install', '--reviewers', '/root/reviewers'],
  });
  assert.equal(code, 0, stdout + stderr);
  await vendor.untilAnswered(portOf(tunnel));
});

test('a new minor version waits, is read as a difference, approved, served, and taken', async () => {
  const old = await served();
  await shipNewVersion('minor');
  assert.equal(await served(), old);
  assert.match(await approval('reasons'), /install\.sh: template \S+ became \S+: minor/);

  const text = await get(`/a/${await approval('waiting')}/statement`);
  const { artifacts } = parseStatement(text) as { artifacts: string[] };
  const diffs = await Promise.all(
    artifacts.map((fresh) => proxy.shell(`curl -fsS ${page}/a/${old}/diff/${fresh}`)),
  );
  assert.ok(diffs.some(({ stdout }) => /^\+ *# Another version\.$/m.test(stdout)));

  await approve();
  const fresh = await served();
  assert.notEqual(fresh, old);
  assert.ok(artifacts.includes(fresh));
  const { code, stdout, stderr } = await proxy.shell('h_autossh upgrade');
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, new RegExp(`Approved: SHA-256 ${fresh}, by ada@customer\\.`));
  await vendor.untilAnswered(portOf(tunnel));
});

test('a patch passes the policy, and not the pin', async () => {
  const approved = await served();
  await shipNewVersion('patch');
  const fresh = await served();
  assert.notEqual(fresh, approved);
  await refusesToUpgrade(/Nobody signed this installer/);
  const text = await get(`/a/${fresh}/statement`);
  assert.equal((await handIn(signed(text, ada))).result, 'counts');
  assert.equal((await proxy.shell('h_autossh upgrade')).code, 0);
});

test('what a reviewer withdraws is gone, also by its digest, and is not taken', async () => {
  const fresh = await served();
  const text = await get(`/a/${fresh}/statement?decision=withdraw`);
  assert.equal((await handIn(signed(text, ada))).result, 'counts');
  assert.notEqual(await served(), fresh);
  const { stderr } = await proxy.shell(`curl -fsS ${page}/a/${fresh}/install.sh`);
  assert.match(stderr, /410/);
});

describe('from a control plane that was taken over the proxy takes', () => {
  let good: string;
  let genuine: string;

  before(async () => {
    good = await get('/install.sh');
    genuine = await proxy.output(
      `curl -fsS '${page}/v1/statements?artifact=${hash('sha256', good)}'`,
    );
    await vendor.systemctl('stop', 'culvert');
    await vendor.container.writeFile('/root/hostile.mjs', HOSTILE);
    await vendor.container.output(`systemd-run --unit hostile ${NODE} /root/hostile.mjs`);
  });

  const evil = () =>
    `${good.slice(0, good.lastIndexOf('\n'))}\n`.replace('{\n', '{\n  touch /root/evil\n');

  /** A statement about bytes that nobody has approved, as a reviewer would have to sign it. */
  const about = (bytes: string, change: object = {}) =>
    formatStatement({
      v: 1,
      vendor: 'acme',
      account: 'customer',
      tunnel: tunnel.id,
      decision: 'approve',
      artifacts: [hash('sha256', bytes)],
      not_after: Math.floor(Date.now() / 1000) + 86_400,
      serial: 50,
      previous: 'f'.repeat(64),
      ...change,
    });
  const day = 86_400;
  const past = () => Math.floor(Date.now() / 1000) - day;
  const cases: Record<string, [() => string, () => string, RegExp]> = {
    'nothing tampered': [evil, () => genuine, /Nobody signed this installer/],
    'nothing unsigned': [evil, () => 'end=1\n', /Nobody signed this installer/],
    'no lower serial': [() => good, () => genuine, /is older than one that counted here/],
    'nothing signed for another tunnel': [
      evil,
      () => `${signed(about(evil(), { tunnel: `tun_${'0'.repeat(26)}` }), ada)}end=1\n`,
      /is for another tunnel/,
    ],
    'nothing that a stranger signed': [
      evil,
      () => `${signed(about(evil()), eve)}end=1\n`,
      /No key that signed this installer is pinned here/,
    ],
    'nothing that an expired reviewer signed': [
      evil,
      () => `${signed(about(evil()), bob)}end=1\n`,
      /No key that signed this installer is pinned here, or it has expired/,
    ],
    'nothing by an expired statement': [
      evil,
      () => `${signed(about(evil(), { not_after: past() }), ada)}end=1\n`,
      /approval of this installer has expired/,
    ],
  };
  for (const [name, [script, statements, why]] of Object.entries(cases)) {
    test(name, async () => {
      await vendor.container.writeFile('/root/install.sh', script());
      await vendor.container.writeFile('/root/statements', statements());
      await refusesToUpgrade(why);
      assert.equal((await proxy.shell('test -e /root/evil')).code, 1);
    });
  }
});

/** Everything else goes on: the service keeps its process, and the database answers. */
async function refusesToUpgrade(why: RegExp): Promise<void> {
  const before = await runningTunnel();
  const { code, stdout, stderr } = await proxy.shell('h_autossh upgrade');
  assert.equal(code, 4, stdout + stderr);
  assert.match(stderr, why);
  assert.equal(await runningTunnel(), before);
  assert.equal(await vendor.query(portOf(tunnel)), 'a row');
}

/** Restarts the control plane with a template that has one line more, at its next version. */
async function shipNewVersion(bump: 'minor' | 'patch'): Promise<void> {
  await vendor.container.output(`
    test -d /opt/next || {
      mkdir /opt/next
      cp -a /opt/culvert/{src,templates,package.json} /opt/next
      ln -s /opt/culvert/node_modules /opt/next/node_modules
    }
    cd /opt/next
    printf '\\n# Another version.\\n' >>templates/linux/words.sh
    ${NODE} -e '
      const { readFileSync, writeFileSync } = require("node:fs");
      const semver = require("semver");
      const file = "templates/linux/template.json";
      const template = JSON.parse(readFileSync(file));
      template.version = semver.inc(template.version, "${bump}");
      writeFileSync(file, JSON.stringify(template));'
    mkdir -p /etc/systemd/system/culvert.service.d
    printf '[Service]\\nExecStart=\\nExecStart=${NODE} /opt/next/src/main.ts serve\\n' \\
      >/etc/systemd/system/culvert.service.d/next.conf
    systemctl daemon-reload`);
  await vendor.systemctl('restart', 'culvert');
}

/** Serves what stands in two files, whatever is asked of it, the agent's requests too. */
const HOSTILE = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
createServer((request, response) => {
  const file = request.url.includes('/v1/statements') ? '/root/statements' : '/root/install.sh';
  try {
    response.end(readFileSync(file));
  } catch {
    response.writeHead(500).end(); // between two cases
  }
}).listen(8080);
`;
