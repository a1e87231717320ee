import { contextOf } from '../../decode/index.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { LogCheckpoint } from '../../types/checkpoint.js'
import type { ByteBudget } from '../../util/byte-budget.js'
import type { OpenSpan } from '../../util/tracing.js'
import type { CursorPositions } from '../cursor.js'
import type { ProvenPage } from '../log/proven-page.js'
import type { Settings } from '../settings.js'
import type { Lane } from './lane.js'
import { Mixer } from './mixer.js'
import { notDelivered } from './not-delivered.js'
import type { Places } from './page-cursors.js'
import { PageReader, type PageReaderContext, type ReaderEntryContext } from './page-reader.js'

export interface DeliveryOptions extends Omit<PageReaderContext, 'places' | 'settings'> {
  readonly settings: Pick<Settings, 'clock'> & Partial<Pick<Settings, 'tracing'>>
  /** Counts the bytes of fetched entries that are not acknowledged. */
  readonly budget: ByteBudget
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsed: () => number
  /** Called before acknowledgements are counted: the last chance to acknowledge something. */
  readonly onSettle: (() => void) | undefined
  /** Called with the number of newly acknowledged entries. */
  readonly onAcknowledged: (entries: number) => void
}

/** Gives the reader of a stream one page after another, and takes back those it has acknowledged. */
export class Delivery {
  readonly mixer = new Mixer()
  readonly lanes: readonly Lane[] = this.mixer.lanes
  readonly budget: ByteBudget
  /** Positions of the cursor that the stream goes on from. Set before any log is opened. */
  resumed: CursorPositions = new Map()
  /** Whether going on to the next entry or page acknowledges the one before. */
  readonly acknowledgesByReading: boolean
  private readonly options: DeliveryOptions
  private readonly context: PageReaderContext
  /** The reader's current page. */
  private reading: PageReader | undefined
  /** The span from when the reader gets a page until it leaves it. */
  private span: OpenSpan | undefined
  /** Whether the last commit was made: entries acknowledged later are delivered again, and another stream may have the store. */
  private isShut = false

  constructor(options: DeliveryOptions) {
    const { settings, filter, seen, acknowledgesByReading, deliversLate, issuer } = options
    this.options = options
    this.budget = options.budget
    this.acknowledgesByReading = acknowledgesByReading
    this.context = { settings, filter, seen, acknowledgesByReading, deliversLate, issuer, places: this.places }
  }

  /** Whether everything given to the reader is acknowledged. */
  get isFinishedWith(): boolean {
    return this.lanes.every(({ heldBytes }) => heldBytes === 0)
  }

  /** Begins the next page, if any log has one. The previous page must have been left. */
  takePage(): PageReader | undefined {
    const taken = this.mixer.take()
    if (taken === undefined) return this.reading
    const { lane, proven } = taken
    this.reading = new PageReader(this.context, lane, proven)
    if (this.options.settings.tracing?.isOn) this.span = this.beginSpan(lane, proven)
    return this.reading
  }

  /** The reader leaves its page. */
  leavePage(): void {
    if (this.reading === undefined) return
    const { lane, page } = this.reading
    if (this.acknowledgesByReading) this.reading.acknowledge()
    this.settle()
    lane.leave(page)
    this.span?.end()
    this.span = undefined
    this.reading = undefined
  }

  /**
   * Acknowledges everything of its log up to and including this certificate.
   * @throws `CT_OPTION_INVALID` for what this stream did not deliver.
   */
  acknowledge(certificate: CtCertificate): void {
    const context = contextOf(certificate) as Partial<ReaderEntryContext> | undefined
    if (context?.stream !== this.context || context.lane === undefined) throw notDelivered(certificate)
    const { lane } = context
    if (!lane.acknowledge(certificate.index)) throw notDelivered(certificate)
    if (lane.hasFinished) this.settleLane(lane, this.options.elapsed())
  }

  /** Acknowledges everything given to the reader. */
  acknowledgeGiven(): void {
    for (const lane of this.lanes) lane.acknowledgeGiven()
    this.settle()
  }

  /** Applies acknowledgements; once a page or commit, not for each entry. */
  settle(): void {
    this.options.onSettle?.()
    const now = this.options.elapsed()
    for (const lane of this.lanes) this.settleLane(lane, now)
  }

  /** The rows to store now, of every open log. */
  checkpoints(): LogCheckpoint[] {
    return this.lanes.flatMap((lane) => lane.checkpoint() ?? [])
  }

  /** Stops counting acknowledgements. */
  shut(): void {
    this.isShut = true
  }

  /** Which entries of each log are acknowledged, for a cursor. */
  private readonly places = (): Places => {
    this.settle()
    const opened = this.lanes
      .filter((lane) => lane.position.begun)
      .map((lane) => ({ logId: lane.session.log.id, ...lane.place }))
    return { opened, resumed: this.resumed }
  }

  private beginSpan({ session }: Lane, { batch }: ProvenPage): OpenSpan | undefined {
    const { description, url } = session.log
    return this.options.settings.tracing?.begin('ct_stream.deliver', {
      'ct_stream.log': description,
      'url.full': url,
      'ct_stream.start': batch.start,
      'ct_stream.entries': batch.length,
    })
  }

  private settleLane(lane: Lane, now: number): void {
    if (this.isShut) return
    const moved = lane.settle(now)
    if (moved > 0) this.options.onAcknowledged(moved)
  }
}
