import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type Container,
  createNetwork,
  databaseImage,
  type Network,
  startContainer,
} from '../support/bed/index.ts';
import { until } from '../support/until.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const QUICKSTART =
  'cd /root && exec /opt/culvert/node_modules/.bin/node /opt/culvert/src/main.ts quickstart --json';

let network: Network;
let machine: Container;

before(async () => {
  network = await createNetwork();
  machine = await startContainer({
    image: databaseImage(),
    network,
    name: 'machine',
    mounts: [{ from: REPOSITORY, to: '/opt/culvert' }],
  });
  await machine.output(`
    useradd --create-home --shell /bin/bash carol
    runuser -u postgres -- psql -c "alter user postgres password 'secret'"`);
});

after(() => network?.remove());

test('root starts it where no sshd is: it installs one, and port 22 stays closed', async () => {
  assert.notEqual((await machine.shell('command -v sshd')).code, 0);
  const quickstart = machine.spawn(['bash', '-c', QUICKSTART]);
  let [stdout, stderr] = ['', ''];
  quickstart.stdout.on('data', (text) => {
    stdout += text;
  });
  quickstart.stderr.on('data', (text) => {
    stderr += text;
  });
  try {
    await until(
      () => stdout + stderr,
      () => stdout.endsWith('}\n'),
      120_000,
    );
    const invitation = JSON.parse(stdout);
    assert.match(stderr, /^installing openssh-server; its own service stays off/m);
    assert.equal(await machine.output('systemctl is-enabled ssh.service || true'), 'masked\n');
    assert.equal(await machine.output("ss -Hltn 'sport = 22'"), '');
    assert.notEqual((await machine.shell('test -e /usr/sbin/policy-rc.d')).code, 0);

    // Its folder is below /root, which no other user may enter: logins must work all the same.
    const run = machine.spawn(['bash', '-c', invitation.run_command], {
      user: 'carol',
      folder: '/home/carol',
      env: { HOME: '/home/carol' },
    });
    let said = '';
    run.stdout.on('data', (text) => {
      said += text;
    });
    run.stderr.on('data', (text) => {
      said += text;
    });
    await until(
      () => said,
      () => said.includes('Press Ctrl-C'),
    );
    const env = { PGPASSWORD: 'secret' };
    const query = `${invitation.psql_command} -Atc 'select 42'`;
    assert.equal(await machine.output(query, { env }), '42\n');
  } finally {
    await machine.shell('pkill -INT -f "main.ts quickstart"');
  }
  await until(
    () => stderr,
    async () => (await machine.output("ss -Hltn 'sport = 8080 or sport = 50022'")) === '',
  );
});
