import type { Socket } from 'node:net'

/** Bytes of one read at most. */
const READ_SIZE = 256 * 1024

/**
 * One piece of memory for all reads of many sockets.
 *
 * Node gives every read 64 KiB of its own; for bodies of megabytes that is half of what receiving costs (`npm run bench`, over
 * loopback: 7.3 against 3.6 µs for an entry of 6 kB), and most of what wakes the garbage collector. A reader that takes a chunk while
 * `readable` is emitted, and is done with it when that returns, is lent the shared memory itself; undici's parser is one, since it
 * copies every chunk into memory of its own. What is not taken at once, or is put back, is copied, and the stream keeps it as ever.
 */
export class SharedReads {
  private readonly memory = Buffer.allocUnsafeSlow(READ_SIZE)
  private readonly lenders = new WeakMap<Socket, Lender>()

  /** The option `onread` of `net.connect` and `tls.connect`. */
  get onread(): { buffer: Buffer; callback(length: number, buffer: Uint8Array): boolean } {
    const { memory } = this
    const lenderOf = (socket: Socket) => this.lenderOf(socket)
    return {
      buffer: memory,
      // Node calls it as a method of the socket that has read.
      callback(this: Socket, length: number): boolean {
        return lenderOf(this).lend(memory.subarray(0, length))
      },
    }
  }

  private lenderOf(socket: Socket): Lender {
    let lender = this.lenders.get(socket)
    if (lender === undefined) {
      lender = new Lender(socket)
      this.lenders.set(socket, lender)
    }
    return lender
  }
}

/** What stands between one socket and its reader. */
class Lender {
  private readonly socket: Socket
  private lent: Buffer | undefined

  constructor(socket: Socket) {
    this.socket = socket
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
  lend(chunk: Buffer): boolean {
    const { socket } = this
    if (socket.readableLength > 0 || socket.listenerCount('readable') === 0) return socket.push(Buffer.from(chunk))
    this.lent = chunk
    socket.emit('readable')
    if (this.lent === undefined) return true
    this.lent = undefined
    return socket.push(Buffer.from(chunk))
  }
}
