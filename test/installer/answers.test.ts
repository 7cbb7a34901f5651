import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const [SPEAK, PART] = ['speak.sh', 'control-plane.sh'].map((part) =>
  join(import.meta.dirname, '../../templates/linux', part),
) as [string, string];

/** What the script's own functions make of an answer of the control plane. */
function read(call: string, answer: string): string {
  const script = `set -u; source "$1"; source "$2"; ANSWER=$3; ${call}`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', SPEAK, PART, answer], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return stdout;
}

test('a number is a number, and anything else is 0: arithmetic in bash runs what it reads', () => {
  assert.equal(read('number now', 'now=1795374797\nend=1'), '1795374797');
  for (const hostile of ['PATH[$(echo ran >&2)0]', '08', '-1', '1e9', '', '9'.repeat(13), '1 2']) {
    assert.equal(read('number now', `now=${hostile}\nend=1`), '0', hostile);
  }
  assert.equal(read('number now', 'later=1\nend=1'), '0');
});

test('a value is printable text, whatever came', () => {
  assert.equal(read('answer detail', 'detail=a\u001b[2Jb\nend=1'), 'a?[2Jb');
  assert.equal(read('answer detail', 'detail=$(echo ran >&2)`id`\nend=1'), '$(echo ran >&2)`id`');
});
