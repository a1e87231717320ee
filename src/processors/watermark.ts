import type { Watermark } from '../types/queue.js'

/** Where a message stands, which is known before its body is read. */
export interface MessagePlace {
  /** Epoch of the lease under which it was written. */
  readonly epoch: number
  /** Position of the entry in its log. */
  readonly index: number
}

/** Whether a message is handed out or dropped. */
export type Judgement =
  | {
      readonly kind: 'accept'
      /** The watermark behind this message. */
      readonly mark: Watermark
      /** Indexes skipped before it: deleted by retention, or left out by the writer's filter. `undefined` when there are none. */
      readonly jump: { readonly start: number; readonly end: number } | undefined
    }
  /**
   * `stale`: from an owner that was replaced, whose successor writes it again. `repeated`: handed out before. `mark`: moved to the newer
   * epoch even for a repetition, so that messages of the previous owner are stale from now on.
   */
  | { readonly kind: 'drop'; readonly why: 'stale' | 'repeated'; readonly mark: Watermark }

/**
 * Decides on a message of a log. Comparing indexes is enough, with no memory of past messages: a log's entries are written in order, so a
 * repetition always has a lower index.
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
