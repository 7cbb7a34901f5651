import assert from 'node:assert/strict';
import { test } from 'node:test';
import { templateOf } from '../../src/render/catalogue.ts';
import { loadCatalogue } from '../../src/render/index.ts';
import { hostileText, sampleOf } from '../render/hostile.ts';
import { renderedOrRefused } from '../render/rendered-or-refused.ts';
import { runShell, splitAtNul } from '../render/shells.ts';

const template = templateOf(loadCatalogue(), 'verify');
const VALUES = {
  vendor_slug: 'acme',
  slot_url: 'https://culvert.example/t/tun_0',
  signed: true,
};

test('a hostile value is refused by its field, or is one word of every shell', () => {
  const plain = template.render(VALUES);
  const taken = new Set<string>();
  for (const value of sampleOf(hostileText, 22_000)) {
    const text = renderedOrRefused('vendor_slug', () =>
      template.render({ ...VALUES, vendor_slug: value }),
    );
    if (text === undefined) continue;
    taken.add(value);
    const changed = plain
      .replaceAll('-I acme', () => `-I ${value}`)
      .replaceAll('signature for acme', () => `signature for ${value}`);
    assert.equal(text, changed);
  }
  assert.ok(taken.size > 20, `${taken.size} taken`);
  const words = [...taken];
  // A URL of an IPv6 host is a pattern, which stays as it is where no file matches.
  const printed = splitAtNul(runShell(`printf '%s\\0' ${words.join(' ')}\n`, ['bash'], 'C'));
  assert.deepEqual(printed, words);
});
