import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** Shows the repository at a place of one's own, for it may lie where only root can go. */
const SHOW_AND_BECOME = `
  mount --bind "$1" "$2" && home=$3 uid=$4 gid=$5 && shift 5 && cd "$home" && export HOME="$home" TMPDIR="$home" &&
  exec setpriv --reuid "$uid" --regid "$gid" --clear-groups "$@"`;

/** Somebody who starts programs on this machine. */
export interface Person {
  name: string;
  home: string;
  /** The repository as this person sees it. */
  repository: string;
  /** The words that start a program as this person, in their home. */
  asPerson(words: readonly string[]): string[];
  remove(): void;
}

/** Whoever runs the tests, with a home of its own for their time. */
export function myself(): Person {
  const home = mkdtempSync(join(tmpdir(), 'culvert-home-'));
  return {
    name: userInfo().username,
    home,
    repository: REPOSITORY,
    asPerson: (words) => ['env', '--chdir', home, `HOME=${home}`, `TMPDIR=${home}`, ...words],
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

let made = 0;

/** An ordinary user: made for the test where root runs it, else whoever does. */
export function ordinaryUser(): Person {
  if (userInfo().uid !== 0) return myself();
  made += 1;
  const name = `culvert-cli-${process.pid}-${made}`;
  const folder = mkdtempSync(join(tmpdir(), 'culvert-person-'));
  const [home, repository] = [join(folder, 'home'), join(folder, 'repository')];
  execFileSync('install', ['-d', '-m', '0755', folder, repository]);
  execFileSync('useradd', ['--create-home', '--home-dir', home, '--shell', '/bin/bash', name]);
  const id = (option: string) => execFileSync('id', [option, name], { encoding: 'utf8' }).trim();
  const show = [SHOW_AND_BECOME, 'sh', REPOSITORY, repository, home, id('-u'), id('-g')];
  return {
    name,
    home,
    repository,
    asPerson: (words) => ['unshare', '--mount', 'sh', '-c', ...show, ...words],
    remove() {
      execFileSync('userdel', [name]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
