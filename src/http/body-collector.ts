import type { BufferPool } from '../util/buffer-pool.js'
import { copyBytes, copyInto, plain } from '../util/bytes.js'

// A body announced as this long or shorter gets memory of its announced length at once. For a longer one, the announcement alone
// is not trusted: more memory follows only after this much has arrived.
const MAX_PREALLOCATED = 8 * 1024 * 1024
/** First memory for a body of unknown length; pieces of this size and more come from the pool. */
const SMALL = 64 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * Gathers the pieces of a body, up to a bound. Copies each piece at once, because the sender may reuse its memory for the next one.
 */
export class BodyCollector {
  private readonly maxBytes: number
  private readonly pool: BufferPool | undefined
  private readonly onBytes: ((received: number) => void) | undefined
  /** The most that a body of more than the trusted length can need. */
  private readonly most: number
  private memory: Buffer
  private received = 0

  /**
   * @param announced - `Content-Length`, where it counts the same bytes as are added here.
   * @param pool - Supplies memory for large bodies. Default: new memory each time.
   * @param onBytes - Called after each piece, with the number of bytes so far.
   */
  constructor(maxBytes: number, announced?: number, pool?: BufferPool, onBytes?: (received: number) => void) {
    this.maxBytes = maxBytes
    this.pool = pool
    this.onBytes = onBytes
    const length = announced !== undefined && announced <= maxBytes ? announced : undefined
    this.most = length ?? maxBytes
    this.memory = this.take(Math.min(length ?? SMALL - 1, maxBytes, MAX_PREALLOCATED))
  }

  get length(): number {
    return this.received
  }

  /** @returns `false` when the body exceeds the bound; the bytes within the bound are kept. */
  push(piece: Uint8Array): boolean {
    const room = this.maxBytes - this.received
    const kept = piece.length > room ? piece.subarray(0, room) : piece
    const length = this.received + kept.length
    if (length > this.memory.length) this.grow(length)
    copyInto(this.memory, this.received, kept)
    this.received = length
    this.onBytes?.(length)
    return kept === piece
  }

  /** The bytes so far, in memory that belongs to the pool until {@link release}, or in memory of their own. */
  bytes(): Uint8Array {
    const bytes = this.memory.subarray(0, this.received)
    if (this.isLent || this.received === this.memory.length) return plain(bytes)
    return copyBytes(bytes)
  }

  /** Returns memory to the pool, once nothing refers to the body any more. Idempotent: returning a buffer twice would let two bodies share it. */
  readonly release = (): void => {
    if (this.isLent) this.pool?.give(this.memory)
    this.memory = NOTHING
  }

  private get isLent(): boolean {
    return this.pool !== undefined && this.memory.length >= SMALL
  }

  private grow(length: number): void {
    const { memory, release } = this
    // A large body is rare and gets the most it can need at once: memory never written to costs nothing, while each outgrown buffer
    // stays until the garbage collector runs.
    const doubled = memory.length < MAX_PREALLOCATED ? 2 * memory.length : this.most
    const larger = this.take(Math.max(length, Math.min(doubled, this.maxBytes)))
    copyInto(larger, 0, memory.subarray(0, this.received))
    release()
    this.memory = larger
  }

  private take(length: number): Buffer {
    return this.pool !== undefined && length >= SMALL ? this.pool.take(length) : Buffer.allocUnsafeSlow(length)
  }
}

/** `Content-Length` as a safe integer; `undefined` when there is none or it is not a number. */
export function contentLength(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers['content-length']
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
