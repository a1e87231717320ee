import type { Watermark } from '../types/queue.js'

/** What is known of a message before it is read. */
export interface MessagePlace {
  /** Of its writer. */
  readonly epoch: number
  /** In its log. */
  readonly index: number
}

/** What becomes of a message. */
export type Judgement =
  | {
      readonly kind: 'accept'
      /** After it. */
      readonly mark: Watermark
      /** Indexes that were passed over: taken by retention, or left out by the filter of whoever wrote them. `undefined`: none. */
      readonly jump: { readonly start: number; readonly end: number } | undefined
    }
  /**
   * `stale`: of an owner that was replaced; what it wrote is written again by the next one. `repeated`: it was there before. `mark`: of a
   * new owner, which begins with what was there before, the one before it is stale from now on.
   */
  | { readonly kind: 'drop'; readonly why: 'stale' | 'repeated'; readonly mark: Watermark }

/**
 * Decides on a message of a log, in one comparison, however long ago its like was seen: a log's entries are written in order, so that a
 * redelivery goes back and never ahead.
 */
export function judge(mark: Watermark, { epoch, index }: MessagePlace): Judgement {
  if (epoch < mark.epoch) return { kind: 'drop', why: 'stale', mark }
  if (index < mark.next) return { kind: 'drop', why: 'repeated', mark: { epoch, next: mark.next } }
  return {
    kind: 'accept',
    mark: { epoch, next: index + 1 },
    jump: index > mark.next ? { start: mark.next, end: index } : undefined,
  }
}
