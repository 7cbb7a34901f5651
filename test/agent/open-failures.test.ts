import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenFailures } from '../../src/agent/sessions/open-failures.ts';

const line = (who: string, words: string) =>
  `channels.c:channel_input_open_failure():3563 (${who}): channel 1: open failed: ${words}`;

test('what sshd says of a session is heard by who listens to it, and of no other', () => {
  const failures = new OpenFailures();
  failures.note(line('pid=7', 'connect failed: too early'));
  const [one, other] = [failures.listenTo(7), failures.listenTo(8)];
  assert.equal(one.said(), '');
  failures.note(line('pid=7', 'connect failed: Connection refused'));
  failures.note('Accepted key ED25519 SHA256:x found at y:1');
  assert.deepEqual([one.said(), other.said()], ['connect failed: Connection refused', '']);
  // OpenSSH 9.8 and later.
  failures.note(line('bin=sshd-session, uid=0, pid=8', 'administratively prohibited'));
  assert.equal(other.said(), 'administratively prohibited');
  const second = failures.listenTo(7);
  one.stop();
  failures.note(line('pid=7', 'connect failed: No route to host'));
  assert.equal(second.said(), 'connect failed: No route to host');
  second.stop();
  assert.equal(failures.listenTo(7).said(), '', 'nothing is kept');
});

test("a proxy's words are shown escaped, and cut", () => {
  const failures = new OpenFailures();
  const heard = failures.listenTo(7);
  failures.note(line('pid=7', 'a\u001b[31m\\ \u202e\u00e9'));
  assert.equal(heard.said(), 'a\\x1b[31m\\\\ \\x202e\\xe9');
  failures.note(line('pid=7', 'x'.repeat(1000)));
  assert.equal(heard.said(), 'x'.repeat(200));
});
