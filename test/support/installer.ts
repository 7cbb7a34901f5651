import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandResult, Container } from './bed/index.ts';

export interface InstallOptions {
  /** root when not given. */
  user?: string;
  /** Goes in as CULVERT_TOKEN, the way the pasted line does it. */
  token?: string;
  /** What stands behind `bash -s --`. */
  arguments?: string[];
  /** curl when not given. */
  download?: 'curl' | 'wget';
  /** Variables of the shell that the line is pasted into. */
  environment?: Record<string, string>;
  timeoutMs?: number;
}

/** The literal line that a customer pastes, for `/t/<id>/install.sh`. */
export function pastedLine(
  url: string,
  options: Pick<InstallOptions, 'token' | 'arguments' | 'download'> = {},
): string {
  const setting = options.token === undefined ? '' : `CULVERT_TOKEN=${options.token} `;
  const words = options.arguments?.length ? ` -s -- ${options.arguments.join(' ')}` : '';
  const download = options.download === 'wget' ? 'wget -qO-' : 'curl -fsSL';
  return `${download} ${url} | ${setting}bash${words}`;
}

/**
 * Pastes the line into a shell of a proxy. The shell reads it from standard input, as from a
 * terminal, so that the harness itself has no token in its argv.
 */
export function install(
  proxy: Container,
  url: string,
  options: InstallOptions = {},
): Promise<CommandResult> {
  const { user = 'root', environment = {}, timeoutMs = 180_000 } = options;
  const home = user === 'root' ? '/root' : `/home/${user}`;
  return proxy.exec(['bash'], {
    user,
    folder: home,
    env: { HOME: home, ...environment },
    input: `${pastedLine(url, options)}\nexit $?\n`,
    timeoutMs,
  });
}

/** Adds an ordinary user who may use sudo, with a password of that name or without one. */
export async function addSudoer(
  proxy: Container,
  name: string,
  asksPassword: boolean,
): Promise<void> {
  const rule = asksPassword ? 'ALL=(ALL) ALL' : 'ALL=(ALL) NOPASSWD: ALL';
  await proxy.output(
    `useradd --create-home --shell /bin/bash ${name}; chpasswd <<<'${name}:${name}'`,
  );
  await proxy.writeFile(`/etc/sudoers.d/${name}`, `${name} ${rule}\n`, '0440');
}

/** A shell on a terminal, typed into by the test. */
export async function onTerminal(
  proxy: Container,
  user: string,
  steps: { type: string; after?: RegExp }[],
  ending: RegExp,
  limitMs = 180_000,
  whileUp: () => Promise<void> = async () => {},
): Promise<string> {
  const child = proxy.spawn(['bash', '--norc', '-i'], {
    user,
    folder: `/home/${user}`,
    env: { HOME: `/home/${user}`, PS1: '$ ' },
    pty: true,
  });
  let screen = '';
  let seen = 0;
  child.stdout.on('data', (data) => {
    screen += data;
  });
  const until = async (pattern: RegExp) => {
    for (const started = performance.now(); ; await sleep(50)) {
      const match = pattern.exec(screen.slice(seen));
      if (match) {
        seen += match.index + match[0].length;
        return;
      }
      if (performance.now() - started > limitMs) {
        throw new Error(`nothing like ${pattern} on the screen:\n${screen}`);
      }
    }
  };
  try {
    for (const { type, after } of steps) {
      await until(after ?? /\$ /);
      child.stdin.write(`${type}\n`);
    }
    await until(ending);
    await whileUp();
    return screen;
  } finally {
    child.stdin.end('\u0003\nexit\n');
  }
}
