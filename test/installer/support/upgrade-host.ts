import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, afterEach, before, beforeEach } from 'node:test';
import { type KeyPair, makeKeyPair } from '../../domain/ssh-keygen.ts';
import { freePort } from '../../support/free-port.ts';
import { SAMPLE } from '../../support/sample-input.ts';
import {
  installerFor,
  makeProxyRoot,
  type ProxyRoot,
  programOf,
  putProgram,
} from './proxy-root.ts';
import { reviewerLine, type StatementCase, statementText } from './reviewers.ts';

export const PIN = 'etc/h_autossh/acme.reviewers';
export const STATE = 'var/lib/h_autossh/acme_orders';
export const SERIAL = `${STATE}/serial`;

/** What the vendor serves: it takes its turn, as an installer does, and says that it ran. */
export const script = `#!/usr/bin/env bash
{
  exec 9</var/lib
  flock -n 9 && echo "RAN $*"
  exit
}
`;
export const digest = hash('sha256', script);

/** Keys of reviewers: alice has two, carol's has expired, and the stranger's is not pinned. */
export const [alice, alices, bob, carol, stranger] = Array.from({ length: 5 }, () =>
  makeKeyPair('ed25519'),
) as [KeyPair, KeyPair, KeyPair, KeyPair, KeyPair];
export const rsa = makeKeyPair('rsa', 3072);
export const persons = [
  reviewerLine('alice', alice),
  reviewerLine('alice', alices),
  reviewerLine('bob', bob),
  reviewerLine('ron', rsa),
  reviewerLine('carol', carol, ',valid-before="20200101"'),
].join('');

/** A statement about that script. */
export const say = (more: Partial<StatementCase> = {}) =>
  statementText({ digest, serial: 1, ...more });
/** What an answer of the control plane ends with. */
export const END = 'end=1\n';

/**
 * A host on which the tests of a file run `h_autossh upgrade`: the program that an installation
 * leaves, against a control plane that says what each case wants. It is new for each test.
 */
export function upgradeHost() {
  let root: ProxyRoot;
  let installed: string;
  const program = (...words: string[]) =>
    root.run(['bash', '/usr/local/lib/h_autossh/acme_orders/tunnel', ...words]);

  const host = {
    /** The control plane's. */
    url: '',
    served: script as string | Buffer,
    statements: END,
    /** Paths that were asked for. */
    asked: [] as string[],
    get root() {
      return root;
    },
    program,
    /** So many persons of these must sign. */
    pin(approvals: number, lines = persons) {
      writeFileSync(root.path(PIN), `# approvals=${approvals}\n${lines}`);
    },
    serialSeen() {
      return existsSync(root.path(SERIAL)) ? readFileSync(root.path(SERIAL), 'utf8') : '';
    },
    async isAccepted(by: RegExp = /by alice\./) {
      const { code, stdout, stderr } = await program('upgrade');
      assert.equal(code, 0, stdout + stderr);
      assert.equal(stderr, '');
      assert.match(stdout, new RegExp(`Approved: SHA-256 ${digest}, `));
      assert.match(stdout, by);
      assert.match(stdout, /\nRAN install\n$/);
    },
    async isRefused(why: RegExp) {
      const { code, stdout, stderr } = await program('upgrade');
      assert.doesNotMatch(stdout, /RAN/);
      assert.equal(code, 4, stdout + stderr);
      assert.match(stderr, why);
      assert.match(
        stderr,
        /^\nerror: .*\n {7}.*(nothing was changed|Nothing was changed|stays as it is)/i,
      );
    },
  };

  const server = createServer(({ url: path = '' }, response) => {
    host.asked.push(path);
    const base = `/t/${SAMPLE.tunnel.id}`;
    if (path === `${base}/install.sh`) response.end(host.served);
    else if (path.startsWith(`${base}/v1/statements?`)) response.end(host.statements);
    else response.writeHead(404).end('nothing');
  });
  before(async () => {
    const port = await freePort();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    host.url = `http://127.0.0.1:${port}`;
    installed = await programOf(installerFor(host.url));
  });
  after(() => server.close());
  beforeEach(() => {
    root = makeProxyRoot();
    Object.assign(host, { served: script, statements: END, asked: [] });
    putProgram(root, installed);
  });
  afterEach(() => root[Symbol.dispose]());
  return host;
}
