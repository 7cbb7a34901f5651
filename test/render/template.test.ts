import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileTemplate } from '../../src/render/template.ts';
import type { TemplateValues } from '../../src/render/template-values.ts';

const SOURCE = '{{quote a}}{{#if b}} b{{/if}}{{#each items}} {{quote this}}{{/each}}\n';
const manifest = {
  name: 'it',
  version: '1.0.0',
  language: 'ssh-config',
  output: 'it',
  inputs: ['a', 'b', 'items[]'],
} as const;
const template = compileTemplate({ ...manifest, inputs: [...manifest.inputs] }, SOURCE, 'body\n');
const VALUES = { a: 'x', b: true, items: ['y', 7] };

test('values are printed, and the body is the same for all', () => {
  assert.equal(template.render(VALUES), 'x b y 7\n');
  assert.equal(template.render({ ...VALUES, b: false, items: [] }), 'x\n');
  assert.equal(template.body.toString(), 'body\n');
});

test('each input is asked for: silence is no answer', () => {
  for (const name of Object.keys(VALUES)) {
    const { [name as 'a']: _, ...rest } = VALUES;
    assert.throws(() => template.render(rest as TemplateValues), {
      name: 'TypeError',
      message: `it: input ${name} is missing`,
    });
    assert.throws(() => template.render({ ...VALUES, [name]: undefined } as never), /is missing/);
  }
});

test('an input that is not declared is refused', () => {
  assert.throws(() => template.render({ ...VALUES, c: 'x' }), /input c is not declared/);
});

test('a list is a list, and a value is none', () => {
  assert.throws(() => template.render({ ...VALUES, items: 'y' }), /items must be a list/);
  assert.throws(() => template.render({ ...VALUES, a: ['x'] }), /a must be a value/);
});

test('only strings and numbers are printed', () => {
  for (const value of [true, null, {}, () => 'x', Symbol('x')]) {
    assert.throws(() => template.render({ ...VALUES, a: value as never }), { name: 'TypeError' });
    assert.throws(() => template.render({ ...VALUES, items: [value as never] }), {
      name: 'TypeError',
    });
  }
});

test('nothing comes from the prototype of the values', () => {
  const inherited = Object.assign(Object.create({ a: 'x' }), { b: true, items: [] });
  assert.throws(() => template.render(inherited), /input a is missing/);
});

test('a refusal names the input at fault, not another that is not printed', () => {
  const refusal = { name: 'Problem', code: 'value-invalid' };
  assert.throws(() => template.render({ ...VALUES, a: 'a b' }), {
    ...refusal,
    field: 'a',
    message: /^a: is not a plain word/,
  });
  assert.throws(() => template.render({ ...VALUES, items: ['y', '$(id)'] }), {
    ...refusal,
    field: 'items',
  });
  const bad = { b: true, items: ['a b'], a: 'x' };
  const optional = compileTemplate(
    { ...manifest, inputs: ['b', 'unprinted', 'items[]', 'a'] },
    SOURCE,
    '',
  );
  assert.throws(() => optional.render({ unprinted: '', ...bad }), { ...refusal, field: 'items' });
});

test('a constant is a literal of the template, and no value can stand in for it', () => {
  const source = '{{quote a}} {{quote fixed}}{{#each items}} {{quote this}}{{/each}}\n';
  const shell = { ...manifest, language: 'shell', inputs: ['a', 'items[]'] } as const;
  const compile = (text: string) =>
    compileTemplate({ ...shell, inputs: [...shell.inputs] }, text, '', {
      fixed: "it's {{quote a}}",
    });
  const values = { a: 'x', items: ['y'] };
  assert.equal(compile(source).render(values), "'x' 'it'\\''s {{quote a}}' 'y'\n");
  assert.throws(() => compile(source).render({ ...values, fixed: 'z' }), /fixed is not declared/);
  for (const text of [
    '{{fixed}}',
    '{{{quote fixed}}}',
    '{{#if fixed}}{{/if}}',
    '{{#each fixed}}{{/each}}',
    '{{#each items}}{{quote fixed}}{{/each}}',
  ]) {
    assert.throws(
      () => compile(text),
      { name: 'TypeError', message: /^line 1, column \d+: / },
      text,
    );
  }
});

test('a value is never read as a template', () => {
  const shell = compileTemplate(
    { ...manifest, language: 'shell', inputs: ['a'] },
    '{{quote a}}',
    '',
  );
  for (const value of ['{{a}}', '{{{quote a}}}', '\\{{a}}', '{{> a}}', '$&', "$'", '$1']) {
    assert.equal(shell.render({ a: value }), `'${value.replaceAll("'", "'\\''")}'`);
  }
});
