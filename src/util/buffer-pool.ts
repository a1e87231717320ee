/** Buffer sizes are multiples of this, so that a page a little larger than the last still fits in its buffer. */
const STEP = 256 * 1024
/** Larger buffers are not kept; no known log's pages come near this. */
const LARGEST = 16 * 1024 * 1024
/** Buffers unused for this long are freed. */
const IDLE_MS = 10_000

/**
 * Reuses memory for pages. A page is more than a megabyte: new memory for each would cost page faults and trigger the garbage
 * collector, which counts bytes outside its heap (`npm run bench`, RFC 6962: 15 µs an entry with reuse, 20 without).
 *
 * The pool holds as many buffers as were in use at the same time within the last seconds.
 */
export class BufferPool {
  /** Unused buffers, the one returned last at the end. */
  private readonly idle: Buffer[] = []
  /** How many of them, counted from the beginning, were not used since the timer started. */
  private unused = 0
  private timer: NodeJS.Timeout | undefined
  private readonly make: (length: number) => Buffer

  /** @param make - Allocates a buffer. Default: outside V8's heap, not shared with other threads. */
  constructor(make: (length: number) => Buffer = Buffer.allocUnsafeSlow) {
    this.make = make
  }

  /** A buffer of at least `length` bytes; its content is undefined. */
  take(length: number): Buffer {
    const size = Math.ceil(length / STEP) * STEP
    // Not a much larger one: large bodies would then find no large buffers.
    const at = this.idle.findLastIndex((buffer) => buffer.length >= size && buffer.length <= 2 * size)
    if (at === -1) return this.make(size)
    this.unused = Math.min(this.unused, at)
    return this.idle.splice(at, 1)[0] as Buffer
  }

  /** Takes back a buffer that nothing refers to any more. */
  give(buffer: Buffer): void {
    // Such large pages are rare; the pool would hold the buffer for as long as any pages come.
    if (buffer.length > LARGEST) return
    this.idle.push(buffer)
    this.timer ??= setTimeout(this.letGo, IDLE_MS).unref()
  }

  /** Frees all unused buffers. */
  clear(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.idle.length = this.unused = 0
  }

  private readonly letGo = (): void => {
    this.idle.splice(0, this.unused)
    this.unused = this.idle.length
    this.timer = this.unused > 0 ? setTimeout(this.letGo, IDLE_MS).unref() : undefined
  }
}
