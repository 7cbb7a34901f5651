/** A file of a bundle. */
export interface BundleFile {
  /** Relative to the bundle's folder, printable ASCII, with `/` between. */
  path: string;
  bytes: Buffer;
}

/** The order of a bundle's files, by code unit: no locale has a say. */
export function byPath(one: BundleFile, other: BundleFile): number {
  return one.path < other.path ? -1 : 1;
}
