import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SCOPES } from '../../src/domain/scope.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { culvert, culvertJson } from './support/culvert.ts';

interface Token {
  id: string;
  name: string;
  token?: string;
  scopes: string[];
  accounts: string[] | null;
  revoked_at: number | null;
}

let postgres: Postgres;
let folder: string;
before(async () => {
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'culvert-cli-store-'));
});
after(async () => {
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

for (const engine of ['sqlite', 'postgres'] as const) {
  test(`migrate and api-token on ${engine}`, async () => {
    const address = engine === 'sqlite' ? `sqlite:${folder}/a.db` : await postgres.createDatabase();
    const settings = { CULVERT_STORE: address };

    const early = await culvert(['api-token', 'list'], settings);
    assert.equal(early.code, 3);
    assert.match(early.stderr, /lacks \d+ migrations?\n {2}Run culvert migrate/);

    const first = await culvertJson<{ applied: string[] }>(['migrate'], settings);
    assert.ok(first.applied.length > 0);
    const again = await culvert(['migrate'], settings);
    assert.equal(again.stdout, 'nothing to do\n');

    const create = ['api-token', 'create', '--name'];
    const admin = await culvertJson<Token>([...create, 'operator', '--admin'], settings);
    assert.match(admin.token ?? '', /^cva_/);
    assert.deepEqual(admin.scopes, SCOPES);
    const shop = await culvert([...create, 'shop', '--scopes', 'tunnels:read'], settings);
    assert.match(shop.stdout, /^cva_[a-z0-9]{16}_[a-z0-9]{32}\n$/);

    const revoke = await culvert(['api-token', 'revoke', admin.id], settings);
    assert.equal(revoke.code, 0, revoke.stderr);
    const twice = await culvert(['api-token', 'revoke', admin.id], settings);
    assert.equal(twice.code, 4);

    const list = await culvertJson<Token[]>(['api-token', 'list'], settings);
    const known = Object.fromEntries(list.map((token) => [token.name, token]));
    assert.notEqual(known['operator']?.revoked_at, null);
    assert.deepEqual(known['shop']?.scopes, ['tunnels:read']);
    assert.doesNotMatch(JSON.stringify(list), /cva_|hash/, 'no secret and no hash');
    const table = await culvert(['api-token', 'list'], settings);
    assert.match(table.stdout, /^ID +NAME +SCOPES +ACCOUNTS +EXPIRES +REVOKED\n/);
  });
}

for (const [words, code, said] of [
  [['--name', 'x'], 2, /give either --admin or --scopes/],
  [['--name', 'x', '--admin', '--scopes', 'tunnels:read'], 2, /give either --admin or --scopes/],
  [['--name', 'x', '--scopes', 'everything'], 2, /"everything" is no scope/],
  [['--name', 'a\u202eb', '--admin'], 2, /--name/],
  [['--admin'], 2, /--name/],
  [['--name', 'x', '--admin', '--accounts', 'acc_nobody'], 4, /"acc_nobody"/],
] as [string[], number, RegExp][]) {
  test(`api-token create is refused: ${code}, ${said}`, async () => {
    const settings = { CULVERT_STORE: `sqlite:${folder}/b.db` };
    await culvert(['migrate'], settings);
    const refused = await culvert(['api-token', 'create', ...words], settings);
    assert.equal(refused.code, code);
    assert.match(refused.stderr, said);
    assert.deepEqual(await culvertJson(['api-token', 'list'], settings), []);
  });
}

test('a database that does not answer is a plain refusal, without its password', async () => {
  const settings = { CULVERT_STORE: 'postgres://culvert:hunter2@127.0.0.1:1/culvert' };
  const { code, stdout, stderr } = await culvert(['migrate'], settings);
  assert.equal(code, 3);
  assert.equal(stdout, '');
  assert.match(stderr, /^culvert: the store cannot be opened: .*\n {2}Check CULVERT_STORE/);
  assert.doesNotMatch(stderr, /hunter2|\n\s+at /);
});
