import type { BufferPool } from '../util/buffer-pool.js'
import { copyBytes, plain } from '../util/bytes.js'

// A body up to this long is received into memory of its announced length; beyond it, a length that somebody merely
// announces buys no memory before this much of it has come.
const MAX_PREALLOCATED = 8 * 1024 * 1024
/** Memory that a body of unknown length begins with; from here on memory is taken from the pool. */
const SMALL = 64 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * Gathers the pieces of a body, up to a bound. Every piece is copied at once: it may lie in memory that is used for the next one.
 */
export class BodyCollector {
  private readonly maxBytes: number
  private readonly pool: BufferPool | undefined
  private readonly onBytes: ((received: number) => void) | undefined
  /** What a body that is longer than is believed at once may come to. */
  private readonly most: number
  private memory: Buffer
  private received = 0

  /**
   * @param announced - `Content-Length`, when it is that of the bytes to come.
   * @param pool - Where memory for large bodies is taken from. Default: it is made.
   * @param onBytes - Called with all that has come, after each piece.
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

  /** @returns `false` when the body passes the bound; only what is within it is then kept. */
  push(piece: Uint8Array): boolean {
    const room = this.maxBytes - this.received
    const kept = piece.length > room ? piece.subarray(0, room) : piece
    const length = this.received + kept.length
    if (length > this.memory.length) this.grow(length)
    this.memory.set(kept, this.received)
    this.received = length
    this.onBytes?.(length)
    return kept === piece
  }

  /** What has come so far: memory of its own, or the pool's until {@link release}. */
  bytes(): Uint8Array {
    const bytes = this.memory.subarray(0, this.received)
    if (this.isLent || this.received === this.memory.length) return plain(bytes)
    return copyBytes(bytes)
  }

  /** Gives memory of the pool back, when nothing refers to the body any more. Idempotent: giving a buffer back twice would let two bodies share memory. */
  readonly release = (): void => {
    if (this.isLent) this.pool?.give(this.memory)
    this.memory = NOTHING
  }

  private get isLent(): boolean {
    return this.pool !== undefined && this.memory.length >= SMALL
  }

  private grow(length: number): void {
    const { memory, release } = this
    // The rare large one gets all it can need at once: what is not written to costs nothing, what is outgrown waits for the collector.
    const doubled = memory.length < MAX_PREALLOCATED ? 2 * memory.length : this.most
    const larger = this.take(Math.max(length, Math.min(doubled, this.maxBytes)))
    larger.set(memory.subarray(0, this.received))
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
