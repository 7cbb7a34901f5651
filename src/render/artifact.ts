/** A rendered file, named by its digest. */
export interface Artifact {
  file: string;
  bytes: Buffer;
  /** SHA-256 of the bytes, 64 hex digits. */
  sha256: string;
  template: { name: string; version: string };
  /** SHA-256 over canonical template, version and input: what `enrol` calls `render`. */
  render: string;
}
