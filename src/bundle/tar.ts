import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import { type BundleFile, byPath } from '../domain/bundle-file.ts';

/** The one folder that a bundle unpacks into. */
const FOLDER = 'bundle/';

/** What could differ from machine to machine and is of no use to a reviewer is the same in every bundle. */
const HEADER = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) } as const;

/**
 * Files as a tar (POSIX.1-2001, pax). The same files give the same bytes, in whatever order they
 * come: sorted by path, owned by nobody in particular, without a time, and never executable.
 */
export function packTar(files: readonly BundleFile[]): Readable {
  const tar = pack();
  for (const { path, bytes } of files.toSorted(byPath)) {
    tar.entry({ ...HEADER, name: FOLDER + path }, bytes);
  }
  tar.finalize();
  return tar;
}

/**
 * Reads the files of a tar that `packTar` made. Throws a RangeError for every other one, also where
 * it is only spelled in another way: by then nothing in it is left that nobody has looked at.
 */
export async function unpackTar(tar: Buffer): Promise<BundleFile[]> {
  const files: BundleFile[] = [];
  const entries = Readable.from([tar]).pipe(extract());
  try {
    for await (const entry of entries) {
      files.push({ path: entry.header.name.slice(FOLDER.length), bytes: await buffer(entry) });
    }
  } catch (error) {
    throw new RangeError(`is no whole tar: ${(error as Error).message}`, { cause: error });
  }
  if (!(await buffer(packTar(files))).equals(tar)) {
    throw new RangeError('is not a tar as Culvert makes it');
  }
  return files;
}
