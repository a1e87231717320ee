import { plain } from '../util/bytes.js'

// A body up to this long is received into memory of its announced length; beyond it, a length that somebody merely
// announces buys no memory.
const MAX_PREALLOCATED = 8 * 1024 * 1024

/** Gathers the pieces of a body, each byte copied once, up to a bound. */
export class BodyCollector {
  private readonly maxBytes: number
  private readonly target: Buffer | undefined
  private readonly pieces: Uint8Array[] = []
  private received = 0

  /** @param announced - `Content-Length`, when it is that of the bytes to come. */
  constructor(maxBytes: number, announced?: number) {
    this.maxBytes = maxBytes
    if (announced !== undefined && announced <= Math.min(maxBytes, MAX_PREALLOCATED))
      this.target = Buffer.allocUnsafeSlow(announced)
  }

  get length(): number {
    return this.received
  }

  /** @returns `false` when the body passes the bound; only what is within it is then kept. */
  push(piece: Uint8Array): boolean {
    const room = this.maxBytes - this.received
    const kept = piece.length > room ? piece.subarray(0, room) : piece
    if (this.target !== undefined && this.pieces.length === 0 && this.received + kept.length <= this.target.length)
      this.target.set(kept, this.received)
    else this.pieces.push(kept)
    this.received += kept.length
    return kept === piece
  }

  /** What has come so far; memory of its own. */
  bytes(): Uint8Array {
    if (this.target?.length === this.received && this.pieces.length === 0) return plain(this.target)
    const joined = plain(Buffer.allocUnsafeSlow(this.received))
    let end = this.received
    for (const piece of this.pieces.toReversed()) joined.set(piece, (end -= piece.length))
    if (this.target !== undefined) joined.set(this.target.subarray(0, end))
    return joined
  }
}

/** `Content-Length` as a safe integer; `undefined` when there is none or it is not a number. */
export function contentLength(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers['content-length']
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
