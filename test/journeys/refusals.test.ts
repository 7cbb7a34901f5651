import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Container, type Network, proxyImage, startContainer } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { install, pastedLine } from '../support/installer.ts';
import { type MadeTunnel, urlOf, type VendorHost } from '../support/vendor-host.ts';

let network: Network;
let vendor: VendorHost;
let proxy: Container;
let tunnel: MadeTunnel;
let other: MadeTunnel;

before(async () => {
  ({ network, vendor, proxy, tunnel } = await startHosts('refused'));
  other = await vendor.makeTunnel('other');
});

after(() => network?.remove());

/** What an installation would leave: nothing of it may be there. */
async function nothingIsInstalled(): Promise<void> {
  assert.notEqual((await proxy.shell('command -v autossh')).code, 0);
  const traces = await proxy.shell(`
    ls -d /etc/h_autossh /var/lib/h_autossh /etc/systemd/system/h_autossh* /run/culvert.* 2>/dev/null
    id h_autossh 2>/dev/null`);
  assert.equal(traces.stdout, '');
}

/** Pastes the line with a token, and expects a refusal in one clear sentence with exit code 6. */
async function isRefused(url: string, token: string, sentence: RegExp): Promise<void> {
  const { code, stderr } = await install(proxy, url, { token });
  assert.equal(code, 6, stderr);
  assert.match(
    stderr,
    /^\nerror: [^\n]+\n( {2}[^\n]+\n)? {7}[^\n]+\n$/,
    'one sentence, and what to do next',
  );
  assert.match(stderr, sentence);
  await nothingIsInstalled();
}

test('a wrong token', () =>
  isRefused(
    urlOf(tunnel),
    `${tunnel.token.slice(0, -4)}0000`,
    /token was refused: this enrolment token is not valid/,
  ));

test('something that is no token at all', () => isRefused(urlOf(tunnel), 'hunter2', /is not one/));

test('the token of another tunnel', () => isRefused(urlOf(tunnel), other.token, /another tunnel/));

test('an expired token', async () => {
  const token = await vendor.makeToken(tunnel.id);
  await vendor.expireToken(token);
  await isRefused(urlOf(tunnel), token, /expired/);
});

test('a token that another key has used', async () => {
  const spent = await vendor.makeTunnel('spent');
  const elsewhere = await startContainer({ image: proxyImage(), network, name: 'elsewhere' });
  const first = await install(elsewhere, urlOf(spent), { token: spent.token });
  assert.equal(first.code, 0, first.stdout + first.stderr);
  await isRefused(urlOf(spent), spent.token, /used/);
});

test('a key without a proof is refused by the control plane, and nothing is left', async () => {
  const { code, stderr } = await proxy.exec(['bash'], {
    input: `curl -fsSL ${urlOf(tunnel)} | sed 's/ "proof=$(cat "$SCRATCH.proof")"//' | CULVERT_TOKEN=${tunnel.token} bash
exit $?
`,
    timeoutMs: 180_000,
  });
  assert.equal(code, 6, stderr);
  assert.match(stderr, /does not prove/);
  await nothingIsInstalled();
});

for (const [what, path] of [
  ['a tunnel that does not exist', '/t/tun_00000000000000000000000000/install.sh'],
  ['an id that is none', '/t/nonsense/install.sh'],
] as const) {
  test(`the pasted line fails for ${what}`, async () => {
    const { code, stderr } = await install(proxy, `http://vendor:8080${path}`);
    assert.notEqual(code, 0);
    assert.match(stderr, /^error: .+/);
  });
}

test('the pasted line fails for a slot that does not exist, and for a removed tunnel', async () => {
  const slot = await install(proxy, `http://vendor:8080/t/${tunnel.id}/s/7/install.sh`);
  assert.notEqual(slot.code, 0);
  assert.match(slot.stderr, /^error: .+/);
  await vendor.api('DELETE', `/v1/tunnels/${other.id}`);
  const removed = await install(proxy, urlOf(other), { token: other.token });
  assert.notEqual(removed.code, 0);
  assert.match(removed.stderr, /^error: .+/);
});

test('without a token and without a terminal it says what to set', async () => {
  const fresh = await vendor.makeTunnel('no-token');
  const { code, stderr } = await proxy.exec([
    'setsid',
    '--wait',
    'bash',
    '-c',
    `${pastedLine(urlOf(fresh))}; exit $?`,
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /CULVERT_TOKEN/);
});
