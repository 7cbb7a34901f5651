import { readFile } from 'node:fs/promises';
import { outputOf } from './command.ts';
import { updatePackageLists } from './packages.ts';

export interface AptConfiguration {
  /** Lines of a sources.list for the suite asked for. */
  sources: string[];
  /** Lines of an apt.conf: proxies and how strictly to check. */
  options: string[];
}

/**
 * How this machine reaches Debian's packages, for another suite: the same mirrors, the same options of access.
 * So images and containers install from wherever this machine does. Throws when it has no source for its own suite.
 */
export async function aptConfiguration(suite: string): Promise<AptConfiguration> {
  const own = await ownSuite();
  let sources = await ownSources(own);
  if (sources.length === 0) {
    // apt tells whose a source is only once it has its lists.
    await updatePackageLists();
    sources = await ownSources(own);
  }
  if (sources.length === 0) throw new Error(`apt has no source of Debian ${own} on this machine`);
  return {
    sources: sources.map(
      ({ uri, release, component }) => `deb ${uri} ${release.replace(own, suite)} ${component}`,
    ),
    options: [...(await accessOptions()), ...proxiesOfEnvironment()],
  };
}

interface Source {
  uri: string;
  /** The suite, or a part of it such as bookworm-security. */
  release: string;
  component: string;
}

async function ownSources(suite: string): Promise<Source[]> {
  const format = '$(CREATED_BY) $(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const lines = (await outputOf(['apt-get', 'indextargets', '--format', format])).split('\n');
  return [...new Set(lines)].flatMap((line) => {
    const [kind, origin, uri = '', release = '', component = ''] = line.split(' ');
    const ours = kind === 'Packages' && origin === 'Debian' && release.startsWith(suite);
    return ours ? [{ uri, release, component }] : [];
  });
}

async function ownSuite(): Promise<string> {
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (codename === undefined) throw new Error('/etc/os-release names no VERSION_CODENAME');
  return codename;
}

async function accessOptions(): Promise<string[]> {
  const access = /^Acquire::(https?::|Check-|Retries|ForceIPv)\S* "(?!")/;
  return (await outputOf(['apt-config', 'dump'])).split('\n').filter((line) => access.test(line));
}

/** apt heeds these variables; inside a container they would change what curl does too, so they become options. */
function proxiesOfEnvironment(): string[] {
  return ['http', 'https'].flatMap((scheme) => {
    const url = process.env[`${scheme}_proxy`];
    return url ? [`Acquire::${scheme}::Proxy "${url}";`] : [];
  });
}
