import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { diffInChildProcess } from '../../src/bundle/index.ts';
import { DIFF_PAGE_POLICY, diffPage } from '../../src/server/pages/diff-page.ts';
import { WINDOWS } from '../bundle/diff/installers.ts';

const NAMES = { before: 'a'.repeat(64), after: 'b'.repeat(64) };

async function page(before: string, after: string, names = NAMES): Promise<string> {
  return diffPage(await diffInChildProcess(Buffer.from(before), Buffer.from(after)), names);
}

test('values and code stand apart, each under its title', async () => {
  const body = await page(
    WINDOWS,
    WINDOWS.replace("'db.internal'", "'db2.internal'").replace("Say 'Hello.'", "Say 'Hi.'"),
  );
  assert.match(body, /<li>values: 1 line added, 1 line removed<\/li>/);
  assert.match(body, /<li>files that it writes: none<\/li>/);
  const [, values = ''] = /<section data-section="values">(.*?)<\/section>/s.exec(body) ?? [];
  assert.ok(values.includes('<del>-  $DatabaseHost = &#39;db.internal&#39;\n</del>'));
  assert.ok(values.includes('<ins>+  $DatabaseHost = &#39;db2.internal&#39;\n</ins>'));
  assert.ok(!values.includes('Say'));
  const [, code = ''] = /<section data-section="code">(.*?)<\/section>/s.exec(body) ?? [];
  assert.ok(code.includes('<ins>+    Say &#39;Hi.&#39;\n</ins>'));
  assert.ok(!body.includes('data-section="files"'));
});

test('hostile text is shown as text, wherever it stands', async () => {
  const hostile = `</pre></style><script>alert(1)</script><img src=x onerror="a"> & ' \u202e\n`;
  const names = { before: hostile, after: hostile };
  const body = await page(`same ${hostile}old ${hostile}`, `same ${hostile}new ${hostile}`, names);
  const [, content = ''] = /<main>(.*)<\/main>/s.exec(body) ?? [];
  const elements = [...content.matchAll(/<[^>]*>/g)].map(([element]) => element);
  for (const element of elements) {
    assert.match(
      element,
      /^<\/?(h1|h2|dl|dt|dd|ul|li|p|pre|ins|del|code|section)( data-section="\w+")?>$/,
    );
  }
  assert.equal(body.match(/<\/pre>/g)?.length, body.match(/<pre>/g)?.length);
  assert.ok(
    content.includes('+new &lt;/pre&gt;&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;'),
  );
  assert.ok(content.includes('\\u{202e}'));
});

test('the same bytes: the page says so', async () => {
  assert.match(await page(WINDOWS, WINDOWS), /They are the same, byte for byte\./);
});

test('the policy lets the page have its own style, and nothing else', async () => {
  const body = await page('a\n', 'b\n');
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(body) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  assert.ok(DIFF_PAGE_POLICY.includes(`style-src 'sha256-${hash}'`));
  assert.match(DIFF_PAGE_POLICY, /^default-src 'none'; /);
  assert.doesNotMatch(body, /<script|\b(src|href|style|on\w+)=/);
});
