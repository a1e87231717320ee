import { CtStreamError } from '../../errors.js'
import type { PublishedHead, RequestOptions } from '../../logs/client.js'
import { isDisproof, type LogRequests } from '../../poll/log-requests.js'
import type { LogCheckpoint } from '../../types/checkpoint.js'
import type { Clock } from '../../types/clock.js'
import type { LogInfo, SignedHead } from '../../types/log.js'
import { FinalHead } from '../../verify/final-head.js'
import { HeadRegress } from '../../verify/head-regress.js'
import { HeadTimes, isPremature } from '../../verify/head-times.js'
import { Heads } from '../../verify/heads.js'

/** What reading the heads of one log needs of its session. */
export interface LogHeadsContext {
  /** It may have moved. */
  readonly log: () => LogInfo
  readonly requests: LogRequests
  readonly clock: Clock
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsed: () => number
  readonly pollIntervalMs: number
  /** What was remembered of the log. */
  readonly stored: LogCheckpoint | undefined
  /** Whether the signatures of heads are checked. */
  readonly isSigned: boolean
  readonly asking: () => RequestOptions
  /** Index up to which entries are read; `undefined` where nothing is proven. */
  readonly provenTo: () => number | undefined
  /** There is a newer head than before. */
  readonly onHead: (head: SignedHead, cosignatures: NonNullable<PublishedHead['cosignatures']>) => void
  /** Something is wrong that does not stop reading. */
  readonly onNoted: (error: CtStreamError) => void
  /** A signed head contradicts what the log lists say of the log. */
  readonly onBroken: (error: CtStreamError) => Promise<void>
}

/** Reads the heads of one log, and judges each by those before it, by its time, and by what the lists say of it. */
export class LogHeads {
  readonly known: Heads
  readonly final = new FinalHead()
  /** Size of the largest tree the log signed, proven or not: so much of it there is to be. */
  signedSize: number
  /** When a head was read last, elapsed time. */
  readAt = Number.NEGATIVE_INFINITY
  /** Whether one is being read now. */
  isReading = false
  /** How often the log has to sign a head, milliseconds; `undefined`: it need not sign any more. */
  dueMs: number | undefined
  /** When the log left the lists, elapsed time; `undefined` while it is in them. */
  retiredAt: number | undefined
  private readonly context: LogHeadsContext
  /** Watches for heads that went back. */
  readonly regress = new HeadRegress()
  private readonly times = new HeadTimes()

  constructor(context: LogHeadsContext) {
    const { requests, clock, stored, asking } = context
    this.context = context
    const { verifiedHead, pendingHeads = [] } = stored ?? {}
    this.signedSize = Math.max(0, ...[verifiedHead, ...pendingHeads].map((head) => head?.treeSize ?? 0))
    this.known = new Heads(
      context.log(),
      (first, second) => requests.consistency(first, second, asking()),
      (head) => isPremature(head, clock.now()),
      (first, second) => this.tryConsistency(first, second),
    )
  }

  /** What is wrong with the newest head, though reading goes on. */
  get problem(): CtStreamError | undefined {
    return this.regress.problem ?? this.times.problem
  }

  /** The age in milliseconds that the newest head must not pass; `undefined` when it may be of any age. */
  get mmdMs(): number | undefined {
    return this.retiredAt === undefined ? this.dueMs : undefined
  }

  /**
   * The newest head.
   * @throws `CT_CLOSED` before one was read.
   */
  newest(): SignedHead {
    const { newest } = this.known
    if (newest === undefined) throw new CtStreamError('CT_CLOSED', `${this.context.log().url}: no head has been read`)
    return newest
  }

  /** Takes over what was remembered, and has it checked in the order in which it was seen: no signed head is forgotten. */
  async restore(): Promise<void> {
    const { stored } = this.context
    this.known.restore(stored?.verifiedHead)
    for (const pending of stored?.pendingHeads ?? []) if (!this.known.wasAccused(pending)) await this.adopt(pending)
  }

  /**
   * Reads the newest head.
   * @throws what contradicts the heads before it.
   */
  async read(): Promise<void> {
    const { requests, elapsed, asking } = this.context
    this.isReading = true
    const published = await requests.head({ ...asking(), priority: 1 }).finally(() => {
      this.isReading = false
    })
    this.readAt = elapsed()
    const { cosignatures, ...head } = published
    const back = this.judgeSize(head)
    if (back !== undefined) throw back
    await this.adopt(head, cosignatures)
    this.judgeTime(head)
  }

  /**
   * Looks at the newest head once, without taking it over: while nothing else gets through.
   * @returns What the log contradicts itself in.
   */
  async peek(signal: AbortSignal): Promise<CtStreamError | undefined> {
    this.readAt = this.context.elapsed()
    const { cosignatures: _, ...head } = await this.context.requests.tryHead({ priority: 1, fresh: true, signal })
    return this.judgeSize(head)
  }

  private judgeSize(head: SignedHead): CtStreamError | undefined {
    const { log, elapsed, isSigned, onNoted } = this.context
    const back = this.regress.judge(head, this.known.newest, { log: log(), now: elapsed(), isSigned })
    if (back?.code === 'CT_HEAD_ROLLBACK') {
      this.known.disputed = { head }
      return back
    }
    if (back !== undefined) onNoted(back)
    return undefined
  }

  /** A proof for a head that is of little consequence: a log that went back may have lost what it needs for it. */
  private async tryConsistency(first: number, second: SignedHead): Promise<readonly Uint8Array[] | undefined> {
    const { requests, asking } = this.context
    try {
      return await requests.tryConsistency(first, second, asking())
    } catch (error) {
      if (!CtStreamError.is(error) || isDisproof(error)) throw error
      return undefined
    }
  }

  private judgeTime(read: SignedHead): void {
    // A head that went back is judged by that.
    const now = this.context.clock.now()
    if (this.regress.since !== undefined && !isPremature(read, now)) return
    const { log, pollIntervalMs, onNoted } = this.context
    const context = { log: log(), now, mmdMs: this.mmdMs, everyMs: pollIntervalMs }
    const problem = this.times.begins(read, this.known.newest ?? read, context)
    if (problem !== undefined) onNoted(problem)
  }

  private async adopt(head: SignedHead, cosignatures: PublishedHead['cosignatures'] = []): Promise<void> {
    const { log, provenTo, onHead, onBroken } = this.context
    this.signedSize = Math.max(this.signedSize, head.treeSize)
    const broken = this.final.brokenBy(head, log())
    if (broken !== undefined) {
      this.known.disputed = { head }
      await onBroken(broken)
    }
    if (await this.known.adopt(head, provenTo())) onHead(head, cosignatures)
  }
}
