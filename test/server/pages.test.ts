import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { escapeHtml, html } from '../../src/server/pages/html.ts';
import { type ControlPlane, PUBLIC_URL, startControlPlane } from './support/control-plane.ts';
import { freshSlug, issueToken, type Scene, setScene } from './support/scene.ts';

let plane: ControlPlane;
let scene: Scene;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
});
after(() => plane[Symbol.asyncDispose]());

function page(tunnel: string, accept: string) {
  return plane.app.inject({ url: `/t/${tunnel}`, headers: { accept } });
}

test('curl gets text with the commands alone on their lines', async () => {
  const { headers, body } = await page(scene.tunnel, '*/*');
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
  const script = `${PUBLIC_URL}/t/${scene.tunnel}/install.sh`;
  const lines = body.split('\n').map((line) => line.trim());
  assert.ok(lines.includes(`curl -fsSL ${script} | bash`));
  assert.ok(lines.includes(`curl -fsSL ${script} | bash -s -- check`));
  assert.ok(body.includes('db.example:5432'));
  assert.ok(!body.includes('<'));
});

/** What is typed on Windows, in order. */
function windowsLines(script: string): string[] {
  return [
    `[Net.ServicePointManager]::SecurityProtocol = 'Tls12'; iwr -UseBasicParsing ${script} -OutFile install.ps1`,
    `(Get-FileHash install.ps1).Hash -eq (-split (iwr -UseBasicParsing ${script}.sha256).Content)[0]`,
    'powershell -ExecutionPolicy Bypass -File .\\install.ps1',
    'iex (Get-Content -Raw .\\install.ps1)',
  ];
}

test('the lines for Windows stand alone on theirs, too, in text and in HTML', async () => {
  const expected = windowsLines(`${PUBLIC_URL}/t/${scene.tunnel}/install.ps1`);
  const text = (await page(scene.tunnel, '*/*')).body.split('\n').map((line) => line.trim());
  const { body } = await page(scene.tunnel, 'text/html');
  for (const line of expected) {
    assert.ok(text.includes(line), line);
    assert.ok(body.includes(`<pre>${escapeHtml(line)}</pre>`), line);
  }
});

test('a browser gets a page that runs its own script and nothing else', async () => {
  await issueToken(plane, scene.tunnel);
  const { headers, body } = await page(scene.tunnel, 'text/html,*/*;q=0.8');
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(headers['referrer-policy'], 'no-referrer');
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /^default-src 'none'; /);
  assert.doesNotMatch(policy, /unsafe|\*/);
  for (const element of ['style', 'script']) {
    const [, content = ''] = new RegExp(`<${element}[^>]*>([^]*?)</${element}>`).exec(body) ?? [];
    const hash = createHash('sha256').update(content).digest('base64');
    assert.ok(policy.includes(`${element}-src 'sha256-${hash}'`), element);
  }
  assert.doesNotMatch(body, /\b(src|href)=|cvt_/);
});

test('names are shown as text', async () => {
  const { id } = await plane.api<{ id: string }>('POST', '/v1/tunnels', {
    slug: freshSlug('tunnel'),
    name: `<img src=x onerror=alert(1)>"'&`,
    account: scene.account,
    region: scene.region,
    database: { type: 'tcp', socket: '/run/db.sock' },
  });
  const { body } = await page(id, 'text/html');
  assert.ok(!body.includes('<img'));
  assert.ok(body.includes('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;'));
  // Its database is a Unix socket.
  assert.ok(body.includes('install.sh') && !body.includes('iwr '));
});

test('an unknown tunnel: 404, which names no more than that', async () => {
  const answer = await page('tun_x', 'text/html');
  assert.equal(answer.statusCode, 404);
  assert.equal(answer.json().code, 'not-found');
});

test('every value of a template is escaped unless it is HTML already', () => {
  assert.equal(escapeHtml(`<a b="c" d='e'>&`), '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;');
  const items = ['<', '>'].map((item) => html`<li>${item}</li>`);
  assert.equal(html`<ul>${items}</ul>${1}`.text, '<ul><li>&lt;</li><li>&gt;</li></ul>1');
});
