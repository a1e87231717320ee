import { TILE_WIDTH } from '../merkle/tile-hashes.js'

/**
 * When the last tile of a static-ct log is read although it is not full.
 *
 * "Clients [...] SHOULD [...] avoid fetching partial data tiles" (C2SP static-ct-api): it is left alone until it is full or
 * has stood partial, with entries nobody has read, for `delayMs`; and never read again while it has not grown.
 */
export class PartialTile {
  private readonly delayMs: number
  private since: number | undefined

  constructor(delayMs: number) {
    this.delayMs = delayMs
  }

  /**
   * Index up to which a tree of `size` entries is read now.
   * @param position - Index after the last entry read.
   * @param now - Elapsed milliseconds, not of a clock that can be set.
   */
  readTo(size: number, position: number, now: number): number {
    const full = size - (size % TILE_WIDTH)
    if (size === full || position >= size) {
      this.since = undefined
      return size
    }
    if (position < full) {
      this.since = undefined
      return full
    }
    this.since ??= now
    return now - this.since < this.delayMs ? full : size
  }
}
