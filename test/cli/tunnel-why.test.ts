import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { recordReport } from '../../src/store/index.ts';
import { type ControlPlane, startControlPlane } from '../server/support/control-plane.ts';
import {
  enrolFields,
  issueToken,
  type Scene,
  sendLines,
  setScene,
} from '../server/support/scene.ts';
import { makeKey } from '../server/support/ssh-keys.ts';
import { culvert } from './support/culvert.ts';

let plane: ControlPlane;
let scene: Scene;
let client: Record<string, string>;
let seq = 0;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
  const address = await plane.app.listen({ host: '127.0.0.1', port: 0 });
  client = { CULVERT_URL: address, CULVERT_API_TOKEN: plane.adminToken };
});
after(() => plane[Symbol.asyncDispose]());

const why = async () => (await culvert(['tunnel', 'why', scene.tunnel], client)).stdout;

/** What the agent says of the slot. */
async function report(
  session: 'up' | 'down',
  database: 'answers' | 'refuses',
  reason: '' | 'host-refused',
) {
  seq += 1;
  const since = session === 'up' ? 1_700_000_000 : 0;
  const slot = { tunnel: scene.tunnel, slot: 1, session, session_id: 's', session_key: '' };
  await recordReport(
    plane.store,
    scene.server,
    {
      boot: 'b',
      seq,
      applied: 1_000_000,
      digest: '0'.repeat(64),
      full: true,
      slots: [{ ...slot, session_since: since, database, database_at: since, reason }],
    },
    Date.now(),
  );
}

test('from the first key to an answer it says why, and what to do', async () => {
  assert.match(
    await why(),
    /\n\nThe agent of its tunnel server is silent, .*\nOn the tunnel server: /,
  );
  const token = await issueToken(plane, scene.tunnel);
  await report('down', 'answers', '');
  const unenrolled = await why();
  assert.match(unenrolled, /\n {2}open tokens +1\n/);
  assert.match(unenrolled, /\n\nNo proxy has registered a key for it\.\nGive the customer /);

  const fields = enrolFields(scene.tunnel, token, makeKey());
  assert.equal(
    (await sendLines(plane, `/t/${scene.tunnel}/v1/enrol`, fields, token)).statusCode,
    200,
  );
  await report('down', 'answers', '');
  assert.match(
    await why(),
    /\n {2}key +active, linux, since .*SHA256:.*\n[\s\S]*\n\nIts proxy is not connected\.\n/,
  );
  await report('up', 'refuses', 'host-refused');
  assert.match(
    await why(),
    /session +up since 2023-[\s\S]*The database answers, and refuses the proxy's address\.\n/,
  );
  await report('up', 'answers', '');
  const well = await why();
  assert.match(well, /\n\nYou can query the database through it\.\nNothing is to be done\.\n$/);
  assert.ok(well.split('\n').length <= 24, 'it fits on one screen');
});
