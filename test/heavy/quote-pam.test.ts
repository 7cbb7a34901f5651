import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadCatalogue, renderPamService } from '../../src/render/index.ts';
import { hostileText, sampleOf } from '../render/hostile.ts';
import { renderedOrRefused } from '../render/rendered-or-refused.ts';

const catalogue = loadCatalogue();

const nearlyPlain = fc
  .array(fc.constantFrom(...'aZ09_./-', '#', '[', ']', '\\', ' ', '\t', '\n', '$', '"', '@'), {
    minLength: 1,
    maxLength: 7,
  })
  .map((characters) => characters.join(''));

test('a hostile value is refused by its field, or is one word of the session line', () => {
  const plain = renderPamService(catalogue, '/hook');
  let taken = 0;
  for (const hook of sampleOf(fc.oneof(hostileText, nearlyPlain), 22_000)) {
    const text = renderedOrRefused('hook', () => renderPamService(catalogue, hook));
    if (text === undefined) continue;
    taken++;
    assert.match(hook, /^[A-Za-z0-9/][A-Za-z0-9_./-]*$/);
    assert.equal(
      text,
      plain.replace('/hook', () => hook),
    );
  }
  assert.ok(taken > 100, `${taken} taken`);
});

test('PAM lets nobody in by itself, and a hook that fails ends the login', () => {
  const rows = renderPamService(catalogue, '/hook').match(/^[^#\n].*$/gm);
  assert.deepEqual(
    rows?.map((row) => row.split(/\s+/).slice(0, 3).join(' ')),
    [
      'auth required pam_deny.so',
      'account required pam_permit.so',
      'password required pam_deny.so',
      'session required pam_exec.so',
    ],
  );
});
