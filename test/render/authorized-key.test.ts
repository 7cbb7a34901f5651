import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { opensshFingerprint, parsePublicKey } from '../../src/domain/public-key.ts';
import { authorizedKeyLine } from '../../src/render/index.ts';
import { hostKey } from '../support/sample-input.ts';
import { hostileText, sampleOf } from './hostile.ts';

const key = parsePublicKey(hostKey(7));
const tunnel = `tun_${'0'.repeat(26)}`;
const INPUT = { bind_address: '127.0.0.1', tunnel_port: 20000, key, tunnel };

test('on the loopback, by both names that a client may use for it', () => {
  const permits = 'permitlisten="localhost:20000",permitlisten="127.0.0.1:20000"';
  assert.equal(
    authorizedKeyLine(INPUT),
    `restrict,port-forwarding,${permits} ${hostKey(7)} ${tunnel}`,
  );
});

test('on a private address, by that alone', () => {
  const line = authorizedKeyLine({ ...INPUT, bind_address: '10.0.0.7' });
  assert.equal(
    line,
    `restrict,port-forwarding,permitlisten="10.0.0.7:20000" ${hostKey(7)} ${tunnel}`,
  );
  assert.match(
    authorizedKeyLine({ ...INPUT, bind_address: 'fd00::7' }),
    /permitlisten="\[fd00::7\]:20000" /,
  );
});

test('OpenSSH finds the key behind the options', () => {
  const printed = execFileSync('ssh-keygen', ['-l', '-f', '-'], {
    input: `${authorizedKeyLine(INPUT)}\n`,
    encoding: 'utf8',
  });
  assert.equal(printed, `256 ${opensshFingerprint(key.fingerprint)} ${tunnel} (ED25519)\n`);
});

test('a hostile part is refused, or cannot leave its place', () => {
  for (const value of sampleOf(hostileText, 20_000)) {
    for (const change of [
      { bind_address: value },
      { tunnel: value },
      { key: { type: key.type, blob: value } },
      { key: { type: value as 'ssh-rsa', blob: key.blob } },
    ]) {
      try {
        const line = authorizedKeyLine({ ...INPUT, ...change });
        assert.match(
          line,
          /^restrict,port-forwarding(,permitlisten="[^" \\\n]+")+ [a-z0-9-]+ [A-Za-z0-9+/=]+ [^\s"\\#]+$/,
        );
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
  }
});
