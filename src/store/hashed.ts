/** What is found by the public part of a secret: the caller compares the hash, lists never hold it. */
export type Hashed<T> = T & {
  /** SHA-256 of the secret, 64 hex digits. */
  hash: string;
};
