import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Region, TunnelServer } from '../../src/domain/region.ts';
import { readSettings } from '../../src/settings.ts';
import { freePort } from '../support/free-port.ts';
import { answers } from './support/answers.ts';
import { culvert, culvertJson, MAIN } from './support/culvert.ts';
import { endGroup, type Running, start } from './support/running.ts';

let folder: string;
let sshPort: number;
let client: Record<string, string>;
const all: Running[] = [];
const state = () => join(folder, 'state');

function culvertRuns(words: string[], settings: Record<string, string>): Running {
  const running = start([process.execPath, MAIN, ...words], settings);
  all.push(running);
  return running;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-cli-agent-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  sshPort = await freePort();
  const settings = {
    CULVERT_STORE: `sqlite:${folder}/culvert.db`,
    CULVERT_VENDOR: 'acme',
    CULVERT_PUBLIC_URL: `http://127.0.0.1:${port}`,
    CULVERT_LISTEN: `127.0.0.1:${port}`,
  };
  await culvertRuns(['serve', '--migrate'], settings).until(/listening/i);
  const words = ['api-token', 'create', '--admin', '--name', 'tests'];
  const { token } = await culvertJson<{ token: string }>(words, settings);
  client = { CULVERT_URL: `http://127.0.0.1:${port}`, CULVERT_API_TOKEN: token };
});

after(async () => {
  for (const running of all) endGroup(running);
  const sshd = await readFile(join(state(), 'sshd.pid'), 'utf8').catch(() => '');
  if (sshd !== '') process.kill(Number(sshd), 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test('an agent joins with the token of a file; sshd outlives it; the next start needs no token', async () => {
  const { login } = readSettings(['login'], {}, {});
  const region = ['region', 'create', 'eu', '--login', login, '--port', String(sshPort)];
  await culvertJson<Region>(region, client);
  const add = ['region', 'add-server', 'eu', '127.0.0.1'];
  const { join_token } = await culvertJson<{ join_token: string }>(add, client);
  const file = join(folder, 'join-token');
  await writeFile(file, `${join_token}\n`, { mode: 0o600 });

  const settings = {
    CULVERT_CONTROL_PLANE: client['CULVERT_URL'] as string,
    CULVERT_STATE: state(),
    CULVERT_LISTEN_ADDRESS: '127.0.0.1',
  };
  const first = culvertRuns(['tunnel-server', '--join-token-file', file], settings);
  await untilReported();
  assert.equal(await first.end('SIGTERM'), 0, first.stderr());
  assert.equal(await answers(sshPort), true, 'sshd stays');
  assert.equal(first.stderr().includes(join_token), false, 'no token in the log');

  const second = culvertRuns(['tunnel-server'], settings);
  await second.until(/"adopted":true/);
  assert.equal(await second.end('SIGTERM'), 0, second.stderr());
});

test('without a token the first start is refused, and with one that was used', async () => {
  const settings = {
    CULVERT_CONTROL_PLANE: client['CULVERT_URL'] as string,
    CULVERT_STATE: join(folder, 'other'),
    CULVERT_LISTEN_ADDRESS: '127.0.0.1',
  };
  const none = culvertRuns(['tunnel-server'], settings);
  assert.equal(await none.ended(), 6, none.stderr());
  const CULVERT_JOIN_TOKEN = await readFile(join(folder, 'join-token'), 'utf8');
  const used = culvertRuns(['tunnel-server'], { ...settings, CULVERT_JOIN_TOKEN });
  assert.equal(await used.ended(), 6, used.stderr());
  for (const { stderr } of [none, used]) assert.match(stderr(), /^culvert: .*\n {2}\S/m);
  assert.equal(used.stderr().includes(CULVERT_JOIN_TOKEN.trim()), false);
});

test('an agent whose join is lost joins again with another token', async () => {
  const settings = {
    CULVERT_CONTROL_PLANE: client['CULVERT_URL'] as string,
    CULVERT_STATE: state(),
    CULVERT_LISTEN_ADDRESS: '127.0.0.1',
  };
  await rm(join(state(), 'membership.json'));
  const lost = culvertRuns(['tunnel-server'], settings);
  assert.equal(await lost.ended(), 6, lost.stderr());
  const renew = ['region', 'join-token', 'eu', '127.0.0.1'];
  const { join_token } = await culvertJson<{ join_token: string }>(renew, client);
  const again = culvertRuns(['tunnel-server'], { ...settings, CULVERT_JOIN_TOKEN: join_token });
  await untilReported();
  assert.equal(await again.end('SIGTERM'), 0, again.stderr());
  const unknown = await culvert(['region', 'join-token', 'eu', 'elsewhere.example'], client);
  assert.match(unknown.stderr, /^culvert: .*has no tunnel server "elsewhere.example"/);
});

async function untilReported(): Promise<void> {
  for (const begun = Date.now(); ; await delay(200)) {
    const shown = await culvertJson<{ servers: TunnelServer[] }>(['region', 'show', 'eu'], client);
    if (shown.servers[0]?.reported_at) return;
    assert.ok(Date.now() - begun < 60_000, 'the agent never reported');
  }
}
