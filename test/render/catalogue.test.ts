import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { templateOf } from '../../src/render/catalogue.ts';
import { loadCatalogue, sha256 } from '../../src/render/index.ts';

const MANIFEST = {
  name: 'it',
  version: '1.0.0',
  language: 'shell',
  output: 'it.sh',
  inputs: ['a'],
};

/** Loads a catalogue with one template, made of these files. */
function load(manifest: object, files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-templates-'));
  try {
    mkdirSync(join(folder, 'it'));
    writeFileSync(join(folder, 'it/template.json'), JSON.stringify(manifest));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, 'it', dirname(name)), { recursive: true });
      writeFileSync(join(folder, 'it', name), text);
    }
    return loadCatalogue(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every template of the project loads', () => {
  const names = [...loadCatalogue().keys()].sort();
  assert.ok(names.includes('linux') && names.includes('ssh-config'));
  for (const name of names) assert.equal(templateOf(loadCatalogue(), name).manifest.name, name);
});

test('a template that could print an unquoted value stops the start, by name and line', () => {
  assert.throws(() => load(MANIFEST, { 'it.sh.hbs': 'A=1\nB={{{a}}}\n' }), {
    message: /^template it: line 2, column 3: use two braces/,
  });
});

test('the whole catalogue falls with one bad template', () => {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-templates-'));
  try {
    cpSync(new URL('../../templates', import.meta.url), folder, { recursive: true });
    loadCatalogue(folder);
    writeFileSync(
      join(folder, 'known-hosts/known_hosts.hbs'),
      '{{#each host_keys}}{{this}}{{/each}}',
    );
    assert.throws(() => loadCatalogue(folder), /^Error: template known-hosts: line 1/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a manifest that says something odd is refused', () => {
  const files = { 'it.sh.hbs': '{{quote a}}' };
  assert.throws(() => load({ ...MANIFEST, name: 'other' }, files), /name must be it/);
  assert.throws(() => load({ ...MANIFEST, version: '1' }, files), /version is not semantic/);
  for (const language of ['html', 'constructor', '__proto__', '', 7]) {
    assert.throws(() => load({ ...MANIFEST, language }, files), /no quoting for/);
  }
  assert.throws(
    () => load({ ...MANIFEST, output: 'missing' }, files),
    /^Error: template it: ENOENT/,
  );
  assert.throws(
    () => load({ ...MANIFEST, parts: ['missing.sh'] }, files),
    /^Error: template it: ENOENT/,
  );
});

test('parts are set in by one level and close the block; here-documents would not survive that', () => {
  const files = { 'it.sh.hbs': '{\n', 'one.sh': 'a() {\n  b\n}\n\n', 'two.sh': 'a\n' };
  const template = templateOf(
    load({ ...MANIFEST, inputs: [], parts: ['one.sh', 'two.sh'] }, files),
    'it',
  );
  assert.equal(template.body.toString(), '  a() {\n    b\n  }\n\n  a\n}\n');
  for (const text of ['cat <<EOF\nx\nEOF\n', "cat <<'EOF'\n", 'cat <<-EOF\n', 'cat <<"EOF"\n']) {
    assert.throws(
      () => load({ ...MANIFEST, parts: ['one.sh'] }, { ...files, 'one.sh': text }),
      /here-document/,
    );
  }
});

const POWERSHELL = {
  ...MANIFEST,
  language: 'powershell',
  output: 'it.ps1',
  inputs: ['a'],
  parts: ['one.ps1', 'host/Two.cs', 'three.ps1'],
};
const WINDOWS_FILES = {
  'it.ps1.hbs': '& {\n  $A = {{quote a}}\n',
  'one.ps1': 'function a {\n  b\n}\n\n',
  'host/Two.cs': '// C#\nclass Two {\n}\n\n',
  'three.ps1': '\na\n',
};

test('a script for Windows has the line ends of Windows, none after its last brace, and C# as it is', () => {
  const { render, body, bodyDigest } = templateOf(load(POWERSHELL, WINDOWS_FILES), 'it');
  assert.equal(
    render({ a: 'x\ny' }),
    "& {\r\n  $A = (@(\r\n  'x'\r\n  'y'\r\n  ) -join \"`n\")\r\n",
  );
  const text = `  function a {
    b
  }


  $HostSources['Two.cs'] = @'
// C#
class Two {
}
'@

  a
}`;
  assert.equal(body.toString(), text.replaceAll('\n', '\r\n'));
  assert.equal(bodyDigest, sha256(text));
});

test('a script for Windows without parts ends with its brace, too', () => {
  const { render } = templateOf(
    load({ ...POWERSHELL, parts: undefined }, { 'it.ps1.hbs': '& {\n  {{quote a}}\n}\n' }),
    'it',
  );
  assert.equal(render({ a: 'x' }), "& {\r\n  'x'\r\n}");
});

test('what would not mean the same within a script for Windows is refused, by the name of its file', () => {
  for (const [file, text, why] of [
    ['host/Two.cs', "x = @'\n  '@ + y\n", /host\/Two\.cs: a line that begins with '@/],
    ['host/Two.cs', "'@", /host\/Two\.cs: a line that begins with '@/],
    ['host/Two.cs', '// \u2019@\n', /host\/Two\.cs: .*ASCII/],
    ['host/Two.cs', '// \u00e9\n', /host\/Two\.cs: .*ASCII/],
    ['one.ps1', "$a = @'\nx\n'@\n", /one\.ps1: .*here-string/],
    ['one.ps1', 'a -b:@"  \nx\n"@\n', /one\.ps1: .*here-string/],
    ['one.ps1', '# \u2018x\u2019\n', /one\.ps1: .*ASCII/],
    ['one.ps1', 'a\r\nb\r\n', /one\.ps1: .*line end/],
    ['it.ps1.hbs', '& {\n  # \u00fc\n', /it\.ps1\.hbs: .*ASCII/],
  ] as const) {
    assert.throws(() => load(POWERSHELL, { ...WINDOWS_FILES, [file]: text }), why);
  }
  load(POWERSHELL, { ...WINDOWS_FILES, 'one.ps1': "$a -split '@'\n$b = 'user@'\n" });
});

test('a template that is not there is an error', () => {
  assert.throws(() => templateOf(loadCatalogue(), 'nothing'), /there is no template nothing/);
});
