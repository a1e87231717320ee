import { CtStreamError } from '../../errors.js'
import type { EntrySubject } from '../../nats/entry-subjects.js'
import type { Watermark } from '../../types/queue.js'
import { messageOf } from '../../util/message-of.js'
import type { Held } from '../claim-keeper.js'

/** A message in the stream of the entries, behind which somebody goes on. */
export interface Anchor {
  readonly sequence: number
  /** Of its entry: another one may be there after the server has lost its tail. `undefined`: it is not known what was there. */
  readonly index: number | undefined
}

/** What a group has stored of one log: how far it is, and who works on it. */
export interface LogRecord {
  /** Name of the processor that works on it; empty: nobody. */
  readonly owner: string
  /** Goes up by one with each processor that takes the log. */
  readonly term: number
  readonly mark: Watermark
  /** The group has not moved on yet. */
  readonly isNew?: boolean
  /** Everything up to this message is finished with. */
  readonly anchor: Anchor
}

/** A log that this processor works on. */
export interface NatsClaim extends Held {
  readonly entries: EntrySubject
  readonly term: number
  /** Of its record, as this processor wrote it last. */
  revision: number
  /** The mark that is stored. */
  stored: Watermark
  storedAnchor: Anchor
  /** A mark was stored since the group began with the log. */
  hasMoved: boolean
  /** The last message that was made into a page. */
  position: Anchor
  /** Pages that are not finished with: where their entries end, and their last messages. */
  readonly pages: { readonly end: number; readonly last: Anchor }[]
  /** Retention may have taken what comes next: the next index shows how much. */
  mayMiss: boolean
}

export const recordText = ({ owner, term, mark, anchor, isNew = false }: LogRecord): string =>
  JSON.stringify({ owner, term, mark, anchor, ...(isNew && { isNew }) })

/** @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for what another program has written. */
export function logRecord(key: string, text: string): LogRecord {
  try {
    const { owner, term, mark, anchor, isNew } = JSON.parse(text) as LogRecord
    const numbers = [term, mark.epoch, mark.next, anchor.sequence, anchor.index ?? 0]
    if (typeof owner !== 'string' || !numbers.every(Number.isSafeInteger)) throw new TypeError('a log without a mark')
    return { owner, term, mark, anchor, ...(isNew === true && { isNew }) }
  } catch (cause) {
    throw new CtStreamError(
      'CT_CHECKPOINT_UNUSABLE',
      `a group of processors in NATS has a record that is none of ct-stream, ${key} (${messageOf(cause)}): use another prefix in the URL`,
      { cause },
    )
  }
}

/** The last message of the pages that are finished with below an index. Forgets these pages. */
export function anchorBelow(claim: NatsClaim, next: number): Anchor {
  let anchor = claim.storedAnchor
  for (let [first] = claim.pages; first !== undefined && first.end <= next; [first] = claim.pages) {
    anchor = first.last
    claim.pages.shift()
  }
  return anchor
}
