import { CtStreamError } from '../../errors.js'
import { messageOf } from '../../util/message-of.js'
import type { SeenState } from '../seen-indexes.js'

/** How far a group is with each log, by log id. */
export type AmqpMarks = ReadonlyMap<string, SeenState>

export const marksText = (marks: AmqpMarks): string => JSON.stringify(Object.fromEntries(marks))

/** @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for what another program has written. */
export function marksFrom(text: string): AmqpMarks {
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, SeenState>)
    for (const [, { next, holes }] of entries)
      if (![next, ...holes.flat()].every(Number.isSafeInteger)) throw new TypeError('a log without a mark')
    return new Map(entries)
  } catch (cause) {
    throw new CtStreamError(
      'CT_CHECKPOINT_UNUSABLE',
      `the watermarks of the group in RabbitMQ are none of ct-stream (${messageOf(cause)}): use another prefix in the URL`,
      { cause },
    )
  }
}

/** What both know: each mark says only what is finished with, so the higher one of a log holds. */
export function higherMarks(one: AmqpMarks, other: AmqpMarks): AmqpMarks {
  const found = new Map(one)
  for (const [logId, state] of other) if (state.next > (found.get(logId)?.next ?? -1)) found.set(logId, state)
  return found
}
