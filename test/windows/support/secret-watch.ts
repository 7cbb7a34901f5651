import { readdirSync, readFileSync } from 'node:fs';

/** Looks for a secret in every process of this machine while the watch is on. */
export interface SecretWatch {
  /** Ends the watch: every command line that had the secret in its argv or environment. */
  stop(): Promise<string[]>;
}

/** The shell that a customer sets CULVERT_TOKEN in, which here is the test's PowerShell. */
const GIVEN_IT = /pwsh|PowerShell|dotnet/i;

/** Watches argv of each process, and the environment of each but the one that was given it. */
export function watchSecret(secret: string): SecretWatch {
  const found = new Set<string>();
  let watching = true;
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const command = read(`/proc/${pid}/cmdline`);
      const environment = GIVEN_IT.test(command) ? '' : read(`/proc/${pid}/environ`);
      if (`${command}\0${environment}`.includes(secret)) found.add(command.replaceAll('\0', ' '));
    }
    if (watching) setTimeout(look, 2);
  };
  look();
  return {
    async stop() {
      watching = false;
      return [...found];
    },
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // It has ended, or is none of ours.
  }
}
