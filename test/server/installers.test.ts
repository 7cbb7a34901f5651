import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { newId } from '../../src/domain/id.ts';
import { type ControlPlane, PUBLIC_URL, startControlPlane } from './support/control-plane.ts';
import { addTunnel, freshSlug, joinServer, type Scene, setScene } from './support/scene.ts';

let plane: ControlPlane;
let scene: Scene;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
});
after(() => plane[Symbol.asyncDispose]());

const get = (url: string) => plane.app.inject(url);

test('an installer is a script of its tunnel, the same bytes each time, also as slot 1', async () => {
  const first = await get(`/t/${scene.tunnel}/install.sh`);
  assert.equal(first.statusCode, 200);
  assert.equal(first.headers['content-type'], 'text/x-shellscript; charset=utf-8');
  assert.equal(first.headers['referrer-policy'], 'no-referrer');
  assert.equal(first.headers['x-content-type-options'], 'nosniff');
  assert.equal(first.headers['content-length'], String(first.rawPayload.length));
  assert.ok(first.body.includes(scene.tunnel));
  assert.doesNotMatch(first.body, /cvt_[0-9a-z]{16}/);
  execFileSync('bash', ['-n'], { input: first.rawPayload });
  for (const url of ['install.sh', 's/1/install.sh']) {
    assert.ok((await get(`/t/${scene.tunnel}/${url}`)).rawPayload.equals(first.rawPayload));
  }
  const sha256 = createHash('sha256').update(first.rawPayload).digest('hex');
  for (const url of ['install.sh.sha256', 's/1/install.sh.sha256']) {
    assert.equal((await get(`/t/${scene.tunnel}/${url}`)).body, `${sha256}  install.sh\n`);
  }
});

test('the installer for Windows is served beside it, as text, with a digest of its own', async () => {
  const linux = await get(`/t/${scene.tunnel}/install.sh`);
  const first = await get(`/t/${scene.tunnel}/install.ps1`);
  assert.equal(first.statusCode, 200);
  assert.equal(first.headers['content-type'], 'text/plain; charset=us-ascii');
  for (const name of ['referrer-policy', 'x-content-type-options', 'cache-control']) {
    assert.equal(first.headers[name], linux.headers[name], name);
  }
  assert.match(first.body, /^# \.SYNOPSIS\r\n/);
  assert.ok(first.body.includes(`${PUBLIC_URL}/t/${scene.tunnel}/install.ps1`));
  const sha256 = createHash('sha256').update(first.rawPayload).digest('hex');
  assert.equal(first.headers['etag'], `"${sha256}"`);
  assert.notEqual(first.headers['etag'], linux.headers['etag']);
  for (const url of ['install.ps1', 's/1/install.ps1']) {
    assert.ok((await get(`/t/${scene.tunnel}/${url}`)).rawPayload.equals(first.rawPayload));
    const digest = await get(`/t/${scene.tunnel}/${url}.sha256`);
    assert.equal(digest.body, `${sha256}  install.ps1\n`);
    assert.equal(digest.headers['content-type'], 'text/plain; charset=utf-8');
  }
});

test('a change counts at once for both', async () => {
  const tunnel = await addTunnel(plane, scene.region, scene.account);
  for (const file of ['install.sh', 'install.ps1', 'install.sh', 'install.ps1']) {
    assert.equal((await get(`/t/${tunnel}/${file}`)).headers['culvert-error'], undefined);
  }
  await plane.api('DELETE', `/v1/tunnels/${tunnel}`);
  await endOfTurn(); // no request over a network could be as early as one of a test is
  for (const file of ['install.sh', 'install.ps1']) {
    assert.equal((await get(`/t/${tunnel}/${file}`)).headers['culvert-error'], 'not-found');
  }
});

test('addresses come from the public URL, whatever Host says', async () => {
  const url = `/t/${scene.tunnel}/install.sh`;
  const answer = await plane.app.inject({ url, headers: { host: 'localhost:1' } });
  assert.ok(answer.body.includes('https://culvert.example'));
  assert.ok(!answer.body.includes('localhost:1'));
});

test('every known error is a script that explains and fails, sent as 200', async () => {
  const removed = await addTunnel(plane, scene.region, scene.account);
  assert.equal((await get(`/t/${removed}/install.sh`)).headers['culvert-error'], undefined);
  await plane.api('DELETE', `/v1/tunnels/${removed}`);
  const homeless = await tunnelWithoutHostKeys();
  for (const [path, code, status] of [
    [newId('tun'), 'not-found', 404],
    ['nonsense', 'not-found', 404],
    ['%00', 'not-found', 404],
    [removed, 'not-found', 404],
    [`${scene.tunnel}/s/2`, 'not-found', 404],
    [`${scene.tunnel}/s/x`, 'not-found', 404],
    [homeless, 'region-empty', 409],
  ] as const) {
    const answer = await get(`/t/${path}/install.sh`);
    assert.equal(answer.statusCode, 200, path);
    assert.equal(answer.headers['culvert-error'], code, path);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const run = spawnSync('bash', { input: answer.rawPayload, encoding: 'utf8' });
    assert.equal(run.status, 6, path);
    assert.equal(run.stdout, '');
    assert.notEqual(run.stderr, '');

    const windows = await get(`/t/${path}/install.ps1`);
    assert.equal(windows.statusCode, 200, path);
    assert.equal(windows.headers['culvert-error'], code, path);
    assert.equal(windows.headers['cache-control'], 'no-store');
    assert.equal(windows.headers['content-type'], 'text/plain; charset=us-ascii');
    assert.match(windows.body, /^# There is no installer at this address.*\{ exit 6 \}.*\r\n\}$/s);

    for (const file of ['install.sh', 'install.ps1']) {
      const digest = await get(`/t/${path}/${file}.sha256`);
      assert.equal(digest.statusCode, status, path);
      assert.equal(digest.json().code, code);
    }
  }
});

test('the pasted line fails for an unknown tunnel, and says why', async () => {
  const address = await plane.app.listen({ host: '127.0.0.1', port: 0 });
  const line = `curl -fsSL ${address}/t/${newId('tun')}/install.sh | bash`;
  const failed = await promisify(execFile)('bash', ['-c', line]).catch((error) => error);
  assert.equal(failed.code, 6);
  assert.match(failed.stderr, /no such tunnel/);
});

test('a database at a Unix socket has no installer for Windows, and that says what to do', async () => {
  const { id } = await plane.api<{ id: string }>('POST', '/v1/tunnels', {
    slug: freshSlug('tunnel'),
    name: 'Local',
    account: scene.account,
    region: scene.region,
    database: { type: 'tcp', socket: '/run/db.sock' },
  });
  assert.equal((await get(`/t/${id}/install.sh`)).headers['culvert-error'], undefined);
  const answer = await get(`/t/${id}/install.ps1`);
  assert.equal(answer.headers['culvert-error'], 'value-invalid');
  assert.match(answer.body, /database\.socket: .* or install on a Linux host\./s);
  assert.equal((await get(`/t/${id}/install.ps1.sha256`)).json().field, 'database.socket');
});

test('a store that fails is explained by a script too', async () => {
  await using other = await startControlPlane();
  await other.store.close();
  const answer = await other.app.inject(`/t/${scene.tunnel}/install.sh`);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['culvert-error'], 'internal');
  assert.equal(spawnSync('bash', { input: answer.rawPayload }).status, 6);
  const windows = await other.app.inject(`/t/${scene.tunnel}/install.ps1`);
  assert.equal(windows.statusCode, 200);
  assert.equal(windows.headers['culvert-error'], 'internal');
});

/** A tunnel whose server lost its host keys: there is no other way to such a state. */
async function tunnelWithoutHostKeys(): Promise<string> {
  const region = await plane.api<{ id: string }>('POST', '/v1/regions', { slug: 'x', name: 'X' });
  const { server } = await joinServer(plane, region.id);
  const tunnel = await addTunnel(plane, region.id, scene.account);
  await plane.store.db
    .updateTable('tunnel_server')
    .set({ active_host_key: null, spare_host_key: null })
    .where('id', '=', server)
    .execute();
  return tunnel;
}
