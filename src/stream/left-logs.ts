import { CtStreamError } from '../errors.js'
import { hasOrHad } from '../loglist/select.js'
import type { LogListUpdate } from '../loglist/source.js'
import { fixedIndexOf } from '../poll/bounds.js'
import type { Gap } from '../types/checkpoint.js'
import type { LogInfo } from '../types/log.js'
import type { ListedLog, LogSelection } from '../types/log-list.js'
import { cursorKey } from './cursor.js'
import { gapOfUnread, isUntried } from './left-unread.js'
import { listedBefore } from './listed-before.js'
import type { Remembered } from './resume.js'
import type { Settings } from './settings.js'
import { isReadToEnd, settlingGaps, storedSize } from './unfinished.js'
import { wasSelected } from './was-selected.js'

/** Who follows the logs of a stream. */
export interface Following {
  isFollowed(id: string): boolean
  /** @param onRecord - Gaps not to be told again where it is out of reach. */
  follow(log: ListedLog, byHand: false, onRecord: readonly Gap[]): void
  /** The log left the lists: it is read to the head it ends with. @param isBefore - Whether it left before this run. */
  retire(id: string, isBefore?: boolean): void
}

export interface LeftLogsOptions {
  readonly settings: Settings
  readonly selection: LogSelection
  readonly remembered: Remembered
  /** Gaps of this stream and of earlier ones. */
  readonly gaps: () => Promise<readonly Gap[]>
  readonly onGap: (gap: Gap) => Promise<void>
  readonly following: Following
}

/** Logs of a checkpoint or a cursor that left the lists between two runs, and shards that expired: read to their end, or told as a gap. */
export class LeftLogs {
  private readonly options: LeftLogsOptions
  /** Ids of logs that are followed as their rows have them, while a list that may name them is missing. */
  private readonly assumed = new Set<string>()

  constructor(options: LeftLogsOptions) {
    this.options = options
  }

  /** The logs in the cursor that left the lists since, or expired. */
  inCursor({ listed }: LogListUpdate): ListedLog[] {
    const { selection, remembered, following, settings } = this.options
    const { resume } = remembered
    if (resume === undefined) return []
    return [...listed.values()].filter((log) => {
      if (!resume.has(cursorKey(log.id)) || following.isFollowed(log.id)) return false
      return hasOrHad(selection, log, undefined, settings.clock.now())
    })
  }

  /** Whether the cursor calls a log finished. One from before the log was back in the lists for a while does where it was not. */
  private isFinished(log: ListedLog): boolean {
    const place = this.options.remembered.resume?.get(cursorKey(log.id))
    return place?.finished === true && place.next >= (log.finalTreeHead?.treeSize ?? 0)
  }

  /**
   * Reads what has left to its end, or records its backlog as a gap, as far as the lists at hand tell. A recorded gap settles the matter:
   * later runs neither fail for it nor record it again. What a missing list may name has not left: it is followed as its row has it, or
   * waits. To be called again when the missing lists are there.
   *
   * @returns How many logs wait.
   */
  async finish(update: LogListUpdate): Promise<number> {
    const { stored } = this.options.remembered
    this.reviewAssumed(update)
    for (const log of this.inCursor(update)) if (!stored.has(log.id) && !this.isFinished(log)) this.readToEnd(log)
    return this.finishForgotten(update)
  }

  /** Whether the checkpoint or the cursor has a log of the selection, read to its end or not. */
  hasSelected(update: LogListUpdate): boolean {
    const { selection, settings, remembered } = this.options
    const { listed } = update
    const now = settings.clock.now()
    if (this.inCursor(update).length > 0) return true
    return [...remembered.stored.values()].some((row) => {
      const known = listed.get(row.log.id) ?? listedBefore(row)
      return wasSelected(selection, row, known, now) === true
    })
  }

  private async finishForgotten({ listed, missing }: LogListUpdate): Promise<number> {
    const { selection, settings, remembered, following, onGap } = this.options
    const gaps = await this.options.gaps()
    const { stored, resume } = remembered
    let waiting = 0
    for (const row of stored.values()) {
      const { log, learned } = row
      if (following.isFollowed(log.id)) continue
      const place = resume?.get(cursorKey(log.id))
      const position = place?.next ?? row.position
      const size = storedSize(row)
      if ((place?.finished === true && position >= (size ?? row.position)) || isReadToEnd(row, position)) continue
      if (position >= (fixedIndexOf(settings.end) ?? Infinity)) continue
      const now = listed.get(log.id)
      const settling = settlingGaps(row, position, gaps)
      if (settling.length > 0 && (now === undefined || !settling.every(isUntried))) continue
      const known = now ?? listedBefore(row)
      const isSelected = wasSelected(selection, row, known, settings.clock.now())
      if (isSelected === false) continue
      const isMissing = now === undefined && missing.length > 0
      // Also where all that is known was read: no run has seen its last head.
      if (known !== undefined && (isMissing ? this.assume(known) : this.readToEnd(known, settling))) continue
      const isBehind = size === undefined || position < size
      if (!isBehind && learned.listed === undefined) continue
      if (isMissing) waiting++
      else if (isSelected === undefined) this.warnOfUnmatched(log, position)
      else await onGap(gapOfUnread(log, position, isBehind ? size : undefined, settings.clock.now()))
    }
    return waiting
  }

  /** The caller may have dropped the log, which is no gap, or may still want it. */
  private warnOfUnmatched({ description, url }: LogInfo, position: number): void {
    this.options.settings.logger.warn(
      'a log of the checkpoint that no list names is not read on: `logs.match` refuses it by what is stored of it',
      { log: description, url, position },
    )
  }

  /** Follows a log as its row has it, until the lists tell more. @returns As {@link readToEnd}. */
  private assume(log: ListedLog): boolean {
    if (!this.take(log, [])) return false
    this.assumed.add(log.id)
    return true
  }

  /** Finishes the logs that were followed without a list, where the lists now at hand do not have them. */
  private reviewAssumed({ logs, listed, missing }: LogListUpdate): void {
    for (const id of this.assumed) {
      const now = listed.get(id)
      if (now === undefined && missing.length > 0) continue
      this.assumed.delete(id)
      if (now === undefined) this.options.following.retire(id)
      else if (!logs.some((log) => log.id === id)) this.readToEnd(now)
    }
  }

  /**
   * @param onRecord - Gaps not to be told again where it is out of reach.
   * @returns `false` when it cannot be opened, as the options have changed since it was listed.
   */
  private readToEnd(log: ListedLog, onRecord: readonly Gap[] = []): boolean {
    if (!this.take(log, onRecord)) return false
    this.options.following.retire(log.id, true)
    return true
  }

  /** Parameters and result as of {@link readToEnd}. */
  private take(log: ListedLog, onRecord: readonly Gap[]): boolean {
    try {
      this.options.following.follow(log, false, onRecord)
    } catch (error) {
      if (log.lists.length > 0 || !CtStreamError.is(error) || error.code !== 'CT_OPTION_INVALID') throw error
      return false
    }
    return true
  }
}
