import { Duplex, Readable, type Writable } from 'node:stream'
import { CtStreamError } from '../../errors.js'
import type { CtCertificate } from '../../types/certificate.js'

/** Source of a readable. */
export interface ReadableSource {
  /** The next certificate; `undefined` at the end. */
  next(): Promise<CtCertificate | undefined>
  /** Acknowledges a chunk. `undefined` when the caller acknowledges explicitly. */
  readonly acknowledge: ((certificate: CtCertificate) => void) | undefined
  /** Everything is acknowledged, at the end: closes the source unless something is left to commit. */
  finish(): Promise<void>
  close(): Promise<void>
}

/**
 * A Node stream of certificates. Where it acknowledges, it does so when the consumer has processed a chunk: a `Writable` shows this by the
 * callback of its write, any other consumer by requesting the next chunk. Chunks buffered here or in the `Writable` are not acknowledged.
 */
export class CertificateReadable extends Readable {
  private readonly source: ReadableSource
  /** Unacknowledged chunks in order: those with the consumer, then those buffered here. */
  private readonly unfinished: CtCertificate[] = []
  private target: Writable | undefined
  /** Whether the consumer has requested more since the last chunk. */
  private asked = true
  private isExhausted = false
  private isEnded = false
  /** Destroyed before its end. */
  private isCut = false

  constructor(source: ReadableSource, highWaterMark: number) {
    super({ objectMode: true, highWaterMark })
    this.source = source
  }

  override _read(): void {
    this.source.next().then(
      (certificate) => (certificate === undefined ? this.exhaust() : this.give(certificate)),
      (error) => this.destroy(error),
    )
  }

  override read(size?: number): CtCertificate | null {
    const chunk = super.read(size)
    // `read(0)` is Node's own and takes no chunk.
    if (size === 0) return chunk
    this.asked = chunk === null
    // Only once the consumer waits for more.
    if (this.asked && this.isExhausted) queueMicrotask(() => this.finish())
    return chunk
  }

  override pipe<T extends NodeJS.WritableStream>(target: T, options?: { end?: boolean }): T {
    if (this.source.acknowledge !== undefined) this.acknowledgeFor(target)
    return super.pipe(target, options)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const isOver = error === null && this.isEnded
    this.settle()
    this.isCut = !isOver
    // A stream that ended closes itself when everything is acknowledged, and committed.
    const closed = isOver ? Promise.resolve() : this.source.close()
    closed.then(
      () => callback(error),
      (failure) => callback(error ?? failure),
    )
  }

  /** Acknowledges the chunks that are processed by now. */
  settle(): void {
    const { acknowledge } = this.source
    const failed = this.target !== undefined && (this.target.destroyed || this.target.errored !== null)
    // A failed write also leaves the target's buffer, and discarded chunks leave this one.
    if (acknowledge === undefined || failed || this.isCut) return
    const held = this.target?.writableLength ?? (this.asked ? 0 : 1)
    for (let n = this.unfinished.length - this.readableLength - held; n > 0; n--)
      acknowledge(this.unfinished.shift() as CtCertificate)
  }

  private give(certificate: CtCertificate): void {
    if (this.isCut) return
    if (this.source.acknowledge !== undefined) this.unfinished.push(certificate)
    this.asked = false
    this.push(certificate)
    this.settle()
  }

  private exhaust(): void {
    this.isExhausted = true
    // The consumer may still be processing the last chunk: the end follows when it requests more.
    if (this.readableLength > 0) return
    if (this.asked || this.readableFlowing === true) this.finish()
    else this.emit('readable')
  }

  private finish(): void {
    if (this.isEnded) return
    this.isEnded = true
    this.asked = true
    this.settle()
    if (this.source.acknowledge === undefined || this.unfinished.length > 0) this.push(null)
    // Closed before the end is signalled, because the consumer may then open the checkpoint again.
    else
      this.source.finish().then(
        () => this.push(null),
        (error) => this.destroy(error),
      )
  }

  private acknowledgeFor(target: NodeJS.WritableStream): void {
    if (this.target === undefined && isSink(target)) {
      this.target = target
      target.once('finish', () => this.settle())
      return
    }
    const message =
      "readable() cannot know when a chunk is finished behind a Transform or with more than one target: set acknowledge: 'manual' " +
      'and call acknowledge(cert) where it is'
    this.destroy(new CtStreamError('CT_OPTION_INVALID', message))
  }
}

/** Whether the target is a plain `Writable`, which passes nothing on, so that its buffer shows what was processed. */
function isSink(target: NodeJS.WritableStream): target is Writable {
  const { read, writableObjectMode } = target as Partial<Duplex>
  return !(target instanceof Duplex) && read === undefined && writableObjectMode === true
}
