import type { CtCertificate } from '../types/certificate.js'
import type { Logger } from '../types/clock.js'
import type { LogInfo } from '../types/log.js'
import type { QueueGap } from '../types/queue.js'
import { cutText, harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import type { ClaimProgress } from './claim-progress.js'
import type { QueueClaim, QueuedEntry, QueuedPage, QueueEngine, RefusedEntry } from './engine.js'
import { notWhole, withoutWhole } from './queued-message.js'

export interface ReaderSettings {
  readonly pageEntries: number
  readonly refill: ((gap: QueueGap) => AsyncIterable<CtCertificate>) | undefined
  readonly logger: Pick<Logger, 'warn'> | undefined
}

/** As in `QueueStatus`. */
export interface SourceCounts {
  delivered: number
  repeated: number
  parked: number
  missing: number
}

type Page = readonly CtCertificate[]
export type Pages = AsyncGenerator<Page, void, undefined>
type OmittedEntry = Pick<Extract<QueuedEntry, { kind: 'omitted' }>, 'kind' | 'index' | 'otherBody'>
type UnreadEntry = RefusedEntry | OmittedEntry

/** Makes pages of what an engine has read: drops repetitions, fills gaps, and sets aside what cannot be read. */
export class PageReader {
  private readonly engine: QueueEngine
  private readonly settings: ReaderSettings
  private readonly counts: SourceCounts
  /** Whether whole entries were read: of collectors (`false`), of backfilled ranges (`true`). */
  private readonly wholeIn = new Set<boolean>()
  private hasSaidOther = false

  constructor(engine: QueueEngine, settings: ReaderSettings, counts: SourceCounts) {
    this.engine = engine
    this.settings = settings
    this.counts = counts
  }

  /**
   * The pages to hand out for one read of a log.
   *
   * @throws {@link CtStreamError} `CT_SINK_FAILED` for an entry that is not whole, where nothing shows that others are.
   */
  async *pagesOf({ claim, entries, end, missing, head }: QueuedPage, progress: ClaimProgress): Pages {
    progress.head = head
    if (entries.some(({ kind }) => kind === 'certificate')) this.wholeIn.add(isOfRange(claim))
    const gaps = [...missing]
    let page: CtCertificate[] = []
    let pageEpoch = 0
    const takePage = () => {
      const taken = page
      const last = taken.at(-1)
      page = []
      if (last !== undefined) progress.handOut(pageEpoch, last.index)
      this.counts.delivered += taken.length
      return taken
    }
    for (const entry of entries) {
      const at = indexOf(entry)
      for (let gap = gaps[0]; at !== undefined && gap !== undefined && gap.start <= at; gap = gaps[0]) {
        if (page.length > 0) yield takePage()
        yield* this.fill(progress, gap)
        gaps.shift()
      }
      if (entry.kind === 'refused') {
        if (entry.index === undefined || entry.index >= progress.readTo) await this.refuse(entry, claim.log.id)
        continue
      }
      const { epoch } = entry
      const index = indexOf(entry)
      if (progress.judge({ epoch, index }).kind === 'drop') {
        this.counts.repeated++
        continue
      }
      if (entry.kind === 'omitted' && entry.otherBody !== undefined) this.checkOther(claim, entry.otherBody)
      if (page.length > 0 && (epoch !== pageEpoch || entry.kind === 'omitted')) yield takePage()
      if (entry.kind === 'omitted') {
        yield* this.fetchOmitted(progress, entry)
        continue
      }
      pageEpoch = epoch
      page.push(entry.certificate)
    }
    if (gaps.length > 0 && page.length > 0) yield takePage()
    for (const gap of gaps) yield* this.fill(progress, gap)
    const rest = takePage()
    progress.pass(end)
    if (rest.length > 0) yield rest
  }

  /** Fetches entries that the engine no longer has by `refill`, and reports the rest as missing. */
  private async *fill(progress: ClaimProgress, gap: QueueGap): Pages {
    const { refill, logger } = this.settings
    const { epoch } = progress.claim.mark
    let next = gap.start
    let { reason } = gap
    let page: CtCertificate[] = []
    if (refill !== undefined) {
      try {
        for await (const certificate of refill(gap)) {
          const { log, index } = certificate
          if (log.id !== gap.log.id || index < next || index >= gap.end) continue
          if (index > next) await this.miss({ ...gap, start: next, end: index, reason: 'the refill left it out' })
          page.push(certificate)
          next = index + 1
          if (page.length < this.settings.pageEntries) continue
          yield this.handOutRefilled(progress, epoch, page)
          page = []
        }
      } catch (error) {
        reason = `${reason}; the refill failed: ${oneLine(messageOf(error))}`
        logger?.warn(`entries ${next} to ${gap.end - 1} of ${gap.log.url} are missing: ${reason}`)
      }
    }
    if (page.length > 0) yield this.handOutRefilled(progress, epoch, page)
    if (next < gap.end) await this.miss({ ...gap, start: next, reason })
    progress.pass(gap.end)
  }

  private handOutRefilled(progress: ClaimProgress, epoch: number, page: Page): Page {
    const last = page.at(-1) as CtCertificate
    progress.pass(page[0]?.index ?? 0)
    progress.handOut(epoch, last.index)
    progress.judge({ epoch, index: last.index })
    this.counts.delivered += page.length
    return page
  }

  /** One entry with another body is no reason to stop, where others are whole: every processor would stop at it. */
  private checkOther(claim: QueueClaim, otherBody: string): void {
    const isRange = isOfRange(claim)
    const others = this.engine.claims.filter((each) => isOfRange(each) === isRange)
    if (!this.wholeIn.has(isRange) && [claim, ...others].every(({ isNew }) => isNew === true))
      throw withoutWhole(otherBody)
    if (this.hasSaidOther) return
    this.hasSaidOther = true
    this.settings.logger?.warn(
      `messages of ${claim.log.url} have ${otherBody} as body, not the whole entry: they are read from the log where there is a refill, and set aside otherwise`,
    )
  }

  /** @param entry - That `judge()` has accepted. */
  private async *fetchOmitted(progress: ClaimProgress, entry: OmittedEntry & { readonly epoch: number }): Pages {
    const { log } = progress.claim
    const { epoch, index } = entry
    const certificate = await this.fetch(log, entry)
    if (certificate === undefined) return this.refuse(entry, log.id)
    progress.handOut(epoch, index)
    this.counts.delivered++
    yield [certificate]
  }

  /** Fetches an entry that only its log has by `refill`; `undefined` where that does not have it, or fails. */
  async fetch(log: LogInfo, entry: OmittedEntry): Promise<CtCertificate | undefined> {
    const { refill, logger } = this.settings
    const { index } = entry
    if (refill === undefined) return undefined
    try {
      for await (const certificate of refill({ log, start: index, end: index + 1, reason: reasonOf(entry) }))
        if (certificate.log.id === log.id && certificate.index === index) return certificate
    } catch (error) {
      logger?.warn(`entry ${index} of ${log.url} is set aside: ${oneLine(messageOf(error))}`)
    }
    return undefined
  }

  /** Sets aside what cannot be handed out. */
  async refuse(entry: UnreadEntry, logId: string | undefined, key?: string): Promise<void> {
    const [message, content] =
      entry.kind === 'refused' ? [oneLine(entry.reason), entry.body] : [reasonOf(entry, key), undefined]
    const parking = { by: 'queue', message, logId, index: entry.index, content, ...(key !== undefined && { key }) }
    this.counts.parked += await this.engine.park([parking])
  }

  private async miss(gap: QueueGap): Promise<void> {
    await this.engine.addGap(gap)
    this.counts.missing += gap.end - gap.start
  }
}

function indexOf(entry: Exclude<QueuedEntry, RefusedEntry>): number
function indexOf(entry: QueuedEntry): number | undefined
function indexOf(entry: QueuedEntry): number | undefined {
  return entry.kind === 'certificate' ? entry.certificate.index : entry.index
}

/** @param key - Of what was set aside before: its place alone is kept, not why. */
const reasonOf = ({ otherBody }: OmittedEntry, key?: string) => {
  if (otherBody !== undefined) return notWhole(otherBody)
  return key === undefined ? 'too large for the engine: it is in its log' : 'only its log has it'
}

/** What is written apart from the rest, and with a body of its own. */
const isOfRange = ({ range }: QueueClaim): boolean => range !== undefined

export const oneLine = (text: string) => cutText(harmless(text), 500)
