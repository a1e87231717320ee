import type { CommittedRecord, FetchedPartition } from '../../kafka/committed-records.js'
import { behind } from '../../kafka/committed-records.js'
import { DecidedRecords } from '../../kafka/decided-records.js'
import { type GroupMarks, type LogMark, markKey, type StoredMarks } from '../../kafka/group-marks.js'
import type { Watermark } from '../../types/queue.js'
import type { QueueClaim } from '../engine.js'
import type { EntryPlace } from './finder.js'

/** A log, or a backfilled range of one, in a partition that this processor has. */
export interface KafkaClaim extends QueueClaim, EntryPlace {
  readonly partition: KafkaPartition
  /** Exclusive end of what was read of it. */
  readTo: number
}

/** Records that were handed out, and where they begin. */
interface Piece {
  readonly first: bigint
  readonly claim: KafkaClaim
  /** Exclusive end of their indexes. */
  readonly end: number
}

/** One partition of the entries: how far it was read, and what of that is finished with. */
export class KafkaPartition {
  readonly number: number
  readonly marks: GroupMarks
  /** By `markKey`. */
  readonly claims = new Map<string, KafkaClaim>()
  /** The next offset to fetch. */
  position: bigint
  /** Exclusive end of the partition, when it was fetched or looked at last. */
  private end: bigint
  /** Keys of those of which retention may have taken entries: their next message shows which, or how far they were written. */
  readonly mayMiss = new Set<string>()
  /** A batch is fetched whole: of the first, what lies before this offset was deleted, or is finished with. */
  private floor: bigint
  private readonly decided = new DecidedRecords()
  private readonly pieces: Piece[] = []
  /** The first record of a fetch that is being made into pages; it stays where that fails. */
  private inHand: bigint | undefined
  private readonly stored = new Map<string, number>()
  private storedOffset: bigint | undefined

  /** @param end - Exclusive end of the partition at this moment. */
  constructor(
    number: number,
    marks: GroupMarks,
    { logs, offset }: StoredMarks,
    { earliest, from, end }: { readonly earliest: bigint; readonly from: bigint; readonly end: bigint },
  ) {
    this.number = number
    this.marks = marks
    this.position = this.floor = from
    this.end = end
    this.storedOffset = offset
    for (const known of logs.values()) {
      this.claim(known, known.mark)
      this.stored.set(markKey(known), known.mark.next)
    }
    if (offset !== undefined && offset < earliest) this.expectGaps()
  }

  /** Retention, or somebody who made the topic anew, has taken what was to be read next. */
  restart(at: bigint): void {
    this.position = this.floor = at
    this.expectGaps()
  }

  claim({ log, range }: EntryPlace, mark: Watermark = { epoch: 0, next: 0 }): KafkaClaim {
    const claim: KafkaClaim = { log, range, mark, partition: this, readTo: mark.next }
    this.claims.set(markKey(claim), claim)
    return claim
  }

  /** Whether a range is finished with, and that is stored. A log never is. */
  isFinished(claim: KafkaClaim): boolean {
    return claim.range !== undefined && this.storedNext(claim) >= claim.range.end
  }

  private storedNext(claim: KafkaClaim, stored: ReadonlyMap<string, number> = this.stored): number {
    return stored.get(markKey(claim)) ?? 0
  }

  /** What of a fetch is committed. None of it counts as finished with until {@link taken}. */
  take({ batches, end }: FetchedPartition): readonly CommittedRecord[] {
    const found: CommittedRecord[] = []
    for (const batch of batches) {
      const next = behind(batch)
      if (next <= this.position) continue
      this.position = next
      for (const record of this.decided.take(batch)) if (record.offset >= this.floor) found.push(record)
    }
    this.end = end
    for (const { offset } of found) if (this.inHand === undefined || offset < this.inHand) this.inHand = offset
    return found
  }

  /** All that was taken is handed out, or set aside. */
  taken(): void {
    this.inHand = undefined
  }

  /** Whether all that was there when it was fetched last has been read, and is decided. */
  get isAtEnd(): boolean {
    return this.position >= this.end && this.decided.firstOpen === undefined
  }

  /** Whether all that is known to be there is handed out. */
  get isRead(): boolean {
    return this.isAtEnd && this.inHand === undefined
  }

  /** Somebody has looked where the partition ends. */
  sawEnd(end: bigint): void {
    if (end > this.end) this.end = end
  }

  /** Records of this log, up to this index, will be handed out. */
  handOut(claim: KafkaClaim, first: bigint, end: number): void {
    claim.readTo = Math.max(claim.readTo, end)
    this.pieces.push({ first, claim, end })
  }

  /** A log or range is read to here, though no record of it is left: until that is stored, the next processor has to find out, too. */
  handOutLost(claim: KafkaClaim, end: number): void {
    this.handOut(claim, this.storedOffset ?? 0n, end)
  }

  /**
   * Stores how far logs are, and the offset behind which something is left to do.
   *
   * @throws {@link CtStreamError} as `GroupMarks.store`.
   */
  async store(marks: readonly LogMark[]): Promise<void> {
    const next = new Map(this.stored)
    for (const each of marks) next.set(markKey(each), each.mark.next)
    const offset = this.offsetBehind(next)
    await this.marks.store(marks, offset === this.storedOffset ? undefined : offset)
    for (const each of marks) this.stored.set(markKey(each), each.mark.next)
    this.storedOffset = offset
    while (this.pieces[0] !== undefined && this.pieces[0].end <= this.storedNext(this.pieces[0].claim, next))
      this.pieces.shift()
  }

  private offsetBehind(next: ReadonlyMap<string, number>): bigint | undefined {
    // Until it is known what is missing, another processor has to find out, too.
    if (this.mayMiss.size > 0) return this.storedOffset
    let offset = this.decided.firstOpen ?? this.position
    if (this.inHand !== undefined && this.inHand < offset) offset = this.inHand
    for (const { first, claim, end } of this.pieces)
      if (first < offset && end > this.storedNext(claim, next)) offset = first
    return offset
  }

  private expectGaps(): void {
    for (const [key, claim] of this.claims) if (!this.isFinished(claim)) this.mayMiss.add(key)
  }
}
