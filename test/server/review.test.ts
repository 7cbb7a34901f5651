import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from '../../src/bundle/index.ts';
import { formatStatement, parseStatement } from '../../src/domain/statement.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import {
  APPROVAL,
  appoint,
  approval,
  decisionText,
  handIn,
  makeReviewer,
  otherCatalogue,
  propose,
  signed,
} from './support/reviewers.ts';
import { joinServer, type Scene, setScene } from './support/scene.ts';

const ada = makeReviewer('ada@globex');
const bob = makeReviewer('bob@globex');
const eve = makeReviewer('eve');

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane();
});
after(() => plane[Symbol.asyncDispose]());

const get = (tunnel: string, file: string, from = plane) => from.app.inject(`/t/${tunnel}/${file}`);

/** A tunnel whose reviewer has approved what is served now. */
async function reviewedScene(more: Parameters<typeof appoint>[3] = {}): Promise<Scene> {
  const scene = await setScene(plane);
  await appoint(plane, scene, [ada], more);
  const { waiting, served } = await approval(plane, scene.tunnel);
  const text = await decisionText(plane, scene.tunnel, waiting || served);
  assert.equal((await handIn(plane, scene.tunnel, signed(text, ada))).json().result, 'counts');
  return scene;
}

test('without reviewers the newest is served, and kept by its digest', async () => {
  const { tunnel } = await setScene(plane);
  for (const file of ['install.sh', 'install.ps1']) {
    const { body, rawPayload } = await get(tunnel, file);
    const sha256 = hash('sha256', rawPayload);
    const kept = await get(tunnel, `a/${sha256}/${file}`);
    assert.equal(kept.body, body);
    assert.equal(kept.headers.etag, `"${sha256}"`);
    assert.equal((await get(tunnel, `a/${sha256}/bundle.tar.gz`)).statusCode, 404);
  }
  const digest = (await get(tunnel, 'bundle.tar.gz.sha256')).body.slice(0, 64);
  const bundle = await get(tunnel, `a/${digest}/bundle.tar.gz`);
  assert.deepEqual(bundle.rawPayload, (await get(tunnel, 'bundle.tar.gz')).rawPayload);
  const state = await approval(plane, tunnel);
  assert.deepEqual([state['served'], state['waiting'], state['approvals']], [digest, '', 0]);
  const other = await setScene(plane);
  assert.equal((await get(other.tunnel, `a/${digest}/bundle.tar.gz`)).statusCode, 404);
  for (const file of ['install.sh', 'install.sh.sig', 'bundle.tar.gz']) {
    assert.equal((await get(tunnel, `a/${'0'.repeat(64)}/${file}`)).statusCode, 404);
  }
});

test('the first reviewers are proposed by the vendor and confirmed by each of them', async () => {
  const { account, tunnel } = await setScene(plane);
  const text = await propose(plane, account, [ada, bob], { approvals: 2 });
  assert.equal((await approval(plane, tunnel))['approvals'], 0);
  const { proposed } = await approval(plane, tunnel);
  assert.equal((await get(tunnel, `v1/statements/${proposed}`)).body, text);

  const own = formatStatement({ ...parseStatement(text), approvals: 1 } as never);
  assert.match(
    (await handIn(plane, tunnel, signed(own, ada))).json().detail,
    /proposed by the vendor/,
  );
  const stranger = await handIn(plane, tunnel, signed(text, eve));
  assert.equal(stranger.json().code, 'signature-invalid');

  const first = (await handIn(plane, tunnel, signed(text, ada))).json();
  assert.deepEqual([first.result, first.persons, first.needed], ['pending', 1, 2]);
  assert.deepEqual(await handInTwice(tunnel, signed(text, ada)), ['pending', 'pending']);
  assert.equal((await handIn(plane, tunnel, signed(text, bob))).json().result, 'counts');
  assert.equal((await approval(plane, tunnel))['approvals'], 2);
  const { current } = await plane.api<{ current: { signed_by: string[] } }>(
    'GET',
    `/v1/accounts/${account}/reviewers`,
  );
  assert.deepEqual(current.signed_by, ['ada@globex', 'bob@globex']);
});

async function handInTwice(tunnel: string, body: string): Promise<string[]> {
  const answers = [await handIn(plane, tunnel, body), await handIn(plane, tunnel, body)];
  return answers.map((answer) => answer.json().result);
}

test('until something is approved nothing is served, and the script says why', async () => {
  const scene = await setScene(plane);
  await appoint(plane, scene, [ada]);
  const script = await get(scene.tunnel, 'install.sh');
  assert.equal(script.statusCode, 200);
  assert.equal(script.headers['culvert-error'], 'artifact-waiting');
  assert.match(script.body, /no installer is approved by your reviewers/);
  assert.equal((await get(scene.tunnel, 'bundle.tar.gz')).statusCode, 409);
  const { waiting, reasons } = await approval(plane, scene.tunnel);
  assert.equal(reasons, 'nothing is approved');
  assert.equal((await get(scene.tunnel, `a/${waiting}/bundle.tar.gz`)).statusCode, 200);
});

test('two persons must approve where two are asked for, and one is enough to stop it', async () => {
  const scene = await setScene(plane);
  const second = makeReviewer(ada.name);
  await appoint(plane, scene, [ada, bob], { approvals: 2 });
  const { waiting } = await approval(plane, scene.tunnel);
  const text = await decisionText(plane, scene.tunnel, waiting);
  assert.equal((await handIn(plane, scene.tunnel, signed(text, ada))).json().result, 'pending');
  assert.equal((await handIn(plane, scene.tunnel, signed(text, second))).statusCode, 400);
  const { pending, proposed } = await approval(plane, scene.tunnel);
  assert.equal(proposed, '');
  assert.equal((await get(scene.tunnel, `v1/statements/${pending}`)).body, text);
  assert.equal((await handIn(plane, scene.tunnel, signed(text, bob))).json().result, 'counts');
  assert.equal((await approval(plane, scene.tunnel))['served'], waiting);

  const stop = await decisionText(plane, scene.tunnel, waiting, '?decision=withdraw');
  assert.equal((await handIn(plane, scene.tunnel, signed(stop, bob))).json().result, 'counts');
  assert.equal((await get(scene.tunnel, `a/${waiting}/bundle.tar.gz`)).statusCode, 410);
  const state = await approval(plane, scene.tunnel);
  assert.deepEqual([state['served'], state['waiting']], ['', waiting]);
  assert.match(String(state['reasons']), /install.sh was withdrawn; install.ps1 was withdrawn/);
  const page = (await plane.app.inject(`/t/${scene.tunnel}`)).body;
  assert.match(
    page,
    /Your reviewers stopped the newest installer:\n {2}- install\.sh was withdrawn\n/,
  );
});

test('two keys of one person are one person', async () => {
  const scene = await setScene(plane);
  const spare = makeReviewer(ada.name);
  await appoint(plane, scene, [{ ...ada, line: ada.line + spare.line }, bob], { approvals: 2 });
  const { waiting } = await approval(plane, scene.tunnel);
  const text = await decisionText(plane, scene.tunnel, waiting);
  await handIn(plane, scene.tunnel, signed(text, ada));
  const again = (await handIn(plane, scene.tunnel, signed(text, spare))).json();
  assert.deepEqual([again.result, again.persons], ['pending', 1]);
});

describe('a policy of minor', () => {
  const served = async (from: ControlPlane, tunnel: string) =>
    hash('sha256', (await get(tunnel, 'install.sh', from)).rawPayload);

  test('lets a patch pass, and has a minor version wait until it is approved', async () => {
    const scene = await reviewedScene();
    const old = await served(plane, scene.tunnel);
    const { store } = plane;
    await using patched = await startControlPlane({ store, catalogue: otherCatalogue('patch') });
    assert.notEqual(await served(patched, scene.tunnel), old);

    await using minor = await startControlPlane({ store, catalogue: otherCatalogue('minor') });
    assert.equal(await served(minor, scene.tunnel), old);
    const { waiting, reasons } = await approval(minor, scene.tunnel);
    assert.match(String(reasons), /^install\.sh: template [\d.]+ became [\d.]+: minor$/);
    const rows = await store.db.selectFrom('audit_event').select('bytes').execute();
    const event = rows.find(({ bytes }) => bytes.includes(`"bundle":"${waiting}"`));
    assert.match(event?.bytes ?? '', /"action":"artifact\.waiting".* became [\d.]+: minor/);

    const text = await decisionText(minor, scene.tunnel, waiting);
    assert.equal((await handIn(minor, scene.tunnel, signed(text, ada))).json().result, 'counts');
    assert.notEqual(await served(minor, scene.tunnel), old);
    assert.equal((await approval(minor, scene.tunnel))['waiting'], '');
  });

  test('has a changed value wait that it names, and lets others pass', async () => {
    const scene = await reviewedScene();
    const old = await served(plane, scene.tunnel);
    const { db } = plane.store;
    const change = async (values: { name: string } | { database: string }) => {
      await db.updateTable('tunnel').set(values).where('id', '=', scene.tunnel).execute();
      await joinServer(plane, scene.region); // raises the revision
      return served(plane, scene.tunnel);
    };
    assert.notEqual(await change({ name: 'Other name' }), old);
    const database = { type: 'postgresql', host: 'other.example', port: 5432 };
    assert.equal(await change({ database: JSON.stringify(database) }), old);
    const { reasons } = await approval(plane, scene.tunnel);
    assert.match(String(reasons), /values changed: database/);
  });
});

test('an approval ends with its day, and with the key of who gave it', async () => {
  const scene = await setScene(plane);
  await appoint(plane, scene, [ada]);
  const { waiting } = await approval(plane, scene.tunnel);
  const text = await decisionText(plane, scene.tunnel, waiting);
  const soon = Math.ceil(Date.now() / 1000) + 1;
  const short = formatStatement({ ...parseStatement(text), not_after: soon } as never);
  assert.equal((await handIn(plane, scene.tunnel, signed(short, ada))).json().result, 'counts');
  assert.equal((await approval(plane, scene.tunnel))['served'], waiting);
  await new Promise((resolve) => setTimeout(resolve, soon * 1000 - Date.now() + 50));
  assert.equal((await approval(plane, scene.tunnel))['served'], '');
  assert.match(
    (await handIn(plane, scene.tunnel, signed(short, ada))).json().detail,
    /time is over/,
  );

  const old = makeReviewer('old', ',valid-before="20200101Z"');
  const other = await setScene(plane);
  const expired = await propose(plane, other.account, [old]);
  const refusal = await handIn(plane, other.tunnel, signed(expired, old));
  assert.match(refusal.json().detail, /not valid at/);
});

describe("with the vendor's token alone", () => {
  test('reviewers are not replaced and the policy is not loosened', async () => {
    const scene = await reviewedScene();
    const policy = { templates: 'none', inputs: [] };
    const loose = await propose(plane, scene.account, [ada], { policy });
    const foreign = await propose(plane, scene.account, [eve]);
    for (const text of [loose, foreign]) {
      const answer = await handIn(plane, scene.tunnel, signed(text, eve));
      assert.equal(answer.json().code, 'signature-invalid');
    }
    const { policy: now } = await approval(plane, scene.tunnel);
    assert.equal(now, 'minor');
    assert.equal((await handIn(plane, scene.tunnel, signed(loose, ada))).json().result, 'counts');
    assert.equal((await approval(plane, scene.tunnel))['policy'], 'none');
  });

  test('what was withdrawn stays away', async () => {
    const scene = await reviewedScene({ policy: { templates: 'none', inputs: [] } });
    const { served } = await approval(plane, scene.tunnel);
    const text = await decisionText(plane, scene.tunnel, served, '?decision=withdraw');
    await handIn(plane, scene.tunnel, signed(text, ada));
    const revive = await decisionText(plane, scene.tunnel, served);
    assert.equal((await handIn(plane, scene.tunnel, signed(revive, eve))).statusCode, 400);
    assert.equal((await get(scene.tunnel, `a/${served}/bundle.tar.gz`)).statusCode, 410);
    assert.equal(
      (await get(scene.tunnel, 'install.sh')).headers['culvert-error'],
      'artifact-waiting',
    );
  });
});

describe('refused, and nothing is kept:', () => {
  let scene: Scene;
  let text: string;
  let [older, ours]: [string[], string[]] = [[], []];
  before(async () => {
    scene = await reviewedScene({ policy: { templates: 'none', inputs: [] } });
    const installersOf = async () => {
      const { served } = await approval(plane, scene.tunnel);
      text = await decisionText(plane, scene.tunnel, served);
      return (parseStatement(text) as { artifacts: string[] }).artifacts;
    };
    older = await installersOf();
    const { db } = plane.store;
    await db.updateTable('tunnel').set({ name: 'New' }).where('id', '=', scene.tunnel).execute();
    await joinServer(plane, scene.region); // raises the revision
    ours = await installersOf();
  });

  const altered = (change: object) =>
    formatStatement({ ...parseStatement(text), ...change } as never);
  const cases: Record<string, [() => string, number, RegExp]> = {
    'another namespace': [
      () => signed(text, ada, 'culvert-artifact-v1'),
      400,
      /made for "culvert-artifact-v1", not for culvert-approval-v1/,
    ],
    'a signature over other bytes': [
      () =>
        text +
        signed(altered({ decision: 'refuse' }), ada)
          .split('\n')
          .slice(1)
          .join('\n'),
      400,
      /other bytes/,
    ],
    'PGP pasted instead': [
      () => `${text}-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n`,
      400,
      /of PGP, not of OpenSSH/,
    ],
    'no signature': [() => text, 400, /is not a statement with its signature/],
    'nothing at all': [() => '', 400, /is not a statement with its signature/],
    'five megabytes': [() => text + 'A'.repeat(5_000_000), 413, /larger than this route takes/],
    'a stranger': [() => signed(text, eve), 400, /not listed for/],
    "another tunnel's": [
      () => signed(altered({ tunnel: `tun_${'0'.repeat(26)}` }), ada),
      400,
      /for another tunnel/,
    ],
    'another account': [() => signed(altered({ account: 'other' }), ada), 400, /another account/],
    'another vendor': [() => signed(altered({ vendor: 'other' }), ada), 400, /another vendor/],
    'a serial that was used': [() => signed(altered({ serial: 1 }), ada), 409, /serial: is 1/],
    'a serial to come': [() => signed(altered({ serial: 9 }), ada), 409, /serial: is 9/],
    'another line of statements': [
      () => signed(altered({ previous: 'f'.repeat(64) }), ada),
      409,
      /previous: is not/,
    ],
    'a time beyond all': [
      () => signed(altered({ not_after: 99_999_999_999 }), ada),
      400,
      /for more than 400 days/,
    ],
    'a time that is over': [() => signed(altered({ not_after: 1 }), ada), 400, /time is over/],
    'installers of two bundles': [
      () => signed(altered({ artifacts: [...ours, ...older].sort() }), ada),
      400,
      /installers of different bundles/,
    ],
    'an artifact that never was': [
      () => signed(altered({ artifacts: ['f'.repeat(64)] }), ada),
      400,
      /never had f{64}/,
    ],
    'other white space': [
      () => signed(text.replace('{', '{ '), ada),
      400,
      /changed after Culvert wrote it/,
    ],
    'a name twice': [
      () => signed(text.replace('{', '{"v":1,'), ada),
      400,
      /changed after Culvert wrote it/,
    ],
  };
  for (const [name, [body, status, detail]] of Object.entries(cases)) {
    test(name, async () => {
      const count = async () => {
        const { db } = plane.store;
        const rows = await db.selectFrom('statement_signature').select('statement').execute();
        return [rows.length, (await db.selectFrom('statement').select('digest').execute()).length];
      };
      const old = await count();
      const answer = await handIn(plane, scene.tunnel, body());
      assert.equal(answer.statusCode, status, answer.body);
      assert.match(answer.json().detail, detail);
      assert.ok(answer.json().field && answer.json().next);
      assert.deepEqual(await count(), old);
    });
  }

  test('a key of the vendor among the reviewers, too few persons, a wildcard', async () => {
    const url = `/v1/accounts/${scene.account}/reviewers`;
    const policy = { templates: 'minor', inputs: [] };
    const refusals: [object, RegExp][] = [
      [{ reviewers: ada.line, approvals: 2, policy }, /at most 1 can agree/],
      [{ reviewers: ada.line.replace('ada@globex', '*'), approvals: 1, policy }, /literal name/],
      [{ reviewers: ada.line.replace(APPROVAL, 'file'), approvals: 1, policy }, /namespaces=/],
      [{ reviewers: '# nobody\n', approvals: 1, policy }, /names nobody/],
      [
        { reviewers: ada.line + ada.line.replace('ada', 'ann'), approvals: 1, policy },
        /one key to ada@globex and to ann@globex/,
      ],
    ];
    for (const [body, why] of refusals) {
      await assert.rejects(plane.api('POST', url, body), (error: Error) => why.test(error.message));
    }
  });
});

test('what counts about an installer is there for proxies, with every signature', async () => {
  const scene = await reviewedScene();
  const script = hash('sha256', (await get(scene.tunnel, 'install.sh')).rawPayload);
  const list = await get(scene.tunnel, `v1/statements?artifact=${script}`);
  assert.match(
    list.body,
    /^\{"account":.*\}\n-----BEGIN SSH SIGNATURE-----\n[^{]*-----END SSH SIGNATURE-----\nend=1\n$/,
  );
  const none = await get(scene.tunnel, `v1/statements?artifact=${'0'.repeat(64)}`);
  assert.equal(none.body, 'end=1\n');
  const gone = await get(`tun_${'0'.repeat(26)}`, `v1/statements?artifact=${script}`);
  assert.match(gone.body, /^error=not-found\n[\s\S]*\nend=1\n$/);
});

test('what changed between two installers is shown as text and as a page', async () => {
  const scene = await reviewedScene();
  const { store } = plane;
  await using other = await startControlPlane({ store, catalogue: otherCatalogue('major') });
  const { waiting } = await approval(other, scene.tunnel);
  const old = hash('sha256', (await get(scene.tunnel, 'install.sh', other)).rawPayload);
  const bundle = gunzipSync(
    (await get(scene.tunnel, `a/${waiting}/bundle.tar.gz`, other)).rawPayload,
  );
  const files = await unpackTar(bundle);
  const digestOf = (name: string) => {
    return hash('sha256', files.find(({ path }) => path === name)?.bytes ?? '');
  };
  const url = `/t/${scene.tunnel}/a/${old}/diff/${digestOf('install.sh')}`;
  const unified = await other.app.inject(url);
  assert.match(unified.body, /^\+.*# another version$/m);
  const page = await other.app.inject({ url, headers: { accept: 'text/html' } });
  assert.match(page.body, /<h1>What changed<\/h1>/);
  assert.match(page.body, /values: none/);
  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'; style-src/);
  for (const [other, status] of [
    [digestOf('install.ps1'), 400],
    ['0'.repeat(64), 404],
  ] as const) {
    const refused = await get(scene.tunnel, `a/${old}/diff/${other}`);
    assert.equal(refused.statusCode, status);
  }
});

test('the page says what waits and why, and gives the lines for the reviewers', async () => {
  const scene = await reviewedScene();
  const { store } = plane;
  await using other = await startControlPlane({ store, catalogue: otherCatalogue('minor') });
  const { waiting } = await approval(other, scene.tunnel);
  const text = (await other.app.inject(`/t/${scene.tunnel}`)).body;
  assert.match(
    text,
    /For your reviewers\n\nA newer installer waits .*\n {2}- install\.sh: template .*: minor\n/,
  );
  assert.match(text, new RegExp(`curl -fsSLO \\S+/a/${waiting}/bundle\\.tar\\.gz`));
  assert.match(text, /curl -fsS \S+\/a\/[0-9a-f]{64}\/diff\/[0-9a-f]{64}\n/);
  assert.match(text, /ssh-keygen -Y sign -f KEY -n culvert-approval-v1 statement\.json/);
  const url = `/t/${scene.tunnel}`;
  const page = await other.app.inject({ url, headers: { accept: 'text/html' } });
  assert.match(page.body, /<h2>For your reviewers<\/h2>/);
  const { installers } = await other.api<{ installers: [{ waiting: string; reasons: string[] }] }>(
    'GET',
    `/v1/tunnels/${scene.tunnel}`,
  );
  assert.equal(installers[0].waiting, waiting);
  assert.match(installers[0].reasons.join(), /minor/);
});
