import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeadConnections } from '../../src/agent/sessions/dead-connections.ts';
import { parseUnanswered } from '../../src/agent/system/unanswered-connections.ts';

// Rows of a Linux 6.18, of a server on port 50022 whose clients were cut off.
const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     ';
const LISTENER =
  '   0: 01004D0A:C366 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7962100 1 0000000080264505 100 0 0 10 0                      ';
const WELL =
  '   1: 01004D0A:C366 02004D0A:ECFE 01 00000000:00000000 00:00000000 00000000     0        0 7962229 1 000000009654e976 20 0 0 11 -1                      ';
const BARELY_CUT =
  '   1: 01004D0A:C366 02004D0A:ED0E 01 00000258:00000000 01:00000094 00000004     0        0 7962111 2 0000000012d036e4 326 0 0 1 -1                      ';
const CUT =
  '   1: 01004D0A:C366 02004D0A:ED0E 01 00000384:00000000 01:00000202 00000005     0        0 7962111 2 0000000012d036e4 652 0 0 1 -1                      ';
const CUT_FOR_LONG =
  '   3: 01004D0A:C366 02004D0A:ECE6 01 00001644:00000000 01:0000133C 00000008     0        0 7962789 2 00000000299e95da 5222 0 0 1 -1                     ';
/** It does not read, but its kernel answers when asked whether there is room now. */
const FULL =
  '   2: 01004D0A:C366 02004D0A:ED22 01 000A2F88:00000000 04:00000231 00000000     0        0 7963844 2 000000001e5742eb 21 0 0 98 -1                      ';

test('finds the connections of a port that are not answered', () => {
  const rows = [HEADER, LISTENER, WELL, BARELY_CUT, FULL, CUT, CUT_FOR_LONG];
  assert.deepEqual(
    [...parseUnanswered(rows, 50022)],
    [
      ['7962111', '02004D0A:ED0E'],
      ['7962789', '02004D0A:ECE6'],
    ],
  );
});

test('finds none of another port, also where the other side has that number, and none without a process', () => {
  const outgoing = CUT.replace(':C366', ':9C40').replace(':ED0E', ':C366');
  assert.deepEqual([...parseUnanswered([CUT, CUT_FOR_LONG], 50023)], []);
  assert.deepEqual([...parseUnanswered([outgoing], 50022)], []);
  assert.deepEqual([...parseUnanswered([CUT.replace('7962111', '0')], 50022)], []);
});

test('finds no port’s connections by the end of its address or number', () => {
  assert.deepEqual([...parseUnanswered([CUT.replace(':C366', ':0066')], 0x66).keys()], ['7962111']);
  assert.deepEqual([...parseUnanswered([CUT], 0x66)], []);
});

/** Looks every three seconds; gives the second in which the connection was told to be dead. */
function deadAfter(seconds: number, isUnanswered: (second: number) => boolean): number[] {
  const connections = new DeadConnections();
  const found: number[] = [];
  for (let second = 0; second <= seconds; second += 3) {
    const unanswered = new Map(isUnanswered(second) ? [['7962111', '02004D0A:ED0E']] : []);
    if (connections.observe(unanswered, second * 1000).size > 0) found.push(second);
  }
  return found;
}

test('tells once that a connection is dead', () => {
  assert.deepEqual(
    deadAfter(900, () => true),
    [57],
  );
});

test('begins anew when it was answered', () => {
  assert.deepEqual(
    deadAfter(900, (second) => second % 54 !== 0),
    [],
  );
  assert.deepEqual(
    deadAfter(111, (second) => second !== 30),
    [90],
  );
});

test('begins anew after a pause in which it may have been answered', () => {
  const connections = new DeadConnections();
  const cut = new Map([['7962111', '02004D0A:ED0E']]);
  for (const second of [0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70]) {
    assert.equal(connections.observe(cut, second * 1000).size, 0);
  }
});
