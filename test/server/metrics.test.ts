import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import { freshSlug, joinServer, type Scene, setScene } from './support/scene.ts';

let plane: ControlPlane;
let scene: Scene;
before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
});
after(() => plane[Symbol.asyncDispose]());

const metrics = async () => (await plane.app.inject('/metrics')).body;

test('what the store knows is counted when it is asked for', async () => {
  const body = await metrics();
  assert.match(body, /^culvert_store_up 1$/m);
  assert.match(body, /^culvert_slots_unenrolled 1$/m);
  assert.match(body, /^culvert_tunnel_ports\{region="region-\d+",state="taken"\} 1$/m);
  assert.match(
    body,
    /^culvert_tunnel_server_report_age_seconds\{region="region-\d+",server="host-\d+\.example"\} \d{9,}/m,
  );
  const answer = await plane.api<{ id: string }>('POST', '/v1/tunnels', {
    slug: freshSlug('tunnel'),
    name: 'Another',
    account: scene.account,
    region: scene.region,
    database: { type: 'tcp', host: 'db.example', port: 1 },
  });
  assert.match(await metrics(), /^culvert_slots_unenrolled 2$/m);
  await plane.api('DELETE', `/v1/tunnels/${answer.id}`);
  assert.match(await metrics(), /^culvert_slots_unenrolled 1$/m);
});

test('no label is an id, a token, or the name of a customer', async () => {
  await joinServer(plane, scene.region);
  assert.doesNotMatch(await metrics(), /tun_|acc_|key_|srv_|cv[a-z]_|Customer|account-/);
});

test('without its store it still answers, and says so', async () => {
  await using other = await startControlPlane();
  await setScene(other);
  await other.store.close();
  const { statusCode, body } = await other.app.inject('/metrics');
  assert.equal(statusCode, 200);
  assert.match(body, /^culvert_store_up 0$/m);
  assert.doesNotMatch(body, /^culvert_slots_unenrolled \d/m);
});
