import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireReader } from '../../src/domain/wire-reader.ts';
import { uint32, uint64, wireString } from './wire.ts';

const cut = { name: 'RangeError', message: 'cut short' };

test('types are read in order, to the end', () => {
  const reader = new WireReader(
    Buffer.concat([
      uint32(7),
      uint64(2n ** 63n),
      wireString('text'),
      wireString(Buffer.from([0, 255])),
      Buffer.from('rest'),
    ]),
  );
  assert.equal(reader.uint32(), 7);
  assert.equal(reader.uint64(), 2n ** 63n);
  assert.equal(reader.text(), 'text');
  assert.deepEqual(reader.string(), Buffer.from([0, 255]));
  assert.equal(reader.offset, 26);
  assert.equal(reader.rest().toString(), 'rest');
  assert.ok(!reader.atEnd());
  reader.skip(4);
  assert.ok(reader.atEnd());
});

test('every read past the end throws', () => {
  for (const read of ['uint32', 'uint64', 'string', 'text'] as const) {
    for (let length = 0; length < 4; length++) {
      assert.throws(() => new WireReader(Buffer.alloc(length))[read](), cut);
    }
  }
  assert.throws(() => new WireReader(Buffer.alloc(7)).uint64(), cut);
  assert.throws(() => new WireReader(Buffer.alloc(3)).skip(4), cut);
});

test('a length that lies throws, and takes no memory', () => {
  for (const length of [5, 0x7fffffff, 0xffffffff]) {
    const reader = new WireReader(Buffer.concat([uint32(length), Buffer.from('text')]));
    assert.throws(() => reader.string(), cut);
  }
});

test('text is printable ASCII', () => {
  for (const bytes of ['\0', '\n', '\u007f', 'é', '\u202e']) {
    assert.throws(() => new WireReader(wireString(Buffer.from(bytes))).text(), {
      name: 'RangeError',
      message: 'not printable ASCII',
    });
  }
  assert.equal(new WireReader(wireString('')).text(), '');
});
