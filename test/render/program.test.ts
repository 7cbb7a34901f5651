import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileTemplate } from '../../src/render/template.ts';

function compile(source: string) {
  const inputs = ['a', 'b', 'items[]'];
  return compileTemplate(
    { name: 'it', version: '1.0.0', language: 'shell', output: 'it', inputs },
    source,
    '',
  );
}

/** Every way round the quoting helper that Handlebars has, by what it is. */
const WAYS_ROUND: Record<string, string[]> = {
  'a bare value': ['{{a}}', '{{this}}', '{{.}}', '{{~a~}}', '\\\\{{a}}', '{{#if a}}{{a}}{{/if}}'],
  'three braces': ['{{{a}}}', '{{{quote a}}}', '{{~{quote a}~}}'],
  'an ampersand': ['{{&a}}', '{{&quote a}}', '{{~&quote a}}'],
  'another helper': [
    '{{log a}}',
    '{{lookup items 0}}',
    '{{helperMissing a}}',
    '{{blockHelperMissing a}}',
    '{{if a}}',
  ],
  'a subexpression': ['{{quote (a)}}', '{{quote (lookup items 0)}}', '{{#if (a)}}{{/if}}'],
  'a literal': [
    '{{quote "a"}}',
    '{{quote 1}}',
    '{{quote true}}',
    '{{quote null}}',
    '{{quote undefined}}',
    '{{"quote" a}}',
    '{{#"if" a}}{{/"if"}}',
    '{{#if true}}{{/if}}',
  ],
  'a hash argument': [
    '{{quote a b=b}}',
    '{{quote a=a}}',
    '{{#if a includeZero=true}}{{/if}}',
    '{{#each items a=a}}{{/each}}',
  ],
  'too many or too few arguments': [
    '{{quote}}',
    '{{quote a b}}',
    '{{#if a b}}{{/if}}',
    '{{#each}}{{/each}}',
  ],
  'a path upwards': [
    '{{quote ../a}}',
    '{{../quote a}}',
    '{{#each items}}{{quote ../a}}{{/each}}',
    '{{#if ../a}}{{/if}}',
  ],
  'a path downwards': [
    '{{quote a.b}}',
    '{{quote this.a}}',
    '{{quote ./a}}',
    '{{quote a/b}}',
    '{{quote.call a}}',
    '{{quote a.[0]}}',
    '{{#if a.length}}{{/if}}',
  ],
  'data of Handlebars': [
    '{{@root}}',
    '{{quote @root.a}}',
    '{{@quote a}}',
    '{{#each items}}{{quote @index}}{{/each}}',
    '{{#each items}}{{@key}}{{/each}}',
    '{{#if @root}}{{/if}}',
  ],
  'this outside each': ['{{quote this}}', '{{#if this}}{{/if}}', '{{#if a}}{{quote this}}{{/if}}'],
  'an input inside each': [
    '{{#each items}}{{quote a}}{{/each}}',
    '{{#each items}}{{#if a}}{{/if}}{{/each}}',
  ],
  'a partial': [
    '{{> a}}',
    '{{> quote a}}',
    '{{> "a"}}',
    '{{> (lookup . "a")}}',
    '{{> @partial-block}}',
    '{{#> a}}x{{/a}}',
  ],
  'a partial defined inline': [
    '{{#*inline "a"}}{{a}}{{/inline}}',
    '{{#*inline "quote"}}x{{/inline}}',
  ],
  'a decorator': ['{{* a}}', '{{*quote a}}', '{{#*a}}x{{/a}}', '{{#* if a}}x{{/if}}'],
  'block parameters': [
    '{{#each items as |quote|}}{{quote this}}{{/each}}',
    '{{#if a as |b|}}{{/if}}',
    '{{#if a}}{{else if b as |quote|}}{{quote a}}{{/if}}',
  ],
  'another block': [
    '{{#with a}}{{/with}}',
    '{{#log a}}{{/log}}',
    '{{#lookup a b}}{{/lookup}}',
    '{{#a}}{{/a}}',
    '{{#quote a}}{{/quote}}',
    '{{#helperMissing a}}{{/helperMissing}}',
    '{{#blockHelperMissing a}}{{/blockHelperMissing}}',
    '{{#if a}}{{else with b}}{{/if}}',
  ],
  'an inverted block': ['{{^a}}x{{/a}}', '{{^if a}}{{a}}{{/if}}', '{{^quote a}}x{{/quote}}'],
  'a raw block': [
    '{{{{a}}}}{{b}}{{{{/a}}}}',
    '{{{{quote a}}}}{{{{/quote}}}}',
    '{{{{if a}}}}{{b}}{{{{/if}}}}',
    '{{{{each items}}}}{{{{/each}}}}',
  ],
  'a name that every object has': [
    '{{quote constructor}}',
    '{{quote __proto__}}',
    '{{quote toString}}',
    '{{constructor}}',
    '{{#if __proto__}}{{/if}}',
    '{{#each constructor}}{{/each}}',
    '{{#constructor}}{{/constructor}}',
  ],
  'an input that is not declared': [
    '{{quote c}}',
    '{{#if c}}{{/if}}',
    '{{#unless c}}{{/unless}}',
    '{{#each c}}{{/each}}',
    '{{quote quote}}',
    '{{quote [a b]}}',
  ],
  'a list for a value, or the reverse': [
    '{{quote items}}',
    '{{#each a}}{{quote this}}{{/each}}',
    '{{#each items}}{{#each this}}{{/each}}{{/each}}',
  ],
};

for (const [what, sources] of Object.entries(WAYS_ROUND)) {
  test(`${what} is refused at load, with its line`, () => {
    for (const source of sources) {
      // Alone, and where a walk that stops early would not see it.
      assert.throws(
        () => compile(source),
        { name: 'TypeError', message: /^line 1, column \d+: / },
        source,
      );
      for (const nested of [
        `x{{#if a}}{{else}}${source}{{/if}}`,
        `{{#unless a}}{{#each items}}{{else}}\n${source}{{/each}}{{/unless}}`,
      ]) {
        assert.throws(
          () => compile(nested),
          { name: 'TypeError', message: /^line \d, column \d+: / },
          nested,
        );
      }
    }
  });
}

test('what is no template at all is refused', () => {
  for (const source of [
    '{{(quote a)}}',
    '{{quote a}',
    '{{#if a}}',
    '{{/if}}',
    '{{#if a}}{{/each}}',
    '{{quote a as |b|}}',
    '{{',
  ]) {
    assert.throws(() => compile(source), /Parse error|doesn't match|Expecting/);
  }
});

test('what is allowed does what it says', () => {
  const values = { a: "it's", b: '', items: ['x', 'y z'] };
  for (const [source, text] of Object.entries({
    'plain $text `as it is`': 'plain $text `as it is`',
    '{{quote a}}': `'it'\\''s'`,
    '{{[quote] [a]}}': `'it'\\''s'`,
    'x  {{~quote a~}}  y': `x'it'\\''s'y`,
    '{{! a comment }}{{!-- {{a}} --}}': '',
    '\\{{a}}': '{{a}}',
    '{{#if a}}1{{else}}2{{/if}}{{#unless a}}3{{/unless}}': '1',
    '{{#if b}}1{{else if a}}{{quote a}}{{else}}3{{/if}}': `'it'\\''s'`,
    '{{#each items}}{{quote this}},{{/each}}': "'x','y z',",
    '{{#each items}}{{#if this}}{{quote this}}{{/if}}{{else}}{{quote a}}{{/each}}': "'x''y z'",
    '{{#if items}}1{{/if}}': '1',
  })) {
    assert.equal(compile(source).render(values), text, source);
  }
});
