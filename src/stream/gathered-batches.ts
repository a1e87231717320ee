import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import type { BatchOptions } from '../types/stream.js'
import { integerOption, objectOption } from '../util/options.js'

/** Default of `maxEntries` for batches that are gathered. */
const GATHERED_ENTRIES = 1000

/**
 * The options of `batches()`, with their defaults.
 * @returns `maxEntries` infinite: a batch is a page. `maxWaitMs` 0: batches are not gathered.
 * @throws `CT_OPTION_INVALID`
 */
export function batchBounds(options: BatchOptions): Required<BatchOptions> {
  const given = objectOption<BatchOptions>('batches', options, ['maxEntries', 'maxWaitMs'])
  const maxWaitMs = integerOption('batches.maxWaitMs', given.maxWaitMs, 0, 3_600_000, 0)
  const fallback = maxWaitMs > 0 ? GATHERED_ENTRIES : Number.POSITIVE_INFINITY
  return { maxWaitMs, maxEntries: integerOption('batches.maxEntries', given.maxEntries, 1, 1_000_000, fallback) }
}

/** Where certificates come from, page by page. */
export interface GatheredSource {
  /** The next one of the page at hand; `undefined` when it has no more. */
  next(): CtCertificate | undefined
  /** Waits for another page; `false` at the end. */
  more(): Promise<boolean>
  /** Acknowledges this certificate and everything of its log before it. */
  acknowledge(certificate: CtCertificate): void
}

/**
 * Batches of a size and an age: certificates of one page after the other, of whatever log, until there are enough, or until the first
 * of them has waited long enough. Nothing is acknowledged before the reader asks for the next batch, and then all of it.
 */
export class GatheredBatches {
  private readonly source: GatheredSource
  private readonly maxEntries: number
  private readonly maxWaitMs: number
  private readonly clock: Clock
  /** The page awaited for the next batch while this one is with the reader, or the reason why there is none. */
  private coming: Promise<boolean> | undefined
  private given: readonly CtCertificate[] = []

  constructor(
    source: GatheredSource,
    {
      maxEntries,
      maxWaitMs,
      clock,
    }: { readonly maxEntries: number; readonly maxWaitMs: number; readonly clock: Clock },
  ) {
    this.source = source
    this.maxEntries = maxEntries
    this.maxWaitMs = maxWaitMs
    this.clock = clock
  }

  /** The next batch; `undefined` at the end. */
  async next(): Promise<CtCertificate[] | undefined> {
    const batch: CtCertificate[] = []
    this.fill(batch)
    while (batch.length === 0) {
      if (!(await this.another())) return undefined
      this.fill(batch)
    }
    if (batch.length < this.maxEntries) await this.wait(batch)
    this.given = batch
    return batch
  }

  /** Acknowledges the last batch. */
  acknowledge(): void {
    const lastOfLog = new Map(this.given.map((certificate) => [certificate.log.id, certificate]))
    this.given = []
    for (const certificate of lastOfLog.values()) this.source.acknowledge(certificate)
  }

  /** Adds certificates to a batch until its time is up. */
  private async wait(batch: CtCertificate[]): Promise<void> {
    const done = new AbortController()
    const timeIsUp = this.clock.sleep(this.maxWaitMs, done.signal).then(
      () => true,
      (error: unknown) => {
        if (done.signal.aborted) return true
        throw error
      },
    )
    // A failure after this batch is returned is thrown by the next read; one of the clock where it is awaited.
    timeIsUp.catch(() => {})
    try {
      while (batch.length < this.maxEntries) {
        const coming = this.comingPage()
        const hasEnded = coming.then(
          (more) => !more,
          () => true,
        )
        if (await Promise.race([timeIsUp, hasEnded])) return
        this.coming = undefined
        this.fill(batch)
      }
    } finally {
      done.abort()
    }
  }

  private async another(): Promise<boolean> {
    const more = await this.comingPage()
    // The end stays the end; a page is looked at once.
    if (more) this.coming = undefined
    return more
  }

  private comingPage(): Promise<boolean> {
    if (this.coming === undefined) {
      this.coming = this.source.more()
      this.coming.catch(() => {})
    }
    return this.coming
  }

  private fill(batch: CtCertificate[]): void {
    while (batch.length < this.maxEntries) {
      const next = this.source.next()
      if (next === undefined) return
      batch.push(next)
    }
  }
}
