import { CtStreamError } from '../../errors.js'
import { PRIORITY } from '../../http/priority.js'
import type { PublishedHead, RequestOptions } from '../../logs/client.js'
import { isDisproof, type LogRequests } from '../../poll/log-requests.js'
import type { LogCheckpoint } from '../../types/checkpoint.js'
import type { Clock } from '../../types/clock.js'
import type { LogInfo, SignedHead } from '../../types/log.js'
import { toBase64 } from '../../util/bytes.js'
import { FinalHead } from '../../verify/final-head.js'
import { HeadRegress } from '../../verify/head-regress.js'
import { HeadTimes, isPremature } from '../../verify/head-times.js'
import { Heads } from '../../verify/heads.js'
import { isSame, type UnservedHead } from '../../verify/unserved-heads.js'
import type { Retirement } from './retirement.js'

/** What {@link LogHeads} needs of its session. */
export interface LogHeadsContext {
  /** The client to use now: a log can move to another URL. */
  readonly log: () => LogInfo
  readonly requests: LogRequests
  readonly clock: Clock
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsed: () => number
  readonly pollIntervalMs: number
  /** The stored row of the log. */
  readonly stored: LogCheckpoint | undefined
  /** Whether the signatures of heads are checked. */
  readonly isSigned: boolean
  readonly asking: () => RequestOptions
  /** Index up to which entries are read; `undefined` where nothing is proven. */
  readonly provenTo: () => number | undefined
  /** Index after the last entry handed on. */
  readonly handedOn: () => number
  /** Index of the entry to read next. */
  readonly readTo: () => number
  /** Whether the log refuses what is requested of it, for another reason than how often it is asked. */
  readonly isRefused: () => boolean
  /** The state to store has changed. */
  readonly onChanged: () => void
  /** There is a newer head than before. */
  readonly onHead: (head: SignedHead, cosignatures: NonNullable<PublishedHead['cosignatures']>) => void
  /** Reports trouble that does not stop reading. */
  readonly onNoted: (error: CtStreamError) => void
  /** Reports misbehaviour that does not stop reading. */
  readonly onBroken: (error: CtStreamError) => Promise<void>
}

/** How long a log may refuse to serve the tree of a head, before this is reported, and before it is misbehaviour. Milliseconds. */
const UNSERVED = { toldMs: 300_000, accusedMs: 6 * 3_600_000 }
/** How often it is asked whether it serves it by now, milliseconds; the time until then counts as it answered last. */
const ASKED_EVERY_MS = 600_000
/** Two readings of heads further apart than this, plus the poll interval, do not count as time in which the log answered. Milliseconds. */
const LONGEST_LOOK_MS = 120_000
/** The log counts as waiting after this many readings in a row that showed only unserved heads. */
const WITHHELD_LOOKS = 3

/** Reads the heads of one log, and judges each by those before it, by its time, and by what the lists say of it. */
export class LogHeads {
  readonly known: Heads
  readonly final = new FinalHead()
  /** Size of the largest tree the log signed, proven or not. */
  signedSize: number
  /** When a head was read last, elapsed time. */
  readAt = Number.NEGATIVE_INFINITY
  /** Whether one is being read now. */
  isReading = false
  /** Longest time until the log must sign another head, milliseconds; `undefined` when it need not. */
  dueMs: number | undefined
  /** How long the log was read since it left the lists; `undefined` while it is in them. */
  retired: Retirement | undefined
  private readonly context: LogHeadsContext
  /** Watches for heads that went back. */
  readonly regress = new HeadRegress()
  private readonly times = new HeadTimes()
  /** Number of readings in a row that showed only unserved heads. */
  private withheld = 0

  constructor(context: LogHeadsContext) {
    const { clock, stored } = context
    this.context = context
    const { verifiedHead, pendingHeads = [] } = stored ?? {}
    this.signedSize = Math.max(0, ...[verifiedHead, ...pendingHeads].map((head) => head?.treeSize ?? 0))
    this.known = new Heads(
      context.log(),
      (first, second) => this.tryConsistency(first, second),
      (head) => isPremature(head, clock.now()),
      async (head) => (await this.isServed(head)) === true,
    )
  }

  /** What is wrong with the newest head, though reading goes on. */
  get problem(): CtStreamError | undefined {
    return this.regress.problem ?? this.times.problem
  }

  /** Highest allowed age of the newest head, milliseconds; `undefined` for any. */
  get mmdMs(): number | undefined {
    return this.retired === undefined ? this.dueMs : undefined
  }

  /** Whether the log now shows only heads whose trees it does not serve. */
  get isWithheld(): boolean {
    return this.withheld >= WITHHELD_LOOKS
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

  /** Restores stored heads, and compares the pending ones in their order, so that no signed head is forgotten. */
  async restore(): Promise<void> {
    const { known } = this
    const { stored } = this.context
    known.restore(stored?.verifiedHead)
    for (const pending of stored?.pendingHeads ?? []) {
      const waitedMs = waitedFor(pending, stored?.learned.unserved)
      if (waitedMs !== undefined) known.unserved.add(pending, waitedMs)
      if (!known.wasAccused(pending) && !known.unserved.has(pending)) await this.adopt(pending)
    }
  }

  /**
   * Reads the newest head.
   * @throws what contradicts the heads before it.
   */
  async read(): Promise<void> {
    const { requests, elapsed, asking } = this.context
    this.isReading = true
    const published = await requests.head({ ...asking(), priority: PRIORITY.head }).finally(() => {
      this.isReading = false
    })
    const waited = this.sinceLastLook()
    this.readAt = elapsed()
    if (this.retired !== undefined) {
      this.retired.looked(waited, this.readAt)
      this.context.onChanged()
    }
    const { cosignatures, ...head } = published
    const back = this.judgeSize(head)
    if (back !== undefined) throw back
    await this.adopt(head, cosignatures)
    if (this.context.provenTo() !== undefined) await this.known.checkUnserved()
    this.withheld = this.known.unserved.has(head) ? this.withheld + 1 : 0
    await this.judgeUnserved(waited)
    this.judgeTime(head)
  }

  /**
   * Reads the newest head once without accepting it, while other requests fail.
   * @returns The contradiction that it shows, or `'other'` when it differs from the head that reading aims at.
   */
  async peek(signal: AbortSignal): Promise<CtStreamError | 'other' | undefined> {
    const { requests, elapsed, handedOn, isRefused } = this.context
    const published = await requests.tryHead({ priority: PRIORITY.head, fresh: true, signal }).catch(() => undefined)
    if (published === undefined) return undefined // it is asked again
    const { cosignatures: _, ...head } = published
    const waited = this.sinceLastLook()
    this.readAt = elapsed()
    const back = this.judgeSize(head)
    if (back !== undefined) return back
    const { newest, verified, unserved } = this.known
    if (newest === undefined || newest.treeSize <= handedOn()) return undefined
    if (!unserved.has(newest)) {
      // What waits for its turn, or is to be asked for less often, may well be served.
      if (!isRefused()) return undefined
      unserved.add(newest)
      this.context.onChanged()
    } else await this.judgeUnserved(waited)
    if (newest === verified || isSame(head, newest) || head.treeSize <= handedOn()) return undefined
    return !unserved.has(head) || (await this.isServed(head)) === true ? 'other' : undefined
  }

  private judgeSize(head: SignedHead): CtStreamError | undefined {
    const { log, elapsed, isSigned, onNoted } = this.context
    const { largest, unserved } = this.known
    const back = this.regress.judge(head, largest, { log: log(), now: elapsed(), isSigned })
    if (back?.code === 'CT_HEAD_ROLLBACK') {
      this.known.disputed = { head, against: largest, lost: largest }
      return back
    }
    // An unserved head is reported, and does not hold reading up.
    if (back !== undefined && !(largest !== undefined && unserved.has(largest))) onNoted(back)
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

  /** Whether the log now serves the end of a tree that it did not serve before; `undefined` when it did not come to that. */
  private isServed({ treeSize }: SignedHead): Promise<boolean | undefined> {
    return this.servesEntry(treeSize - 1, treeSize)
  }

  /** Whether it now serves what reading needs of the tree: its end, and the next entry. Asks past all caches, so that no old refusal counts. */
  private async isServedAnew({ treeSize }: SignedHead): Promise<boolean | undefined> {
    const end = await this.servesEntry(treeSize - 1, treeSize, true)
    const next = this.context.readTo()
    return end === true && next < treeSize - 1 ? this.servesEntry(next, treeSize, true) : end
  }

  private async servesEntry(index: number, treeSize: number, isFresh = false): Promise<boolean | undefined> {
    const { requests, asking } = this.context
    const options = asking()
    const fresh = isFresh || options.fresh
    try {
      const batch = await requests.tryEntries(index, index + 1, {
        ...{ ...options, fresh, treeSize },
        // The log is judged by it: it does not wait behind a backlog.
        priority: PRIORITY.live,
      })
      batch.release()
      return true
    } catch (error) {
      if (isDisproof(error) || !CtStreamError.is(error)) throw error
      return error.status === 429 || options.signal?.aborted === true ? undefined : false
    }
  }

  /** How long the log has answered since the last reading: an outage does not count as time in which it withheld a tree. */
  private sinceLastLook(): number {
    const { elapsed, pollIntervalMs } = this.context
    return Math.min(elapsed() - this.readAt, LONGEST_LOOK_MS + pollIntervalMs)
  }

  /** Reports unserved trees, and turns them into misbehaviour when this lasts. */
  private async judgeUnserved(waitedMs: number): Promise<void> {
    const { unserved } = this.known
    if (unserved.all.length === 0) return
    unserved.wait(waitedMs)
    this.context.onChanged()
    const { log, onNoted, onBroken } = this.context
    const toAsk = this.nextToAsk()
    for (const it of unserved.open) {
      if (it === toAsk || this.isToAccuse(it) || this.isToTell(it)) await this.askAgain(it)
      if (!unserved.has(it.head)) continue // read meanwhile
      if (this.isToAccuse(it)) {
        it.isAccused = true
        this.known.disputed = { head: it.head }
        await onBroken(neverServed(it, log()))
      } else if (this.isToTell(it)) {
        it.isTold = true
        onNoted(notServed(it, log()))
      }
    }
  }

  /** The unserved head whose turn it is to be asked for; one at a time, so that many of them do not hold reading up. */
  private nextToAsk(): UnservedHead | undefined {
    const [first, ...others] = this.known.unserved.open
    if (first === undefined) return undefined
    const oldest = others.reduce((oldest, it) => (it.askedAt < oldest.askedAt ? it : oldest), first)
    return this.context.elapsed() - oldest.askedAt >= ASKED_EVERY_MS ? oldest : undefined
  }

  private async askAgain(it: UnservedHead): Promise<void> {
    const isServed = await this.isServedAnew(it.head)
    this.known.unserved.asked(it, isServed, this.context.elapsed())
    this.context.onChanged()
  }

  private isToAccuse({ head, refusedMs, isRefused, isAccused }: UnservedHead): boolean {
    const { clock, isSigned, handedOn } = this.context
    if (!isSigned || !isRefused || isAccused || head.treeSize <= handedOn()) return false
    const age = clock.now() - head.timestamp
    return Math.min(refusedMs, age - (this.dueMs ?? 0)) >= UNSERVED.accusedMs
  }

  private isToTell({ head, waitedMs, refusedMs, isRefused, isTold }: UnservedHead): boolean {
    if (isTold) return false
    // The entries are read: what is not served are the proofs, which are asked for with every head.
    if (head.treeSize <= this.context.handedOn()) return waitedMs >= UNSERVED.toldMs
    return isRefused && refusedMs >= UNSERVED.toldMs
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

/** How long earlier runs waited for a pending head; `undefined` when none had to wait. */
function waitedFor(head: SignedHead, remembered: unknown): number | undefined {
  if (typeof remembered !== 'object' || remembered === null) return undefined
  const waitedMs: unknown = (remembered as Record<string, unknown>)[toBase64(head.rootHash)]
  return typeof waitedMs === 'number' && waitedMs >= 0 ? waitedMs : undefined
}

/** The error for a tree that is not served. */
export function notServed({ head }: UnservedHead, { id, url }: LogInfo): CtStreamError {
  const message = `${url}: the log signed a tree of ${head.treeSize} entries and does not serve what it takes to prove it; it is asked for again, and reading goes on by other heads`
  return new CtStreamError('CT_HEAD_UNSERVED', message, { logId: id, url, expected: head.treeSize, retryable: true })
}

function neverServed({ head }: UnservedHead, { id, url }: LogInfo): CtStreamError {
  const message = `${url}: the log signed a tree of ${head.treeSize} entries, and never served it`
  return new CtStreamError('CT_HEAD_UNSERVED', message, { logId: id, url, expected: head.treeSize })
}
