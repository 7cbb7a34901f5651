import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { opensshFingerprint, parsePublicKey } from '../../src/domain/public-key.ts';
import { authorizedKeyLine } from '../../src/render/index.ts';
import { hostileText, sampleOf } from '../render/hostile.ts';
import { hostKey } from '../support/sample-input.ts';

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

test('from some addresses alone', () => {
  const line = authorizedKeyLine({ ...INPUT, sources: ['192.0.2.0/24', '2001:db8::/32'] });
  const permits = 'permitlisten="localhost:20000",permitlisten="127.0.0.1:20000"';
  const from = 'from="192.0.2.0/24,2001:db8::/32"';
  assert.equal(line, `restrict,port-forwarding,${permits},${from} ${hostKey(7)} ${tunnel}`);
  const bad = ['192.0.2.1', '!192.0.2.0/24', '*', 'host.example', '192.0.2.0/33', '::/0,*', ''];
  for (const source of bad) {
    assert.throws(() => authorizedKeyLine({ ...INPUT, sources: [source] }), RangeError, source);
  }
});

test('OpenSSH finds the key behind the options', () => {
  const printed = execFileSync('ssh-keygen', ['-l', '-f', '-'], {
    input: `${authorizedKeyLine({ ...INPUT, sources: ['192.0.2.0/24', '::1/128'] })}\n`,
    encoding: 'utf8',
  });
  assert.equal(printed, `256 ${opensshFingerprint(key.fingerprint)} ${tunnel} (ED25519)\n`);
});

test('a hostile part is refused, or cannot leave its place', () => {
  for (const value of sampleOf(hostileText, 20_000)) {
    for (const change of [
      { bind_address: value },
      { tunnel: value },
      { sources: [value] },
      { sources: [`${value}/8`, '10.0.0.0/8'] },
      { key: { type: key.type, blob: value } },
      { key: { type: value as 'ssh-rsa', blob: key.blob } },
    ]) {
      try {
        const line = authorizedKeyLine({ ...INPUT, ...change });
        assert.match(
          line,
          /^restrict,port-forwarding(,permitlisten="[^" \\\n]+")+(,from="[0-9a-f.:/,]+")? [a-z0-9-]+ [A-Za-z0-9+/=]+ [^\s"\\#]+$/,
        );
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
  }
});
