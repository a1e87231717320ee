/** Steps of the sizes that buffers have, so that a page a little larger than the last still fits in its buffer. */
const STEP = 256 * 1024
/** No page that logs have is near this. */
const LARGEST = 16 * 1024 * 1024
/** Memory that nobody used for this long is let go. */
const IDLE_MS = 10_000

/**
 * Memory for pages, used again and again. A page is more than a megabyte: fresh memory for each costs page faults, and wakes the
 * garbage collector, which counts every byte outside its heap (`npm run bench`, RFC 6962: 15 against 20 µs an entry).
 *
 * There is as much of it as was in use at once, within the last seconds.
 */
export class BufferPool {
  /** Those given back last at the end. */
  private readonly idle: Buffer[] = []
  /** How many of them, from the beginning on, were not used since the timer started. */
  private unused = 0
  private timer: NodeJS.Timeout | undefined
  private readonly make: (length: number) => Buffer

  /** @param make - Makes fresh memory. Default: outside V8's heap, for this thread alone. */
  constructor(make: (length: number) => Buffer = Buffer.allocUnsafeSlow) {
    this.make = make
  }

  /** A buffer of at least `length` bytes, which hold anything. */
  take(length: number): Buffer {
    const size = Math.ceil(length / STEP) * STEP
    // Not much larger than asked for: large bodies would find no large buffers.
    const at = this.idle.findLastIndex((buffer) => buffer.length >= size && buffer.length <= 2 * size)
    if (at === -1) return this.make(size)
    this.unused = Math.min(this.unused, at)
    return this.idle.splice(at, 1)[0] as Buffer
  }

  /** Takes a buffer back, to which nothing refers any more. */
  give(buffer: Buffer): void {
    // The rare one: kept for the next, it would be held for as long as pages come.
    if (buffer.length > LARGEST) return
    this.idle.push(buffer)
    this.timer ??= setTimeout(this.letGo, IDLE_MS).unref()
  }

  /** Lets go of everything. */
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
