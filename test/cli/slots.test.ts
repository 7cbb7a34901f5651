import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../server/support/control-plane.ts';
import { enrolKey, type Scene, setScene } from '../server/support/scene.ts';
import { makeKey } from '../server/support/ssh-keys.ts';
import { culvert, culvertJson } from './support/culvert.ts';

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

interface Tunnel {
  id: string;
  slots: { slot: number; sources: string[] }[];
}

/** A tunnel of its own, by its slug. */
async function makeTunnel(slug: string, ...more: string[]): Promise<Tunnel> {
  const place = ['--account', scene.account, '--region', scene.region];
  const words = ['tunnel', 'create', slug, ...place, '--database', 'db.example:5432', ...more];
  return culvertJson<Tunnel>(words, client);
}

async function refused(words: string[], code: number, why: RegExp): Promise<void> {
  const result = await culvert(words, client);
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, why);
}

test('a slot is added, pinned, unpinned and removed', async () => {
  const { id } = await makeTunnel('crm');
  const added = await culvert(['slot', 'add', 'crm'], client);
  assert.match(added.stdout, /^SLOT +CONNECT TO +FROM +KEY .*\n2 +127\.0\.0\.1:\d+ +- +none /);
  assert.match(added.stdout, new RegExp(`\ncurl -fsSL \\S+/t/${id}/s/2/install\\.sh \\| bash\n`));
  assert.match(added.stdout, /\nA token for it: culvert token create crm --slot 2\n$/);
  const token = await culvert(['token', 'create', 'crm', '--slot', '2'], client);
  assert.match(token.stdout, /good for one use[^\n]*\ncurl \S+ \S+\/s\/2\/install\.sh /);

  const pinned = ['slot', 'pin', 'crm', '2', '192.0.2.7,198.51.100.0/24'];
  const { sources } = await culvertJson<Tunnel['slots'][number]>(pinned, client);
  assert.deepEqual(sources, ['192.0.2.7/32', '198.51.100.0/24']);
  const shown = await culvert(['tunnel', 'show', 'crm'], client);
  assert.match(shown.stdout, /\n2 +\S+ +192\.0\.2\.7\/32 198\.51\.100\.0\/24 +none /);
  assert.match(shown.stdout, /\nOn the proxy of slot 2:\ncurl /);
  const unpinned = await culvert(['slot', 'unpin', 'crm', '2'], client);
  assert.match(unpinned.stdout, /\n2 +\S+ +- +none /);

  await refused(['slot', 'pin', 'crm', '2', '192.0.2.7/24'], 2, /sources\.0: has bits behind/);
  await refused(['slot', 'pin', 'crm', '2', ','], 2, /must hold an address/);
  await refused(['slot', 'pin', 'crm', 'two', '192.0.2.7'], 2, /'slot'/);
  await refused(['slot', 'unpin', 'crm', '9'], 4, /no such slot/);
  await refused(['slot', 'remove', 'crm', '1'], 5, /first slot cannot be removed/);
  const removed = await culvert(['slot', 'remove', 'crm', '2'], client);
  assert.equal(removed.stdout, `removed slot 2 of ${id}\n`);
  await refused(['slot', 'remove', 'crm', '2'], 4, /no such slot/);
});

test('a tunnel may begin with two slots, and shows the commands of both', async () => {
  const { slots } = await makeTunnel('pair', '--slots', '2');
  assert.deepEqual(
    slots.map(({ slot }) => slot),
    [1, 2],
  );
  const { stdout } = await culvert(['tunnel', 'show', 'pair'], client);
  assert.match(stdout, /\nThe customer pastes:\n.*\n[\s\S]*\nOn the proxy of slot 2:\n/);
});

test('a token for several uses says so, and is listed with its limits', async () => {
  await makeTunnel('fleet');
  const words = ['token', 'create', 'fleet', '--uses', '100', '--sources', '192.0.2.0/24'];
  const made = await culvert([...words, '--expires-in', '30d', '--confirm'], client);
  assert.match(made.stdout, /, good for 100 uses, shown once\./);
  const list = await culvert(['token', 'list', 'fleet'], client);
  assert.match(list.stdout, /\n[0-9a-z]{16} +1 +0 of 100 +192\.0\.2\.0\/24 +yes +2\d{3}-/);
  assert.doesNotMatch(list.stdout, /cvt_/);
  await refused(['token', 'create', 'fleet', '--uses', '1001'], 2, /uses/);
  await refused(['token', 'create', 'fleet', '--uses', '0'], 2, /--uses/);
  await refused(['token', 'create', 'fleet', '--sources', ''], 2, /--sources/);
});

test('a key that waits is confirmed by what the customer reads out, and removed', async () => {
  const { id } = await makeTunnel('careful');
  const issued = ['token', 'create', 'careful', '--confirm'];
  const { token } = await culvertJson<{ token: string }>(issued, client);
  const key = makeKey();
  await enrolKey(plane, id, token, key);
  const list = () => culvert(['key', 'list', 'careful'], client);
  assert.match((await list()).stdout, new RegExp(`\n${key.fingerprint} +1 +waiting +linux +`));

  const swapped = makeKey().fingerprint;
  await refused(['key', 'confirm', 'careful', swapped], 4, /no key of this tunnel has that/);
  await refused(['key', 'confirm', 'careful', 'SHA256:abc'], 2, /64 hex digits/);
  const read = key.fingerprint.toUpperCase().replace(/.{8}(?=.)/g, '$& ');
  const confirmed = await culvert(['key', 'confirm', 'careful', read], client);
  assert.match(confirmed.stdout, new RegExp(`\n${key.fingerprint} +1 +pending +`));
  const removed = await culvert(['key', 'remove', 'careful', key.fingerprint], client);
  assert.equal(removed.stdout, `removed ${key.fingerprint}\n`);
  await refused(['key', 'remove', 'careful', key.fingerprint], 4, /no such key/);
  await refused(['key', 'confirm', 'careful', key.fingerprint], 4, /no key of this tunnel/);
  assert.match((await list()).stdout, /removed/);
});
