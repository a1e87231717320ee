import type { CtStreamError } from '../errors.js'
import type { PublishedHead, RequestOptions } from '../logs/client.js'
import type { LogRequests } from '../poll/log-requests.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { Clock } from '../types/clock.js'
import type { LogInfo, SignedHead } from '../types/log.js'
import { HeadTimes, isPremature } from '../verify/head-times.js'
import { Heads } from '../verify/heads.js'
import { FinalHead } from './final-head.js'

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
  readonly asking: () => RequestOptions
  /** Index up to which entries are read; `undefined` where nothing is proven. */
  readonly provenTo: () => number | undefined
  /** The age in milliseconds that the newest head must not pass; `undefined` when it may be of any age. */
  readonly mmdMs: () => number | undefined
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
  private readonly context: LogHeadsContext
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
    )
  }

  /** What is wrong with the newest head, though reading goes on. */
  get problem(): CtStreamError | undefined {
    return this.times.problem
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
    const published = await requests.head({ ...asking(), priority: 1 })
    this.readAt = elapsed()
    const { cosignatures, ...head } = published
    await this.adopt(head, cosignatures)
    this.judgeTime(head)
  }

  private judgeTime(read: SignedHead): void {
    const { log, clock, mmdMs, pollIntervalMs, onNoted } = this.context
    const context = { log: log(), now: clock.now(), mmdMs: mmdMs(), everyMs: pollIntervalMs }
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
