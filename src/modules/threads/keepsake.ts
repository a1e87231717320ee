/** What a use of a module has kept, by keys of its own. Not to be changed. */
export type Kept = ReadonlyMap<string, Uint8Array>

/** What outlives the thread that a module runs in, so that it can begin again with it in the next. */
export interface Keepsake {
  /** What was kept before. */
  readonly before: Kept
  /** Keeps a copy of some bytes, instead of earlier ones with this key. */
  keep(key: string, bytes: Uint8Array): void
}
