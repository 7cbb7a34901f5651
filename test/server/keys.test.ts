import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LightMyRequestResponse } from 'fastify';
import type { Lines } from '../../src/domain/lines.ts';
import { addKeyStatement, removeKeyStatement } from '../../src/domain/proof.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import {
  addTunnel,
  enrolKey,
  issueToken,
  linesOf,
  RENDER,
  type Scene,
  sendLines,
  setScene,
  statusOf,
} from './support/scene.ts';
import { type KeyPair, makeKey, prove } from './support/ssh-keys.ts';

let plane: ControlPlane;
let scene: Scene;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
});
after(() => plane[Symbol.asyncDispose]());

async function enrolledTunnel(): Promise<{ tunnel: string; old: KeyPair }> {
  const tunnel = await addTunnel(plane, scene.region, scene.account);
  const old = makeKey();
  await enrolKey(plane, tunnel, await issueToken(plane, tunnel), old);
  return { tunnel, old };
}

function addFields(tunnel: string, old: KeyPair, fresh: KeyPair): Lines {
  const statement = addKeyStatement(tunnel, 1, old.fingerprint, fresh.fingerprint);
  return {
    op: 'add',
    slot: '1',
    old: old.fingerprint,
    public_key: fresh.publicKey,
    proof_old: prove(statement, old, fresh),
    proof_new: prove(statement, fresh),
    render: RENDER,
  };
}

function removeFields(tunnel: string, target: KeyPair, signer: KeyPair): Lines {
  const proof = prove(removeKeyStatement(tunnel, 1, target.fingerprint), signer);
  return { op: 'remove', slot: '1', target: target.fingerprint, proof };
}

function change(tunnel: string, fields: Lines): Promise<LightMyRequestResponse> {
  return sendLines(plane, `/t/${tunnel}/v1/keys`, fields);
}

async function refused(
  tunnel: string,
  fields: Lines,
  status: number,
  code: string,
  field?: string,
): Promise<void> {
  const answer = await change(tunnel, fields);
  assert.equal(answer.statusCode, status, answer.body);
  assert.equal(linesOf(answer)['error'], code, answer.body);
  if (field !== undefined) assert.equal(linesOf(answer)['field'], field);
}

test('a change of keys: add the new one, remove the old one by it; each may be repeated', async () => {
  const { tunnel, old } = await enrolledTunnel();
  const fresh = makeKey();
  const add = addFields(tunnel, old, fresh);
  for (const _ of [1, 2]) {
    const answer = linesOf(await change(tunnel, add));
    assert.equal(answer['result'], 'enrolled');
    assert.equal(answer['fingerprint'], fresh.fingerprint);
    assert.equal(answer['key'], 'pending');
  }
  const remove = removeFields(tunnel, old, fresh);
  for (const _ of [1, 2]) {
    assert.deepEqual(linesOf(await change(tunnel, remove)), { result: 'removed' });
  }
  assert.equal((await statusOf(plane, tunnel, old.fingerprint))['key'], 'removed');
  assert.equal((await statusOf(plane, tunnel, fresh.fingerprint))['key'], 'pending');
  await refused(tunnel, addFields(tunnel, old, makeKey()), 410, 'key-removed', 'old');
});

test('the last key removes itself, and the answer may be asked for again', async () => {
  const { tunnel, old } = await enrolledTunnel();
  const remove = removeFields(tunnel, old, old);
  for (const _ of [1, 2]) assert.equal((await change(tunnel, remove)).statusCode, 200);
  assert.equal((await statusOf(plane, tunnel))['key'], 'none');
});

test('both keys must prove an addition', async () => {
  const { tunnel, old } = await enrolledTunnel();
  const fresh = makeKey();
  const fields = addFields(tunnel, old, fresh);
  const { proof_old, proof_new } = fields as { proof_old: string; proof_new: string };
  const { proof_old: _old, ...withoutOld } = fields;
  const { proof_new: _new, ...withoutNew } = fields;
  await refused(tunnel, withoutOld, 400, 'proof-missing', 'proof_old');
  await refused(tunnel, withoutNew, 400, 'proof-missing', 'proof_new');
  const swapped = { ...fields, proof_old: proof_new, proof_new: proof_old };
  await refused(tunnel, swapped, 400, 'proof-invalid', 'proof_old');
  await refused(tunnel, { ...fields, proof_new: proof_old }, 400, 'proof-invalid', 'proof_new');
});

test('a stranger removes nothing', async () => {
  const { tunnel, old } = await enrolledTunnel();
  await refused(tunnel, removeFields(tunnel, old, makeKey()), 400, 'proof-invalid', 'proof');
  const { proof: _, ...noProof } = removeFields(tunnel, old, old);
  await refused(tunnel, noProof, 400, 'proof-missing', 'proof');
  const other = await enrolledTunnel();
  await refused(tunnel, removeFields(tunnel, other.old, old), 400, 'value-invalid', 'target');
  assert.equal((await statusOf(plane, tunnel, old.fingerprint))['key'], 'pending');
});

test('refusals of a new key name it', async () => {
  const { tunnel, old } = await enrolledTunnel();
  const other = await enrolledTunnel();
  await refused(tunnel, addFields(tunnel, old, other.old), 409, 'key-elsewhere', 'public_key');
  await refused(tunnel, addFields(tunnel, other.old, makeKey()), 400, 'value-invalid', 'old');
  const second = makeKey();
  await change(tunnel, addFields(tunnel, old, second));
  await refused(tunnel, addFields(tunnel, old, makeKey()), 409, 'slot-full');
});

test('missing and foreign fields are named', async () => {
  const { tunnel, old } = await enrolledTunnel();
  const remove = removeFields(tunnel, old, old);
  await refused(tunnel, { ...remove, render: RENDER }, 400, 'value-invalid', 'render');
  await refused(tunnel, { ...remove, colour: 'red' }, 400, 'value-invalid', 'colour');
  await refused(tunnel, { ...remove, op: 'swap' }, 400, 'value-invalid', 'op');
  const { target: _, ...noTarget } = remove;
  await refused(tunnel, noTarget, 400, 'value-invalid', 'target');
  await refused('tun_nothing', remove, 404, 'not-found');
});
