import { type ImageRecipe, proxyImage, registryImage, standInImage } from './bed/index.ts';

/** A system that customers' proxies run, as a host of the test bed. */
export interface Distro {
  /** Short, fit for the name of a host. */
  name: string;
  /** For the runner's closing lines: what really ran, `t.diagnostic('ran on: …')`. */
  title: string;
  family: 'debian' | 'rhel';
  image: ImageRecipe;
  /** Where it has autossh: among its own packages, in EPEL, or nowhere. */
  autossh: 'packages' | 'epel' | 'nowhere';
}

/** What tests loop over: the images that CULVERT_TEST_IMAGES names (`rocky9=docker.io/… …`), else what can be made here. */
export const DISTROS: readonly Distro[] =
  namedImages(process.env['CULVERT_TEST_IMAGES'] ?? '') ?? madeHere();

function madeHere(): Distro[] {
  const debian = (version: number, suite: string): Distro => ({
    name: `debian${version}`,
    title: `Debian ${version}`,
    family: 'debian',
    image: proxyImage(suite),
    autossh: 'packages',
  });
  return [
    debian(11, 'bullseye'),
    debian(12, 'bookworm'),
    debian(13, 'trixie'),
    {
      name: 'stand-in',
      title: 'a stand-in for the RHEL family (Debian 12 with dnf), not RHEL itself',
      family: 'rhel',
      image: standInImage(),
      autossh: 'epel',
    },
  ];
}

function namedImages(setting: string): Distro[] | undefined {
  const words = setting.split(/\s+/).filter(Boolean);
  if (words.length === 0) return undefined;
  return words.map((word) => {
    const [, name, reference] = /^([a-z0-9-]+)=(\S+)$/.exec(word) ?? [];
    if (name === undefined || reference === undefined)
      throw new TypeError(`CULVERT_TEST_IMAGES: ${word} is not name=reference`);
    return {
      name,
      title: `${name}, the image ${reference}`,
      family: /^(debian|ubuntu)/.test(name) ? 'debian' : 'rhel',
      image: registryImage(name, reference),
      autossh: sourceOfAutossh(name),
    };
  });
}

function sourceOfAutossh(name: string): Distro['autossh'] {
  if (/^(debian|ubuntu|fedora)/.test(name)) return 'packages';
  return name.startsWith('amazon') ? 'nowhere' : 'epel';
}
