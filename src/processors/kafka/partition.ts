import type { CommittedRecord, FetchedPartition } from '../../kafka/committed-records.js'
import { behind, isOtherTopic } from '../../kafka/committed-records.js'
import { DecidedRecords } from '../../kafka/decided-records.js'
import type { EntriesBounds } from '../../kafka/entries-reader.js'
import { type GroupMarks, type LogMark, markKey, type StoredMarks } from '../../kafka/group-marks.js'
import type { Watermark } from '../../types/queue.js'
import type { QueueClaim } from '../engine.js'
import type { EntryPlace } from './finder.js'

/** A log, or a backfilled range of one, in a partition that this processor has. */
export interface KafkaClaim extends QueueClaim, EntryPlace {
  readonly range?: EntryPlace['range']
  readonly partition: KafkaPartition
  /** Exclusive end of what was read of it. */
  readTo: number
  /** Index behind the last message that came in order, damaged or not. `undefined`: it begins with the first one. */
  tail: number | undefined
}

/** Records that were handed out, and where they begin. */
interface Piece {
  readonly first: bigint
  readonly claim: KafkaClaim
  /** Exclusive end of their indexes. */
  readonly end: number
  /** Until they are finished with, what is stored of the offset stays: nothing behind it shows that they are missing, or they are in another topic. */
  holds: boolean
}

/** Where a group goes on in a partition. */
interface StoredPlace {
  readonly offset: bigint
  readonly topicId: string
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
  /** Of the topic that the position is in. */
  private topicId: string
  private decided = new DecidedRecords()
  private readonly pieces: Piece[] = []
  /** The first record of a fetch that is being made into pages; it stays where that fails. */
  private inHand: bigint | undefined
  private readonly stored = new Map<string, number>()
  private storedPlace: StoredPlace | undefined

  /**
   * @param bounds - Of the partition at this moment.
   * @param begin - Where it begins where nothing is stored. Default: with what is there.
   */
  constructor(
    number: number,
    marks: GroupMarks,
    { logs, offset, entriesId = '' }: StoredMarks,
    { topicId, earliest, latest: end }: EntriesBounds,
    begin = earliest,
  ) {
    const next = offset ?? begin
    const isLost = isOtherTopic(entriesId, topicId) || next < earliest || next > end
    const from = isLost ? earliest : next
    this.number = number
    this.marks = marks
    this.position = this.floor = from
    this.end = end
    this.topicId = topicId
    this.storedPlace = offset === undefined ? undefined : { offset, topicId: entriesId }
    for (const known of logs.values()) {
      this.stored.set(markKey(known), known.mark.next)
      this.claim(known, known.mark, known.mark.next)
    }
    if (offset !== undefined && isLost) this.expectGaps()
  }

  /** Whether the position says nothing of a topic: that which it was in was made anew. */
  isIn(topicId: string): boolean {
    return !isOtherTopic(this.topicId, topicId)
  }

  /** Retention, or somebody who made the topic anew or cut it back, has taken what was to be read next: begins with what is there. */
  restart({ topicId, earliest, latest }: EntriesBounds): void {
    if (earliest < this.position || !this.isIn(topicId)) {
      this.decided = new DecidedRecords()
      for (const piece of this.pieces) piece.holds = true
    }
    this.topicId = topicId
    this.position = this.floor = earliest
    this.end = latest
    this.expectGaps()
  }

  /** @param tail - As {@link KafkaClaim.tail}. */
  claim({ log, range }: EntryPlace, mark: Watermark = { epoch: 0, next: 0 }, tail?: number): KafkaClaim {
    const isNew = this.stored.size === 0
    const claim: KafkaClaim = { log, range, mark, isNew, partition: this, readTo: mark.next, tail }
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

  /**
   * Records of this log, up to this index, will be handed out.
   *
   * @param isShort - Whether some before them are missing, or all: until they are finished with, the next processor has to find out, too.
   */
  handOut(claim: KafkaClaim, first: bigint, end: number, isShort = false): void {
    claim.readTo = Math.max(claim.readTo, end)
    this.pieces.push({ first, claim, end, holds: isShort })
  }

  /** A log or range is read to here, though no record of it is left. */
  handOutLost(claim: KafkaClaim, end: number): void {
    claim.tail = Math.max(claim.tail ?? 0, end)
    this.handOut(claim, this.position, end, true)
  }

  /**
   * Stores how far logs are, and the offset behind which something is left to do.
   *
   * @throws {@link CtStreamError} as `GroupMarks.store`.
   */
  async store(marks: readonly LogMark[]): Promise<void> {
    const next = new Map(this.stored)
    for (const each of marks) next.set(markKey(each), each.mark.next)
    const place = this.placeBehind(next)
    const { offset, topicId } = place ?? {}
    const isStored = offset === this.storedPlace?.offset && topicId === this.storedPlace?.topicId
    await this.marks.store(marks, isStored ? undefined : offset, topicId)
    for (const each of marks) this.stored.set(markKey(each), each.mark.next)
    this.storedPlace = place
    while (this.pieces[0] !== undefined && this.pieces[0].end <= this.storedNext(this.pieces[0].claim, next))
      this.pieces.shift()
  }

  private placeBehind(next: ReadonlyMap<string, number>): StoredPlace | undefined {
    const isOpen = ({ claim, end }: Piece) => end > this.storedNext(claim, next)
    // Until it is known what is missing, another processor has to find out, too.
    if (this.mayMiss.size > 0 || this.pieces.some((piece) => piece.holds && isOpen(piece))) return this.storedPlace
    let offset = this.decided.firstOpen ?? this.position
    if (this.inHand !== undefined && this.inHand < offset) offset = this.inHand
    for (const piece of this.pieces) if (piece.first < offset && isOpen(piece)) offset = piece.first
    return { offset, topicId: this.topicId }
  }

  private expectGaps(): void {
    for (const [key, claim] of this.claims) if (!this.isFinished(claim)) this.mayMiss.add(key)
  }
}
