import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { AgentState } from '../../src/domain/agent-protocol.ts';
import { keysDigest } from '../../src/domain/keys-digest.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { PUBLIC_URL, startControlPlane } from './support/control-plane.ts';
import {
  enrolKey,
  issueToken,
  linesOf,
  pollState,
  report,
  setScene,
  statusOf,
} from './support/scene.ts';
import { makeKey } from './support/ssh-keys.ts';

testOnEachEngine('from a region to an active key and an answering database', async ({ store }) => {
  await using plane = await startControlPlane({ store });
  const { tunnel, credential } = await setScene(plane);

  const script = await plane.app.inject(`/t/${tunnel}/install.sh`);
  assert.equal(script.statusCode, 200);
  assert.equal(script.headers['content-type'], 'text/x-shellscript; charset=utf-8');
  assert.ok(script.body.includes(PUBLIC_URL));
  const digest = await plane.app.inject(`/t/${tunnel}/install.sh.sha256`);
  const sha256 = createHash('sha256').update(script.rawPayload).digest('hex');
  assert.equal(digest.body, `${sha256}  install.sh\n`);

  assert.equal((await statusOf(plane, tunnel))['key'], 'none');
  const token = await issueToken(plane, tunnel);
  const key = makeKey();
  const enrolled = await enrolKey(plane, tunnel, token, key);
  assert.equal(enrolled.statusCode, 200);
  assert.deepEqual(linesOf(enrolled), {
    result: 'enrolled',
    tunnel,
    slot: '1',
    fingerprint: key.fingerprint,
    key: 'pending',
  });

  const state: AgentState = (await pollState(plane, credential, 0)).json();
  assert.equal(state.full, true);
  assert.deepEqual(
    state.keys.map(({ fingerprint }) => fingerprint),
    [key.fingerprint],
  );
  assert.equal(state.digest, keysDigest([key.fingerprint]));
  assert.match(state.keys[0]?.line ?? '', /permitlisten="localhost:20000"/);

  const now = Math.floor(Date.now() / 1000);
  const slot = {
    tunnel,
    slot: 1,
    session: 'up',
    session_id: 'one',
    session_key: key.fingerprint,
    session_since: now - 1,
    database: 'answers',
    database_at: now,
    reason: '',
  } as const;
  const reported = await report(plane, credential, state, { slots: [slot] });
  assert.deepEqual(reported.json(), { full: false });

  const { now: _now, agent_at: _at, ...status } = await statusOf(plane, tunnel, key.fingerprint);
  assert.deepEqual(status, {
    v: '1',
    tunnel,
    slot: '1',
    key: 'active',
    session: 'up',
    session_id: 'one',
    session_key: key.fingerprint,
    session_since: String(now - 1),
    database: 'answers',
    database_at: String(now),
    reason: '',
    render: 'a'.repeat(64),
  });

  const again = await enrolKey(plane, tunnel, token, key);
  assert.equal(again.statusCode, 200);
  assert.equal(linesOf(again)['key'], 'active');
});
