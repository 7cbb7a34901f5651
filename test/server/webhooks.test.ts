import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { WebhookSettings } from '../../src/server/index.ts';
import { outcomeOf } from '../../src/server/webhooks/deliver.ts';
import { post } from '../../src/server/webhooks/post.ts';
import { resolveGuarded } from '../../src/server/webhooks/resolve-guarded.ts';
import { recordReport, tellAlerts } from '../../src/store/index.ts';
import { addEverything, addKey } from '../store/seed.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { until } from '../support/until.ts';
import { startControlPlane } from './support/control-plane.ts';
import { appoint, makeReviewer } from './support/reviewers.ts';
import { setScene } from './support/scene.ts';

interface Received {
  headers: Record<string, unknown>;
  body: string;
}

const SECRET = Buffer.alloc(32, 7);
let folder: string;
let server: Server;
let received: Received[];
let status: number;
let webhook: WebhookSettings;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'culvert-webhook-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync(
    'openssl',
    ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', certificate],
    {
      stdio: 'ignore',
    },
  );
  const ca = readFileSync(certificate, 'utf8');
  server = createServer({ key: readFileSync(key), cert: ca }, async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    response.writeHead(status, { location: 'https://localhost/elsewhere' }).end('an answer');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = new URL(`https://localhost:${port}/hook`);
  webhook = { url, secret: SECRET, allow: ['127.0.0.0/8', '::1'], graceMs: 0, ca };
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  received = [];
  status = 204;
});

const EVENT = { id: 'evt_1', body: '{"type":"tunnel.down"}' };
const signal = new AbortController().signal;

describe('an event', () => {
  test('is signed with its id and time, as Standard Webhooks says', async () => {
    assert.deepEqual(await post(webhook, EVENT, signal), { ok: true, result: 'status 204' });
    const [{ headers, body }] = received as [Received];
    assert.equal(body, EVENT.body);
    assert.equal(headers['content-type'], 'application/json');
    const time = headers['webhook-timestamp'];
    assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 5);
    const signed = `${headers['webhook-id']}.${time}.${body}`;
    const mac = createHmac('sha256', SECRET).update(signed).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${mac}`);
  });

  test('goes nowhere by a redirect, and what is no 2xx is a failure', async () => {
    for (status of [302, 400, 410, 500]) {
      const answer = await post(webhook, EVENT, signal);
      assert.deepEqual(answer, { ok: false, result: `status ${status}` });
    }
    assert.equal(received.length, 4);
  });

  test('is not sent to a private address unless that is listed', async () => {
    const { result } = await post({ ...webhook, allow: [] }, EVENT, signal);
    assert.equal(result, 'its address is private or of this host');
    assert.equal(received.length, 0);
  });

  test('is not sent to a server that its authorities do not vouch for', async () => {
    const { ca: _, ...untrusting } = webhook;
    const { result } = await post(untrusting, EVENT, signal);
    assert.match(result, /SELF_SIGNED/);
    assert.equal(received.length, 0);
  });
});

test('special addresses are refused, however they are written', async () => {
  const special = [
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '64:ff9b::a00:1',
    'fe80::1',
    'fd00:ec2::254',
    '2130706433',
    '0x7f.1',
    'localhost',
  ];
  for (const host of special) {
    await assert.rejects(resolveGuarded(host, []), /private or of this host/, host);
  }
  assert.equal((await resolveGuarded('192.0.2.7', [])).address, '192.0.2.7');
  assert.equal((await resolveGuarded('10.1.2.3', ['10.1.0.0/16'])).address, '10.1.2.3');
  await assert.rejects(resolveGuarded('10.2.2.3', ['10.1.0.0/16']));
});

test('it is tried again, rarer and rarer, for a day', () => {
  const delivery = { id: 'evt_1', body: '', created_at: 0, attempts: 1 };
  const failed = { ok: false, result: 'status 500' };
  const pauseAfter = (attempts: number) => {
    const outcome = outcomeOf({ ...delivery, attempts }, failed, 0);
    return 'nextAt' in outcome ? outcome.nextAt : undefined;
  };
  assert.deepEqual([1, 2, 3, 20].map(pauseAfter), [15_000, 30_000, 60_000, 3_600_000]);
  assert.deepEqual(outcomeOf(delivery, failed, 86_400_000), {
    result: 'gave up: status 500',
    doneAt: 86_400_000,
  });
  const gone = outcomeOf(delivery, { ok: false, result: 'status 410' }, 5);
  assert.deepEqual(gone, { result: 'gave up: status 410', doneAt: 5 });
});

const GRACE = 120_000;

testOnEachEngine('what lasts is told once, and its end', async ({ store, open }) => {
  const { server: host, tunnel } = await addEverything(store);
  await addKey(store, tunnel);
  const other = await open();
  let seq = 0;
  let told = 0;
  /** What is told when the agent reports this at `at`, and two instances look. */
  const reported = async (
    at: number,
    session: 'up' | 'down' | 'silent',
    database: 'answers' | 'closed' = 'answers',
  ) => {
    seq += 1;
    if (session !== 'silent') {
      const slot = { tunnel: tunnel.id, slot: 1, session, session_id: 's', session_key: '' };
      const slots = [{ ...slot, session_since: 1, database, database_at: 1, reason: '' as const }];
      const report = { boot: 'b', seq, applied: 9, digest: '0'.repeat(64), full: true, slots };
      await recordReport(store, host.id, report, at);
    }
    await Promise.all([tellAlerts(store, at, GRACE), tellAlerts(other, at, GRACE)]);
    const rows = await store.db
      .selectFrom('delivery')
      .select('body')
      .orderBy('created_at')
      .execute();
    const fresh = rows.slice(told).map(({ body }) => JSON.parse(body).type);
    told = rows.length;
    return fresh;
  };
  const minute = 60_000;
  assert.deepEqual(await reported(minute, 'up'), []);
  assert.deepEqual(await reported(2 * minute, 'down'), []);
  assert.deepEqual(await reported(3 * minute, 'up'), [], 'a reconnect wakes no one');
  assert.deepEqual(await reported(4 * minute, 'down'), []);
  assert.deepEqual(await reported(5 * minute, 'down'), []);
  assert.deepEqual(await reported(6 * minute, 'down'), ['tunnel.down']);
  assert.deepEqual(await reported(7 * minute, 'down'), []);
  assert.deepEqual(await reported(8 * minute, 'silent'), [], 'of a silent agent nothing is known');
  assert.deepEqual(await reported(9 * minute, 'up'), ['tunnel.up']);
  assert.deepEqual(await reported(10 * minute, 'up', 'closed'), []);
  assert.deepEqual(await reported(12 * minute, 'up', 'closed'), ['database.unreached']);
  assert.deepEqual(await reported(16 * minute, 'silent'), []);
  assert.deepEqual(await reported(18 * minute, 'silent'), ['tunnel-server.silent']);
  const back = await reported(19 * minute, 'up');
  assert.deepEqual(back.sort(), ['database.answers', 'tunnel-server.back']);
  const { data } = JSON.parse(
    (await store.db.selectFrom('delivery').select('body').orderBy('created_at').executeTakeFirst())
      ?.body ?? '',
  );
  assert.deepEqual(data, {
    tunnel: tunnel.id,
    slug: tunnel.slug,
    slot: 1,
    session: 'down',
    database: 'answers',
    reason: '',
    since: 240,
  });
});

test('a running control plane delivers, once, what two instances hear of', async () => {
  await using plane = await startControlPlane({ settings: { webhook } });
  const { store } = plane;
  await using other = await startControlPlane({ store, settings: { webhook } });
  const scene = await setScene(plane);
  await appoint(plane, scene, [makeReviewer('ada')]);
  status = 500;
  await Promise.all([plane, other].map(({ app }) => app.inject(`/t/${scene.tunnel}/install.sh`)));
  await until('it is delivered', () => received.length > 0);
  const [first] = received as [Received];
  const { type, data } = JSON.parse(first.body);
  assert.equal(type, 'artifact.waiting');
  assert.deepEqual(
    [data.tunnel, data.slot, data.reasons],
    [scene.tunnel, 1, ['nothing is approved']],
  );
  status = 204;
  await store.db.updateTable('delivery').set({ next_at: 0 }).where('done_at', 'is', null).execute();
  await until('it is delivered again', () => received.length >= 2);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(received.length, 2);
  assert.equal(received[1]?.headers['webhook-id'], first.headers['webhook-id']);
  assert.equal(received[1]?.body, first.body);
});
