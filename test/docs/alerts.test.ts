import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startControlPlane } from '../server/support/control-plane.ts';

const RULES = join(import.meta.dirname, '../../docs/prometheus-alerts.yml');
const CASES = join(import.meta.dirname, 'alerts.test.yml');
const rules = readFileSync(RULES, 'utf8');
const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);

test('Prometheus takes the rules, and each fires when it should', () => {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-alerts-'));
  try {
    copyFileSync(RULES, join(folder, 'prometheus-alerts.yml'));
    copyFileSync(CASES, join(folder, 'cases.yml'));
    const promtool = (...words: string[]) =>
      execFileSync('promtool', words, { cwd: folder, encoding: 'utf8' });
    assert.match(promtool('check', 'rules', 'prometheus-alerts.yml'), /SUCCESS: \d+ rules found/);
    assert.match(promtool('test', 'rules', 'cases.yml'), /SUCCESS/);
  } finally {
    rmSync(folder, { recursive: true });
  }
  for (const alert of alerts) {
    assert.match(readFileSync(CASES, 'utf8'), new RegExp(`alertname: ${alert}\\b`));
  }
});

test('every metric of the rules is one that the control plane has', async () => {
  await using plane = await startControlPlane();
  const { body } = await plane.app.inject('/metrics');
  const names = new Set(rules.match(/culvert_[a-z_]+(?=[{[) ])/g));
  assert.ok(names.size >= 6, [...names].join());
  for (const name of names) {
    assert.match(body, new RegExp(`^# TYPE ${name.replace(/_count$/, '')} `, 'm'), name);
  }
});

test('the page for operators says what to do about each', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  for (const alert of alerts) assert.ok(page.includes(`\`${alert}\``), alert);
});
