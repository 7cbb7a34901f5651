import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/**
 * Builds Culvert as it is published, and gives the path of the agent's module: run from its source,
 * an agent holds the compiler of that source in its memory, too.
 */
export function buildAgent(): string {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: REPOSITORY, stdio: 'inherit' });
  return `${REPOSITORY}dist/agent/index.js`;
}
