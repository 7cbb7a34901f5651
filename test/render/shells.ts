import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs a script and gives what it printed. Throws unless it ends with 0 and silently. From a file,
 * because a shell reads standard input byte by byte, which takes long for megabytes.
 */
export function runShell(script: string, command = ['bash'], locale = 'C.UTF-8'): Buffer {
  const [program, ...options] = command as [string, ...string[]];
  const folder = mkdtempSync(join(tmpdir(), 'culvert-shell-'));
  try {
    writeFileSync(join(folder, 'script'), script);
    const { status, stdout, stderr } = spawnSync(program, [...options, join(folder, 'script')], {
      env: { PATH: '/usr/bin:/bin', LC_ALL: locale },
      maxBuffer: 1 << 30,
    });
    assert.equal(stderr.subarray(0, 500).toString(), '');
    assert.equal(status, 0);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Splits what a shell printed by `printf '%s\0'`. */
export function splitAtNul(output: Buffer): string[] {
  const parts = output.toString('latin1').split('\0');
  assert.equal(parts.pop(), '');
  return parts.map((part) => Buffer.from(part, 'latin1').toString());
}
