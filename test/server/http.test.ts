import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Fastify from 'fastify';
import pino from 'pino';
import { SCOPES } from '../../src/domain/scope.ts';
import { checkAccess } from '../../src/server/plugins/access.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import { enrolKey, issueToken, type Scene, setScene } from './support/scene.ts';
import { makeKey } from './support/ssh-keys.ts';

let plane: ControlPlane;
let scene: Scene;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
});
after(() => plane[Symbol.asyncDispose]());

test('a name that is not ours: 421', async () => {
  for (const [host, status] of [
    ['culvert.example', 200],
    ['CULVERT.example', 200],
    ['culvert.example:443', 200],
    ['127.0.0.1:8080', 200],
    ['localhost', 200],
    ['[::1]:8080', 200],
    ['evil.example', 421],
    ['culvert.example:8080', 421],
    ['culvert.example.evil.example', 421],
    ['localhost.evil.example', 421],
  ] as const) {
    for (const url of ['/healthz', `/t/${scene.tunnel}/install.sh`, '/nothing']) {
      const answer = await plane.app.inject({ url, headers: { host } });
      const expected = url === '/nothing' && status === 200 ? 404 : status;
      assert.equal(answer.statusCode, expected, `${host}${url}`);
      if (status === 421) assert.equal(answer.json().code, 'host-unknown');
    }
  }
});

test('what is not there, is not there', async () => {
  for (const [method, url] of [
    ['GET', '/'],
    ['GET', '/v2'],
    ['PUT', '/v1/regions'],
    ['GET', '/%zz'],
    ['GET', `/${'x'.repeat(300)}`],
    ['GET', `/v1/regions/${'x'.repeat(300)}`],
  ] as const) {
    const answer = await plane.app.inject({ method, url });
    assert.ok([400, 401, 404].includes(answer.statusCode), `${url} ${answer.statusCode}`);
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8', url);
    assert.ok(answer.json().code, url);
  }
});

test('every route states its access, and what needs a token refuses a stranger', async () => {
  const { paths } = (await plane.app.inject('/openapi.json')).json();
  const routes = Object.entries(paths as Record<string, Record<string, Described>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, route]) => ({ path, method, route })),
  );
  assert.ok(routes.length > 25);
  for (const { path, method, route } of routes) {
    const isOpen = !path.startsWith('/v1/') && !path.startsWith('/agent/v1/');
    const [first] = route.security;
    const scope = first?.['apiToken']?.[0];
    assert.equal(path.startsWith('/v1/'), scope !== undefined, `${method} ${path}`);
    if (scope !== undefined) assert.ok((SCOPES as readonly string[]).includes(scope));
    if (isOpen || path === '/agent/v1/join') continue;
    const url = path.replace(/\{\w+\}/g, 'x');
    const options = { method: method.toUpperCase() as 'GET', url };
    assert.equal((await plane.app.inject(options)).statusCode, 401, `${method} ${path}`);
  }
});

interface Described {
  security: Record<string, string[]>[];
}

test('a route without access stops the start', async () => {
  const app = Fastify();
  checkAccess(app, plane.store);
  app.get('/open', async () => 'open');
  await assert.rejects(async () => app.ready(), /no access stated: .*\/open/);
});

test('health, readiness, metrics, documentation', async () => {
  assert.equal((await plane.app.inject('/healthz')).statusCode, 200);
  assert.equal((await plane.app.inject('/readyz')).statusCode, 200);
  const api = (await plane.app.inject('/openapi.json')).json();
  assert.equal(api.openapi, '3.1.0');
  assert.deepEqual(api.servers, [{ url: 'https://culvert.example' }]);
  assert.equal((await plane.app.inject('/docs/')).statusCode, 200);
  const metrics = await plane.app.inject('/metrics');
  assert.match(metrics.body, /culvert_http_request_duration_seconds_count\{.*route="\/healthz"/);
  assert.match(metrics.body, /process_cpu_seconds_total/);
  assert.ok(!metrics.body.includes('tun_'));

  await using broken = await startControlPlane();
  await broken.store.db.deleteFrom('kysely_migration' as 'region').execute();
  const unready = await broken.app.inject('/readyz');
  assert.equal(unready.statusCode, 503);
  assert.match(unready.json().next, /culvert migrate/);
  await broken.store.close();
  assert.equal((await broken.app.inject('/readyz')).statusCode, 503);
  assert.equal((await broken.app.inject('/healthz')).statusCode, 200);
});

test('the log holds neither ids of tunnels nor tokens nor keys', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => lines.push(line) });
  await using logged = await startControlPlane({ logger });
  const { tunnel, credential } = await setScene(logged);
  const token = await issueToken(logged, tunnel);
  const key = makeKey();
  await enrolKey(logged, tunnel, token, key);
  await enrolKey(logged, tunnel, token, makeKey());
  await logged.app.inject(`/t/${tunnel}`);
  await logged.app.inject(`/t/${tunnel}/nothing`);
  await logged.app.inject(`/t/${tunnel}/install.sh`);
  await logged.app.inject(`/t/${tunnel}/v1/status?slot=1&key=${key.fingerprint}`);
  await logged.store.close();
  await logged.app.inject(`/t/${tunnel}/install.sh`);
  await logged.app.inject(`/t/${tunnel}`);
  const text = lines.join('');
  assert.match(text, /"route":"\/t\/:id\/install.sh","status":200/);
  for (const secret of [tunnel, token, credential, key.publicKey, logged.adminToken]) {
    assert.ok(!text.includes(secret));
  }
  assert.doesNotMatch(text, /cv[tagj]_|Bearer/);
});

test('behind a trusted reverse proxy the caller’s address is the one it names', async () => {
  await using proxied = await startControlPlane({ settings: { trustProxy: ['127.0.0.1'] } });
  const url = '/healthz';
  const lie = { 'x-forwarded-host': 'evil.example' };
  assert.equal((await proxied.app.inject({ url, headers: lie })).statusCode, 421);
  const right = { host: '127.0.0.1:8080', 'x-forwarded-host': 'culvert.example' };
  assert.equal((await proxied.app.inject({ url, headers: right })).statusCode, 200);
  assert.equal((await plane.app.inject({ url, headers: lie })).statusCode, 200);
});
