import type { QueueLogStatus, Watermark } from '../types/queue.js'
import type { QueueClaim } from './engine.js'
import { type Judgement, judge, type MessagePlace } from './watermark.js'

/** Entries of one page, all written under one epoch. */
interface HandedOut {
  readonly epoch: number
  /** Index of the last one. */
  readonly last: number
  /** Exclusive; beyond `last + 1` where the entries that follow were dropped or are missing. */
  end: number
}

/** How far a claimed log was read, and how far it is acknowledged. */
export class ClaimProgress {
  readonly claim: QueueClaim
  /** Exclusive end of what the engine had of the log. */
  head: number
  private read: Watermark
  /** Everything below is acknowledged. Its epoch may be older than that of `read`, as entries in between may be. */
  private finished: Watermark
  private stored: number
  /** Everything below is acknowledged together with effects. */
  private effects = 0
  private readonly handedOut: HandedOut[] = []

  constructor(claim: QueueClaim) {
    this.claim = claim
    this.read = this.finished = claim.mark
    this.stored = this.head = claim.mark.next
  }

  /** Everything below this index was read. */
  get readTo(): number {
    return this.read.next
  }

  judge(place: MessagePlace): Judgement {
    const judgement = judge(this.read, place)
    this.read = judgement.mark
    return judgement
  }

  /** Entries up to and including `last`, accepted before, are about to be handed out. */
  handOut(epoch: number, last: number): void {
    this.handedOut.push({ epoch, last, end: last + 1 })
  }

  /** Everything below `end` was read. */
  pass(end: number): void {
    if (end > this.read.next) this.read = { epoch: this.read.epoch, next: end }
    const last = this.handedOut.at(-1)
    if (last !== undefined) last.end = Math.max(last.end, end)
    else this.finish(this.finished.epoch, end)
  }

  /** Everything up to and including this index is acknowledged. */
  acknowledge(index: number): void {
    for (let first = this.handedOut[0]; first !== undefined; first = this.handedOut[0]) {
      if (index < first.last) {
        // Only a part of the page is acknowledged.
        this.finish(first.epoch, Math.min(index + 1, first.last))
        return
      }
      this.finish(first.epoch, first.end)
      this.handedOut.shift()
    }
  }

  /** Whether this entry is acknowledged. */
  covers(index: number): boolean {
    return index < this.finished.next
  }

  /** Everything below is acknowledged by {@link acknowledgeWithEffects}. */
  get effectsTo(): number {
    return this.effects
  }

  /** Whether it is, by {@link acknowledgeWithEffects}. */
  hasEffects(index: number): boolean {
    return index < this.effects
  }

  /** Everything up to and including this index is acknowledged, and `mark` is stored with effects. */
  acknowledgeWithEffects(index: number, mark: Watermark): void {
    this.acknowledge(index)
    this.store(mark)
    this.effects = Math.max(this.effects, mark.next)
  }

  /** The watermark to store; `undefined` when it is stored already. */
  get unstored(): Watermark | undefined {
    return this.finished.next > this.stored ? this.finished : undefined
  }

  /** The watermark if everything up to and including this index were acknowledged. */
  after(index: number): Watermark {
    const piece = this.handedOut.find(({ last }) => index <= last) ?? this.handedOut.at(-1)
    const next = piece !== undefined && index >= piece.last ? piece.end : index + 1
    return { epoch: piece?.epoch ?? this.finished.epoch, next: Math.max(next, this.finished.next) }
  }

  store({ next }: Watermark): void {
    this.stored = Math.max(this.stored, next)
  }

  get status(): QueueLogStatus {
    const { next } = this.finished
    return { log: this.claim.log, next, lag: Math.max(0, this.head - next) }
  }

  private finish(epoch: number, next: number): void {
    if (next > this.finished.next) this.finished = { epoch, next }
  }
}
