import type { Socket } from 'node:net'

/** Bytes of one read at most. */
const READ_SIZE = 256 * 1024

/**
 * One buffer for all reads of many sockets.
 *
 * Node allocates 64 KiB for every read. For bodies of megabytes that is half the cost of receiving (`npm run bench`, over loopback: 7.3 µs
 * for an entry of 6 kB, 3.6 with the shared buffer), and most of what triggers the garbage collector. A reader that takes a chunk
 * while `readable` is emitted, and does not use it afterwards, gets the shared buffer itself. undici's parser is such a reader except for
 * the head of an answer (status line and headers), of which it keeps views until the head is complete: a chunk that ends inside a head
 * is copied. A chunk that is not taken at once, or is put back, is copied too, and the stream buffers it as usual.
 *
 * Is it worth its risk? Without it, an entry of an RFC 6962 log costs 24, 15 and 17 % more CPU under Node 20, 24 and 26, one of a static-ct
 * log 2, 3 and 8 % (2026-11-24; medians of ratios of alternating runs, 65,536 entries over loopback), and up to a third more memory. So it
 * stays, and `mayShareReads()` tests it once before it is used. An error here could delay entries, but not forge them: all are hashed.
 */
export class SharedReads {
  /** Chunks that readers took from the shared buffer without a copy. */
  lent = 0
  private readonly memory = Buffer.allocUnsafeSlow(READ_SIZE)
  private readonly lenders = new WeakMap<Socket, Lender>()

  /** The option `onread` of `net.connect` and `tls.connect`. */
  get onread(): { buffer: Buffer; callback(length: number, buffer: Uint8Array): boolean } {
    const { memory } = this
    const lenderOf = (socket: Socket) => this.lenderOf(socket)
    return {
      buffer: memory,
      // Node calls it as a method of the socket that has read. A runtime that does not say which socket it was makes the bytes useless,
      // and an error thrown here would end the process: `mayShareReads()` detects such runtimes.
      callback(this: Socket, length: number): boolean {
        return typeof this?.push !== 'function' || lenderOf(this).lend(memory.subarray(0, length))
      },
    }
  }

  private lenderOf(socket: Socket): Lender {
    let lender = this.lenders.get(socket)
    if (lender === undefined) {
      lender = new Lender(socket, this)
      this.lenders.set(socket, lender)
    }
    return lender
  }
}

/** Passes the chunks of one socket to its reader. */
class Lender {
  private readonly socket: Socket
  private readonly reads: SharedReads
  private lent: Buffer | undefined
  /** Whether the last chunk ended inside a head. */
  private inHead = false

  constructor(socket: Socket, reads: SharedReads) {
    this.socket = socket
    this.reads = reads
    const { read, unshift } = socket
    socket.read = (size) => {
      const { lent } = this
      if (lent === undefined || size !== undefined) return read.call(socket, size)
      this.lent = undefined
      return lent
    }
    socket.unshift = (chunk, encoding) => unshift.call(socket, Buffer.from(chunk), encoding)
  }

  /** @returns Whether more may be read: not while the reader is behind. */
  lend(shared: Buffer): boolean {
    const { socket } = this
    const chunk = this.endsInHead(shared) ? Buffer.from(shared) : shared
    if (socket.readableLength > 0 || socket.listenerCount('readable') === 0) return socket.push(Buffer.from(chunk))
    this.lent = chunk
    let more = true
    try {
      socket.emit('readable')
    } finally {
      // Also when the reader throws: the rest of the chunk is read next, and later chunks are not shared.
      if (this.lent !== undefined) more = socket.push(Buffer.from(chunk))
      else if (chunk === shared) this.reads.lent++
      this.lent = undefined
    }
    return more
  }

  /** When in doubt it copies: a blank line that is cut in two is found only at the next one. */
  private endsInHead(chunk: Buffer): boolean {
    // An answer begins at the start of a read, or directly after an interim answer (103 Early Hints).
    for (let at = 0; this.inHead || beginsHead(chunk, at); ) {
      const end = chunk.indexOf('\r\n\r\n', at, 'latin1')
      this.inHead = end === -1
      if (this.inHead) return true
      at = end + 4
    }
    return false
  }
}

/** Whether a status line, or the beginning of one, stands at `from`; parsers skip line ends before it. */
function beginsHead(chunk: Buffer, from: number): boolean {
  let at = from
  while (chunk[at] === 0x0d || chunk[at] === 0x0a) at++
  const start = chunk.toString('latin1', at, at + 5)
  return start !== '' && 'HTTP/'.startsWith(start)
}
