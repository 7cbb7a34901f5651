import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { JOIN_TOKEN } from './control-plane.ts';

const PROGRAM = join(import.meta.dirname, 'agent-process.js');
const REPOSITORY = join(import.meta.dirname, '../../..');
const SOURCE = join(REPOSITORY, 'src/agent/index.ts');
/** Made for the test when root runs it, and removed after. */
const ORDINARY_USER = `culvert-${process.pid}`;

export type Mode = 'root' | 'user';

/** Both ways that sshd can run, as far as whoever runs the test may. */
export const MODES: Mode[] = userInfo().uid === 0 ? ['root', 'user'] : ['user'];

const SHOW_AND_BECOME = `
  mkdir -p "$1" && mount --bind "$2" "$1" && uid=$3 gid=$4 && shift 4 &&
  exec setpriv --reuid "$uid" --regid "$gid" --clear-groups "$@"`;

/** A machine's agent, in a process of its own. */
export class AgentHost {
  readonly mode: Mode;
  readonly login: string;
  readonly folder: string;
  readonly stateFolder: string;
  /** What the agent logged and answered. */
  readonly messages: Record<string, unknown>[] = [];
  child: ChildProcess | undefined;
  readonly #account: { uid: number; gid: number } | undefined;
  readonly #module: string;

  /** `module`: the agent's, where it is not to run from its source. */
  constructor(mode: Mode, stateFolder?: string, module = SOURCE) {
    this.mode = mode;
    this.#module = module;
    const isOther = mode === 'user' && userInfo().uid === 0;
    this.#account = isOther ? makeOrdinaryUser() : undefined;
    this.login = mode === 'root' ? 'tunnel' : isOther ? ORDINARY_USER : userInfo().username;
    this.folder = mkdtempSync(join(tmpdir(), 'culvert-agent-'));
    chmodSync(this.folder, 0o755);
    if (this.#account) chownSync(this.folder, this.#account.uid, this.#account.gid);
    this.stateFolder = stateFolder ?? join(this.folder, 'state');
  }

  /** Starts the agent and waits until it is ready; throws the problem that it names. */
  async start(controlPlane: string, more: object = {}): Promise<void> {
    const child = this.#spawn();
    this.child = child;
    child.on('message', (message) => this.messages.push(message as Record<string, unknown>));
    const start = {
      controlPlane,
      stateFolder: this.stateFolder,
      joinToken: JOIN_TOKEN,
      listenAddress: '127.0.0.1',
      loginUser: this.login,
      ...more,
    };
    child.send({ start });
    await this.#answer('ready');
  }

  async stop(endSessions: boolean): Promise<void> {
    if (!this.child?.connected) return;
    this.child.send({ stop: { endSessions } });
    await this.#answer('stopped');
    if (this.child.exitCode === null) await once(this.child, 'exit');
  }

  /** Ends the agent as a crash would. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    if (this.child?.exitCode === null && this.child.signalCode === null)
      await once(this.child, 'exit');
  }

  /** Ends what the test started, sessions too. */
  async remove(): Promise<void> {
    await this.stop(true);
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #answer(name: string): Promise<void> {
    for (;;) {
      const answer = this.messages.find((message) => name in message || 'problem' in message);
      if (answer) this.messages.splice(this.messages.indexOf(answer), 1);
      if (answer?.['problem']) throw answer['problem'];
      if (answer) return;
      const ended = new AbortController();
      const child = this.child as ChildProcess;
      await Promise.race([
        once(child, 'message', ended),
        once(child, 'exit', ended).then(([code]) => {
          throw new Error(`the agent ended with ${code}`);
        }),
      ]);
      ended.abort();
    }
  }

  #spawn(): ChildProcess {
    const stdio: ['ignore', 'inherit', 'inherit', 'ipc'] = ['ignore', 'inherit', 'inherit', 'ipc'];
    if (!this.#account) return spawn(process.execPath, [PROGRAM, this.#module], { stdio });
    // A clone below a closed folder, such as root's home, is shown to the user in another place.
    const place = join(this.folder, 'repository');
    const { uid, gid } = this.#account;
    const inside = (path: string) => path.replace(REPOSITORY, place);
    return spawn(
      'unshare',
      [
        ...['-m', 'bash', '-c', SHOW_AND_BECOME, 'bash', place, REPOSITORY, `${uid}`, `${gid}`],
        ...[process.execPath, PROGRAM, this.#module].map(inside),
      ],
      { stdio },
    );
  }
}

let ordinaryUser: { uid: number; gid: number } | undefined;

function makeOrdinaryUser(): { uid: number; gid: number } {
  if (ordinaryUser) return ordinaryUser;
  execFileSync('/usr/sbin/useradd', ['--system', '--user-group', '-M', ORDINARY_USER]);
  process.on('exit', () => execFileSync('/usr/sbin/userdel', [ORDINARY_USER]));
  const idOf = (option: string) =>
    Number(execFileSync('/usr/bin/id', [option, ORDINARY_USER], { encoding: 'utf8' }));
  ordinaryUser = { uid: idOf('-u'), gid: idOf('-g') };
  return ordinaryUser;
}
