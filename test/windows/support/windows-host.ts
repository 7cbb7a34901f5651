import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandResult } from '../../support/bed/command.ts';
import { findPowerShell } from '../../support/powershell.ts';

const COMPILER = readFileSync(join(import.meta.dirname, 'csc.sh'));
const SERVER_2019 = {
  ProductName: 'Windows Server 2019 Standard',
  CurrentBuildNumber: '17763',
  InstallationType: 'Server',
};

export interface RunOptions {
  /** Goes in as CULVERT_TOKEN. */
  token?: string;
  env?: Record<string, string>;
}

/**
 * A folder that stands for a Windows host: the folders that Windows has, OpenSSH and a compiler in
 * their places, and the state that the fakes keep. Everything else is as it is: PowerShell, ssh, the
 * service host under Mono.
 */
export class WindowsHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'culvert-windows-'));
  readonly programData = join(this.folder, 'ProgramData');
  readonly programFiles = join(this.folder, 'ProgramFiles');
  /** Where a customer would have saved the installer. */
  readonly installer = join(this.folder, 'install.ps1');

  constructor() {
    for (const path of [
      'ProgramData',
      'ProgramFiles',
      'Windows/Temp',
      'built',
      'rights',
      'openssh',
    ]) {
      mkdirSync(join(this.folder, path), { recursive: true });
    }
    this.setState('version', SERVER_2019);
    const framework = join(this.folder, 'Windows/Microsoft.NET/Framework64/v4.0.30319');
    mkdirSync(framework, { recursive: true });
    writeFileSync(join(framework, 'csc.exe'), COMPILER);
    chmodSync(join(framework, 'csc.exe'), 0o755);
    for (const program of ['ssh', 'ssh-keygen']) {
      symlinkSync(`/usr/bin/${program}`, join(this.folder, 'openssh', `${program}.exe`));
    }
    this.addOpenSsh();
  }

  /** Puts OpenSSH where Windows has it. */
  addOpenSsh(): void {
    mkdirSync(join(this.folder, 'Windows/System32'), { recursive: true });
    symlinkSync(join(this.folder, 'openssh'), join(this.folder, 'Windows/System32/OpenSSH'));
  }

  removeOpenSsh(): void {
    rmSync(join(this.folder, 'Windows/System32/OpenSSH'));
  }

  /** What the fakes know: services, sources, capabilities, version. */
  state(name: string): Record<string, unknown> {
    const file = join(this.folder, `${name}.json`);
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  }

  setState(name: string, state: object): void {
    writeFileSync(join(this.folder, `${name}.json`), JSON.stringify(state));
  }

  /** Saves an installer and runs it as `powershell -File install.ps1 WORD…` does. */
  async run(
    script: Buffer,
    words: string[] = [],
    options: RunOptions = {},
  ): Promise<CommandResult> {
    writeFileSync(this.installer, script);
    return this.runFile(this.installer, words, options);
  }

  /** Runs a script that is on the host. */
  async runFile(file: string, words: string[] = [], options: RunOptions = {}) {
    const powerShell = await findPowerShell();
    if (!powerShell) throw new Error('there is no PowerShell here');
    return powerShell.runFile(file, words, {
      env: {
        CULVERT_TEST_WORLD: this.folder,
        ...(options.token !== undefined && { CULVERT_TOKEN: options.token }),
        ...options.env,
      },
      timeoutMs: 180_000,
    });
  }

  /** What was asked of Windows since the last time, a line each, with the host's folder left out. */
  calls(): string[] {
    const file = join(this.folder, 'calls');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    rmSync(file, { force: true });
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replaceAll(`${this.folder}/`, ''));
  }

  /** Every file and folder of the installation, with the digest of its bytes. */
  installed(): Map<string, string> {
    const found = new Map<string, string>();
    for (const root of ['ProgramData', 'ProgramFiles']) {
      for (const path of readdirSync(join(this.folder, root), { recursive: true }) as string[]) {
        const file = join(this.folder, root, path);
        const isFolder = statSync(file).isDirectory();
        const digest = isFolder
          ? ''
          : createHash('sha256').update(readFileSync(file)).digest('hex');
        found.set(join(root, path), digest);
      }
    }
    return found;
  }

  /** The installed service hosts, each as a file of its own: path and inode. */
  programs(vendor = '*'): string[] {
    return globSync(join(this.programFiles, `h_autossh/${vendor}/host.*/TunnelHost.exe`)).map(
      (file) => `${file} ${statSync(file).ino}`,
    );
  }

  /** What the scratch folders of its runs have left. */
  scratch(): string[] {
    return readdirSync(join(this.folder, 'Windows/Temp'));
  }

  /** The processes that run something of this host. */
  processes(): { pid: number; command: string }[] {
    const { stdout } = spawnSync('ps', ['-eo', 'pid=,args=', '-ww'], { encoding: 'utf8' });
    return stdout
      .split('\n')
      .filter((line) => line.includes(`${this.folder}/`))
      .map((line) => ({ pid: Number.parseInt(line, 10), command: line }));
  }

  /** Ends what still runs, and removes the folder. */
  remove(): void {
    const services = this.state('services') as Record<string, { Stdin?: number }>;
    for (const { Stdin } of Object.values(services)) if (Stdin) end(Stdin);
    for (const { pid } of this.processes()) end(pid);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
