/** Buffer sizes are multiples of at least this, so that a page a little larger than the last still fits in its buffer. */
const LEAST_STEP = 32 * 1024
/** … and of an eighth of the next lower power of two: no buffer is more than an eighth larger than was asked for. */
const STEPS = 8
/** Larger buffers are not kept; no known log's pages come near this. */
const LARGEST = 16 * 1024 * 1024
/** Unused bytes that are kept, a dozen pages: what was read beyond that in a busy moment was needed for this moment only. */
const MOST_IDLE = 16 * 1024 * 1024
/** Buffers unused for this long are freed. */
const IDLE_MS = 10_000

/**
 * Reuses memory for pages. A page is more than a megabyte: new memory for each would cost page faults and trigger the garbage
 * collector, which counts bytes outside its heap (`npm run bench`, RFC 6962: 15 µs an entry with reuse, 20 without).
 *
 * The pool holds as many buffers as were in use at the same time within the last seconds, up to a bound.
 */
export class BufferPool {
  /** Unused buffers, the one returned last at the end. */
  private readonly idle: Buffer[] = []
  private idleBytes = 0
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
    const size = roundUp(length)
    // Not a much larger one: large bodies would then find no large buffers, and small ones would hold more than is counted for them.
    const at = this.idle.findLastIndex((buffer) => buffer.length >= size && buffer.length <= size + size / 4)
    if (at === -1) return this.make(size)
    this.unused = Math.min(this.unused, at)
    return this.removeAt(at)
  }

  /** Takes back a buffer that nothing refers to any more. */
  give(buffer: Buffer): void {
    // Such large pages are rare; the pool would hold the buffer for as long as any pages come.
    if (buffer.length > LARGEST) {
      free(buffer)
      return
    }
    this.idle.push(buffer)
    this.idleBytes += buffer.length
    while (this.idleBytes > MOST_IDLE) this.freeOldest()
    this.timer ??= setTimeout(this.letGo, IDLE_MS).unref()
  }

  /** Frees all unused buffers. */
  clear(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    while (this.idle.length > 0) this.freeOldest()
  }

  private readonly letGo = (): void => {
    while (this.unused > 0) this.freeOldest()
    this.unused = this.idle.length
    this.timer = this.unused > 0 ? setTimeout(this.letGo, IDLE_MS).unref() : undefined
  }

  private freeOldest(): void {
    free(this.removeAt(0))
    this.unused = Math.max(0, this.unused - 1)
  }

  private removeAt(at: number): Buffer {
    const buffer = this.idle.splice(at, 1)[0] as Buffer
    this.idleBytes -= buffer.length
    return buffer
  }
}

function roundUp(length: number): number {
  const step = Math.max(LEAST_STEP, 2 ** Math.floor(Math.log2(length)) / STEPS)
  return Math.ceil(length / step) * step
}

/**
 * Frees memory at once, where the runtime can (Node 22): the garbage collector finds a buffer that has grown old only when it marks the
 * whole heap, and hundreds of megabytes may wait for that.
 */
function free({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) (buffer as { transfer?(length: number): unknown }).transfer?.(0)
}
