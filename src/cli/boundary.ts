/** What a command may ask of the process that it runs in. */
export interface Boundary {
  /** Aborts when the process is asked to end. To be called at most once. */
  stopSignal(): AbortSignal;
}
