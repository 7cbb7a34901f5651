import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  ARTIFACT_NAMESPACE,
  createSigning,
  createSigningKey,
  type Expectation,
  parseAllowedSigners,
  verifyBundle,
  verifySignature,
} from '../../src/bundle/index.ts';
import { newId } from '../../src/domain/id.ts';
import type { Tables } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import { addTunnel, joinServer, type Scene, setScene } from './support/scene.ts';

const signing = createSigning('acme', createSigningKey().key, { text: '', name: 'others' });
const expected: Expectation = {
  namespace: ARTIFACT_NAMESPACE,
  principal: 'acme',
  signers: parseAllowedSigners(signing.allowedSigners, 'signers'),
  at: Date.now(),
};

let plane: ControlPlane;
let scene: Scene;
let bundle: Buffer;

before(async () => {
  plane = await startControlPlane({ settings: { signing } });
  scene = await setScene(plane);
  bundle = (await get('bundle.tar.gz')).rawPayload;
});
after(() => plane[Symbol.asyncDispose]());

function get(file: string, from = plane) {
  return from.app.inject(`/t/${scene.tunnel}/${file}`);
}

test('a bundle is what the vendor signed: the installer that is served, and all that it writes', async () => {
  const answer = await get('bundle.tar.gz');
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['content-type'], 'application/gzip');
  assert.equal(answer.headers['cache-control'], 'no-cache');
  assert.equal(answer.headers['referrer-policy'], 'no-referrer');
  const { files } = await verifyBundle(answer.rawPayload, expected);
  const content = new Map(files.map(({ path, bytes }) => [path, bytes]));
  assert.ok(content.get('install.sh')?.equals((await get('install.sh')).rawPayload));
  assert.equal(content.get('allowed_signers')?.toString(), signing.allowedSigners);
  const { tunnel } = JSON.parse(content.get('MANIFEST.json')?.toString() ?? '');
  assert.equal(tunnel.id, scene.tunnel);
});

test('its digest and its signature are over the tar', async () => {
  const tar = gunzipSync(bundle);
  const { headers } = await get('bundle.tar.gz');
  assert.equal(headers.etag, `"${hash('sha256', tar)}"`);
  for (const slot of ['', 's/1/']) {
    const digest = await get(`${slot}bundle.tar.gz.sha256`);
    assert.equal(digest.body, `${hash('sha256', tar)}  bundle.tar\n`);
    const signature = await get(`${slot}bundle.tar.gz.sig`);
    assert.equal(signature.headers['content-type'], 'text/plain; charset=utf-8');
    verifySignature(signature.body, tar, expected);
  }
});

test('the installer has a signature, too, and the keys stand beside it', async () => {
  const script = (await get('install.sh')).rawPayload;
  for (const slot of ['', 's/1/']) {
    verifySignature((await get(`${slot}install.sh.sig`)).body, script, expected);
  }
  const keys = await get('allowed_signers');
  assert.equal(keys.statusCode, 200);
  assert.equal(keys.body, signing.allowedSigners);
});

test('what does not exist has a true status, never a script', async () => {
  const removed = await addTunnel(plane, scene.region, scene.account);
  await plane.api('DELETE', `/v1/tunnels/${removed}`);
  const files = ['bundle.tar.gz', 'bundle.tar.gz.sha256', 'bundle.tar.gz.sig', 'install.sh.sig'];
  for (const path of [newId('tun'), 'nonsense', removed, `${scene.tunnel}/s/2`]) {
    for (const file of files) {
      const answer = await plane.app.inject(`/t/${path}/${file}`);
      assert.equal(answer.statusCode, 404, `${path}/${file}`);
      assert.equal(answer.json().code, 'not-found');
    }
  }
  assert.equal((await plane.app.inject(`/t/${newId('tun')}/allowed_signers`)).statusCode, 404);
});

test('a vendor without a key serves a bundle that says so, and no signatures', async () => {
  await using unsigned = await startControlPlane();
  const { tunnel } = await setScene(unsigned);
  const answer = await unsigned.app.inject(`/t/${tunnel}/bundle.tar.gz`);
  assert.equal(answer.statusCode, 200);
  const tar = gunzipSync(answer.rawPayload).toString('latin1');
  assert.match(tar, /This vendor signs nothing/);
  assert.doesNotMatch(tar, /^-----BEGIN SSH SIGNATURE-----\nU1NIU0lH/m);
  for (const file of ['bundle.tar.gz.sig', 'install.sh.sig', 'allowed_signers']) {
    const refused = await unsigned.app.inject(`/t/${tunnel}/${file}`);
    assert.equal(refused.statusCode, 404);
    assert.match(refused.json().detail, /signs nothing/);
  }
});

test('what changes is in the next bundle at once', async () => {
  const old = gunzipSync((await get('bundle.tar.gz')).rawPayload);
  await plane.store.db.updateTable('account').set({ name: 'Renamed' }).execute();
  await joinServer(plane, scene.region); // raises the revision
  const fresh = gunzipSync((await get('bundle.tar.gz')).rawPayload);
  assert.notEqual(hash('sha256', fresh), hash('sha256', old));
  assert.match(fresh.toString('latin1'), /"account":\{"name":"Renamed",/);
  await plane.store.db.updateTable('account').set({ name: 'Customer' }).execute();
  await joinServer(plane, scene.region);
  assert.deepEqual(gunzipSync((await get('bundle.tar.gz')).rawPayload), old);
});

/** In the order in which they refer to each other. */
const COPIED = [
  'region',
  'account',
  'tunnel_server',
  'tunnel',
  'slot',
] as const satisfies (keyof Tables)[];

testOnEachEngine('two instances give the same bytes as any other', async ({ store, open }) => {
  for (const table of COPIED) {
    const rows = await plane.store.db.selectFrom(table).selectAll().execute();
    await store.db
      .insertInto(table)
      .values(rows as never)
      .execute();
  }
  const settings = { signing };
  await using one = await startControlPlane({ store, settings });
  await using other = await startControlPlane({ store: await open(), settings });
  const digest = (await get('bundle.tar.gz.sha256')).body;
  assert.equal((await get('bundle.tar.gz.sha256', one)).body, digest);
  assert.equal((await get('bundle.tar.gz.sha256', other)).body, digest);
});
