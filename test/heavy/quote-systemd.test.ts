import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { templateOf } from '../../src/render/catalogue.ts';
import { loadCatalogue } from '../../src/render/index.ts';
import { hostileText, sampleOf } from '../render/hostile.ts';
import { renderedOrRefused } from '../render/rendered-or-refused.ts';

const catalogue = loadCatalogue();
const VALUES = { service: 'h_autossh', instance: 'acme_orders', with_autossh: true };

const nearlyPlain = fc
  .array(fc.constantFrom(...'az09_-/', '.', '%', '$', ' ', '@', '\\', '"', '\n', 'A'), {
    minLength: 1,
    maxLength: 7,
  })
  .map((characters) => characters.join(''));

test('a hostile value is refused by its field, or is a word that systemd leaves as it is', () => {
  const template = templateOf(catalogue, 'tunnel-unit');
  const plain = template.render(VALUES);
  const values = sampleOf(fc.oneof(hostileText, nearlyPlain), 22_000);
  let taken = 0;
  for (const [index, value] of values.entries()) {
    const field = index % 2 === 0 ? 'service' : 'instance';
    const text = renderedOrRefused(field, () => template.render({ ...VALUES, [field]: value }));
    if (text === undefined) continue;
    taken++;
    // No specifier (%), variable ($), quote, escape, blank, line or option.
    assert.match(value, /^[a-z0-9/][a-z0-9/_-]*$/);
    assert.equal(
      text,
      plain.replaceAll(VALUES[field], () => value),
    );
  }
  assert.ok(taken > 100, `${taken} taken`);
});

test('an umbrella holds the name of the service and nothing else of ours', () => {
  const template = templateOf(catalogue, 'umbrella-unit');
  const [one, other] = ['a-service', 'b_service'].map((service) =>
    template.render({ service }),
  ) as [string, string];
  assert.equal(one.replaceAll('a-service', 'b_service'), other);
});
