import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CheckReport } from '../../src/domain/agent-protocol.ts';
import { opensshFingerprint } from '../../src/domain/public-key.ts';
import { type ControlPlane, startControlPlane } from '../server/support/control-plane.ts';
import {
  enrolKey,
  issueToken,
  pollState,
  report,
  type Scene,
  setScene,
} from '../server/support/scene.ts';
import { makeKey } from '../server/support/ssh-keys.ts';
import { culvert } from './support/culvert.ts';

const key = makeKey();
let plane: ControlPlane;
let scene: Scene;
let client: Record<string, string>;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
  const address = await plane.app.listen({ host: '127.0.0.1', port: 0 });
  client = { CULVERT_URL: address, CULVERT_API_TOKEN: plane.adminToken };
});
after(() => plane[Symbol.asyncDispose]());

/** Runs the command while an agent sees that. */
async function check(seen: Partial<CheckReport>, ...more: string[]) {
  const { app, store } = plane;
  await store.db.deleteFrom('slot_check').execute();
  const state = (await pollState(plane, scene.credential, 0)).json();
  await report(plane, scene.credential, state);
  const headers = { authorization: `Bearer ${scene.credential}` };
  const answering = (async () => {
    for (let checks = []; ; ) {
      const answer = await app.inject({ url: '/agent/v1/checks?wait=25', headers });
      checks = answer.statusCode === 200 ? answer.json().checks : [];
      if (checks.length === 0) continue;
      const payload: CheckReport = {
        key: true,
        session: 'up',
        session_key: key.fingerprint,
        session_since: 1_800_000_000,
        address: '192.0.2.7',
        port: 'session',
        database: 'answers',
        database_at: 1_800_000_000,
        reason: '',
        fresh: true,
        said: '',
        ...seen,
      };
      const url = `/agent/v1/checks/${checks[0].id}`;
      return app.inject({ method: 'POST', url, headers, payload });
    }
  })();
  const result = await culvert(['tunnel', 'check', scene.tunnel, ...more], client);
  await answering;
  return result;
}

test('before a key is there, the hop is named and the exit code says broken', async () => {
  const { code, stdout, stderr } = await culvert(['tunnel', 'check', scene.tunnel], client);
  assert.equal(code, 8, stderr);
  assert.match(
    stdout,
    /, slot 1, hop by hop:\n {2}no {3}key {14}none is registered\n {2}-- {3}agent /,
  );
  assert.match(
    stderr,
    /^culvert: broken at the hop key: No proxy has registered a key for it\.\n {2}Give /,
  );
  const json = await culvert(['tunnel', 'check', scene.tunnel, '--json'], client);
  assert.equal(json.code, 8);
  assert.equal(JSON.parse(json.stdout).reason, 'not-enrolled');
  await enrolKey(plane, scene.tunnel, await issueToken(plane, scene.tunnel), key);
});

test('a slot that works: every hop, and 0', async () => {
  const { code, stdout, stderr } = await check({});
  assert.deepEqual([code, stderr], [0, '']);
  const name = opensshFingerprint(key.fingerprint);
  assert.deepEqual(
    stdout
      .replace(/:\d{5} /, ':PORT ')
      .split('\n')
      .slice(1),
    [
      `  ok   key              ${name}`,
      `  ok   agent            that of ${hostOf(stdout)} answered`,
      `  ok   session          up since 2027-01-15 08:00:00Z, from 192.0.2.7, by ${name}`,
      "  ok   forward          127.0.0.1:PORT is that session's",
      '  ok   connection       db.example:5432 accepts it',
      '  ok   vendor-database  postgresql: answers',
      '',
      'You can query the database through it.',
      '',
    ],
  );
});

const hostOf = (text: string) => /that of (host-\d+\.example) /.exec(text)?.[1];

test('what is broken goes to standard error, with what to do; 3 when it is asked too often', async () => {
  const said = 'connect failed: Connection refused';
  const refused = { database: 'closed', reason: 'closed-at-once', said } as const;
  const { code, stdout, stderr } = await check(refused, '--slot', '1', '--json');
  assert.equal(code, 8);
  const { ok, broken, hops } = JSON.parse(stdout);
  assert.deepEqual([ok, broken], [false, 'connection']);
  assert.match(hops[4].detail, /the proxy's ssh says: connect failed: Connection refused$/);
  assert.match(
    stderr,
    /^culvert: broken at the hop connection: Its proxy is connected, and cannot /,
  );
  await plane.store.db
    .updateTable('slot_check')
    .set({ asked_at: Date.now() + 20_000 })
    .execute();
  const soon = await culvert(['tunnel', 'check', scene.tunnel], client);
  assert.equal(soon.code, 3);
  assert.match(soon.stderr, /checked a moment ago\n {2}Check it again in \d+ s\./);
  const none = await culvert(['tunnel', 'check', scene.tunnel, '--slot', '9'], client);
  assert.equal(none.code, 4, none.stderr);
});
