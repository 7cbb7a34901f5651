import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRecord, formatTable, formatTime } from '../../src/cli/table.ts';

const columns = [
  { heading: 'NAME', value: (item: { name: string | null; port: number }) => item.name },
  { heading: 'PORT', value: (item: { name: string | null; port: number }) => item.port },
];

test('columns line up, missing values show as a hyphen, no line ends in a space', () => {
  const text = formatTable(
    [
      { name: 'acme', port: 5432 },
      { name: null, port: 1 },
      { name: 'Ångström', port: 22 },
    ],
    columns,
  );
  assert.equal(text, 'NAME      PORT\nacme      5432\n-         1\nÅngström  22\n');
});

test('no items give no line at all', () => {
  assert.equal(formatTable([], columns), '');
});

test('a record lines its values up', () => {
  assert.equal(
    formatRecord({ id: 'x', 'bind address': null }),
    'id            x\nbind address  -\n',
  );
});

test('times are UTC to the second', () => {
  assert.equal(formatTime(1_700_000_000), '2023-11-14 22:13:20Z');
  assert.equal(formatTime(null), undefined);
});
