import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../server/support/control-plane.ts';
import { handIn, makeReviewer, type Reviewer, signed } from '../server/support/reviewers.ts';
import { type Scene, setScene } from '../server/support/scene.ts';
import { culvert } from './support/culvert.ts';

let plane: ControlPlane;
let scene: Scene;
let folder: string;
let client: Record<string, string>;
let ada: Reviewer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-cli-review-'));
  plane = await startControlPlane();
  scene = await setScene(plane);
  const address = await plane.app.listen({ host: '127.0.0.1', port: 0 });
  client = { CULVERT_URL: address, CULVERT_API_TOKEN: plane.adminToken };
  ada = makeReviewer('ada');
  writeFileSync(join(folder, 'reviewers'), ada.line);
});
after(async () => {
  await plane[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('reviewers are proposed, and count once they have signed', async () => {
  const { account, tunnel } = scene;
  const show = () => culvert(['reviewers', 'show', account], client);
  assert.equal((await show()).stdout, 'There are no reviewers: nothing waits.\n');
  const file = join(folder, 'reviewers.json');
  const words = ['reviewers', 'propose', account, '--file', join(folder, 'reviewers')];
  const proposed = await culvert([...words, '--output', file], client);
  assert.match(proposed.stdout, /^policy +minor\nwaits for +database, host-key, port, address\n/m);
  assert.match((await show()).stdout, /no reviewers.*\n\nProposed, not signed by enough:\n/);
  const answer = await handIn(plane, tunnel, signed(readFileSync(file, 'utf8'), ada));
  assert.equal(answer.json().result, 'counts');
  assert.match((await show()).stdout, /^signed by +ada\n/m);
  const tunnelShown = await culvert(['tunnel', 'show', tunnel], client);
  assert.match(tunnelShown.stdout, /\nSlot 1 waits for reviewers: nothing is approved\n/);
});

test('the text to sign is made of the bundle, and is the one that the server gives', async () => {
  const { tunnel } = scene;
  const state = await plane.app.inject({
    url: `/t/${tunnel}/v1/approval`,
    headers: { accept: 'application/json' },
  });
  const { waiting } = state.json();
  const bundle = join(folder, 'bundle.tar.gz');
  const got = await plane.app.inject(`/t/${tunnel}/a/${waiting}/bundle.tar.gz`);
  writeFileSync(bundle, got.rawPayload);
  const { stdout } = await culvert(['statement', bundle]);
  assert.equal(stdout, (await plane.app.inject(`/t/${tunnel}/a/${waiting}/statement`)).body);
  assert.equal((await handIn(plane, tunnel, signed(stdout, ada))).json().result, 'counts');
});

test('a bundle that is none, or of which a file was changed, is refused', async () => {
  const bundle = join(folder, 'bundle.tar.gz');
  const broken = join(folder, 'broken.tar.gz');
  writeFileSync(broken, 'nothing');
  const cases = [
    [[broken], 7, /the bundle is not compressed by gzip/],
    [[`${broken}.none`], 2, /bundle: cannot be read/],
    [[bundle, '--serial', '2'], 2, /--previous: must be 64 hex digits/],
    [[bundle, '--previous', 'x'], 2, /--previous: must be 64 hex digits/],
    [[bundle, '--decision', 'allow'], 2, /must be one of approve, refuse, withdraw/],
  ] as const;
  for (const [words, code, why] of cases) {
    const result = await culvert(['statement', ...words]);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, why);
    assert.equal(result.stdout, '');
  }
  const tampered = join(folder, 'tampered.tar.gz');
  const script = `import gzip, sys
tar = gzip.open(sys.argv[1]).read()
at = tar.index(b"Opens one tunnel")
open(sys.argv[2], "wb").write(gzip.compress(tar[:at] + b"X" + tar[at + 1:]))`;
  execFileSync('python3', ['-c', script, bundle, tampered]);
  const refused = await culvert(['statement', tampered]);
  assert.equal(refused.code, 7);
  assert.match(refused.stderr, /the bundle holds other files than its SHA256SUMS says/);
});

test('a policy that there is not is refused before anything is asked', async () => {
  const words = ['reviewers', 'propose', scene.account, '--file', join(folder, 'reviewers')];
  for (const [option, value] of [
    ['--policy', 'some'],
    ['--waits-for', 'database,moon'],
    ['--approvals', '0'],
  ] as const) {
    const { code, stderr } = await culvert([...words, option, value], client);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`'${option} `));
  }
  const { code, stderr } = await culvert([...words, '--approvals', '3'], client);
  assert.equal(code, 2);
  assert.match(stderr, /at most 1 can agree/);
});
