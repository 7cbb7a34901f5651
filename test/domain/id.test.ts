import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ID_CHARACTERS, isId, newId, randomCharacters } from '../../src/domain/id.ts';

test('a new id has the form of its kind, and of no other', () => {
  const id = newId('tun');
  assert.match(id, /^tun_[0-9a-hjkmnp-tv-z]{26}$/);
  assert.ok(isId('tun', id));
  assert.ok(!isId('acc', id));
});

test('nothing but the whole is an id', () => {
  const id = newId('tun');
  for (const other of ['', 'tun_', id.slice(1), `${id}0`, `${id}\n`, ` ${id}`, id.toUpperCase()]) {
    assert.ok(!isId('tun', other), other);
  }
  for (const confusing of 'ilou') assert.ok(!isId('tun', id.replace(/.$/, confusing)));
});

test('all 32 characters occur, equally often, and no others', () => {
  const counts = new Map<string, number>();
  const total = 320_000;
  for (const character of randomCharacters(total)) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  assert.equal(counts.size, 32);
  for (const [character, count] of counts) {
    assert.match(character, new RegExp(`^${ID_CHARACTERS}$`));
    // Seven standard deviations of a fair draw.
    assert.ok(Math.abs(count - total / 32) < 700, `${character}: ${count}`);
  }
});
