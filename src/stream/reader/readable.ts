import { Duplex, Readable, type Writable } from 'node:stream'
import { CtStreamError } from '../../errors.js'
import type { CtCertificate } from '../../types/certificate.js'

/** What a readable is fed from. */
export interface ReadableSource {
  /** The next certificate; `undefined` at the end. */
  next(): Promise<CtCertificate | undefined>
  /** A chunk counts as finished. `undefined`: the caller says so himself. */
  readonly acknowledge: ((certificate: CtCertificate) => void) | undefined
  close(): Promise<void>
}

/**
 * A Node stream of certificates. Where it acknowledges, a chunk counts as finished when whoever took it from this stream shows that he
 * is: a `Writable` by the callback of its write, everybody else by asking for the next one. What is buffered, here or in the
 * `Writable`, does not.
 */
export class CertificateReadable extends Readable {
  private readonly source: ReadableSource
  /** Chunks that do not count as finished, in order: with the consumer, then those buffered here. */
  private readonly unfinished: CtCertificate[] = []
  private target: Writable | undefined
  /** Whether the consumer asked for more since it was given something. */
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
    // Node itself reads nothing by `read(0)`.
    if (size === 0) return chunk
    this.asked = chunk === null
    // Not before whoever reads waits for what comes.
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
    // At its end the stream closes itself when all is acknowledged.
    const closed = isOver ? Promise.resolve() : this.source.close()
    closed.then(
      () => callback(error),
      (failure) => callback(error ?? failure),
    )
  }

  /** Acknowledges what counts as finished now. */
  settle(): void {
    const { acknowledge } = this.source
    const failed = this.target !== undefined && (this.target.destroyed || this.target.errored !== null)
    // A write that failed leaves the buffer of its target, too; and what is thrown away leaves ours.
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
    // Whoever has the last chunk may not be finished with it: it ends when he asks for more.
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
    // Closed before it ends: whoever sees the end may open the checkpoint again.
    else
      this.source.close().then(
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

/** Whether what is written there ends there, and its buffer can be counted. */
function isSink(target: NodeJS.WritableStream): target is Writable {
  const { read, writableObjectMode } = target as Partial<Duplex>
  return !(target instanceof Duplex) && read === undefined && writableObjectMode === true
}
