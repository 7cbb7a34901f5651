import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Account } from './own-account.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/postgresql');

/**
 * Makes a new cluster in a folder that is not there yet. The first one is kept and copied from then
 * on: to copy it takes a tenth of the time. `programs` is the folder of PostgreSQL's own.
 */
export function makeCluster(data: string, programs: string, account: Account | undefined): void {
  const version = basename(dirname(programs));
  const kept = join(CACHE, `${version}-${account?.uid ?? process.getuid?.()}`);
  if (existsSync(kept)) {
    copy(kept, data);
  } else {
    initialise(data, programs, account);
    keep(data, kept);
  }
}

function initialise(data: string, programs: string, account: Account | undefined): void {
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    { ...account, cwd: dirname(data), stdio: ['ignore', 'ignore', 'inherit'] },
  );
}

/** Whole or not at all: another process may keep its own at the same moment, which is as good. */
function keep(data: string, kept: string): void {
  mkdirSync(CACHE, { recursive: true });
  const whole = `${kept}.${process.pid}`;
  copy(data, whole);
  try {
    renameSync(whole, kept);
  } catch {
    rmSync(whole, { recursive: true });
  }
}

function copy(from: string, to: string): void {
  execFileSync('cp', ['--archive', from, to]);
}
