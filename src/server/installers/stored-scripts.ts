import { gunzipSync } from 'node:zlib';
import type { Kysely } from 'kysely';
import { unpackTar } from '../../bundle/index.ts';
import { Problem } from '../../domain/problem.ts';
import { INSTALLER_FILE, PLATFORMS, type Platform, sha256 } from '../../render/index.ts';
import { getBundle, type Tables } from '../../store/index.ts';
import { type Script, scriptOf } from './script.ts';

/** The installers of a bundle that was kept, ready to be sent. Throws when it is not there. */
export async function loadScripts(
  db: Kysely<Tables>,
  tunnelId: string,
  digest: string,
): Promise<Record<Platform, Script | Problem>> {
  const bundle = await getBundle(db, tunnelId, digest);
  if (!bundle) throw new Error('a bundle that was kept is gone');
  const files = await unpackTar(gunzipSync(bundle.gzip));
  const scripts = PLATFORMS.map((platform) => {
    const file = files.find(({ path }) => path === INSTALLER_FILE[platform]);
    if (!file) return [platform, notInBundle(platform)];
    return [platform, scriptOf(platform, { bytes: file.bytes, sha256: sha256(file.bytes) })];
  });
  return Object.fromEntries(scripts);
}

/** An installer that was kept, by its digest and what `findArtifact` knows of it. */
export async function loadInstaller(
  db: Kysely<Tables>,
  tunnelId: string,
  digest: string,
  { file, bundle }: { file: string; bundle: string },
): Promise<Script> {
  const scripts = Object.values(await loadScripts(db, tunnelId, bundle));
  const script = scripts.find((each) => !(each instanceof Problem) && each.sha256 === digest);
  if (script instanceof Problem || !script) {
    throw new Error(`a bundle lacks the ${file} that it was kept for`);
  }
  return script;
}

function notInBundle(platform: Platform): Problem {
  return new Problem('not-found', `this tunnel has no ${INSTALLER_FILE[platform]}`, {
    next: 'Use the installer of another system.',
  });
}
