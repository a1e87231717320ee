import { isDeepStrictEqual } from 'node:util'
import { CtStreamError } from '../errors.js'
import { MAX_LIST_BYTES } from '../loglist/defaults.js'
import { fetchListThrough } from '../loglist/fetch-through.js'
import { readFileUpTo } from '../loglist/read-file.js'
import { hasOrHad } from '../loglist/select.js'
import { LogListSource, type LogListUpdate } from '../loglist/source.js'
import type { LogClient } from '../logs/client.js'
import { headDueMs, mmdMsOf } from '../logs/head-due.js'
import { specOf } from '../logs/listed-log.js'
import { openListedLog } from '../logs/open-log.js'
import { fixedIndexOf } from '../poll/bounds.js'
import type { Gap, LogCheckpoint, StoredList } from '../types/checkpoint.js'
import type { LogInfo, LogSpec } from '../types/log.js'
import type { ListedLog, LogSelection } from '../types/log-list.js'
import type { CtStreamEvents } from '../types/stream-events.js'
import type { ByteBudget } from '../util/byte-budget.js'
import { type CursorPosition, cursorKey } from './cursor.js'
import { gapOfUnread, isUntried, withoutRepeating } from './left-unread.js'
import { listedBefore, listedNow } from './listed-before.js'
import { LogSession } from './log/log-session.js'
import type { LogSessionEvents } from './log/log-session-options.js'
import { shareOf } from './log/log-share.js'
import type { Network } from './network.js'
import { Lane } from './reader/lane.js'
import { checkResume, type Remembered, warnOfIgnoredStart } from './resume.js'
import type { Settings } from './settings.js'
import { isReadToEnd, settlingGaps, storedSize } from './unfinished.js'
import { wasSelected } from './was-selected.js'

export interface RosterOptions {
  readonly settings: Settings
  readonly network: Network
  readonly budget: ByteBudget
  readonly signal: AbortSignal
  /** Keeps the last good copies of lists. */
  readonly lists: {
    list(url: string): Promise<StoredList | undefined>
    putList(list: StoredList): Promise<void>
  }
  /** Gaps of this stream and of earlier ones. */
  readonly gaps: () => Promise<readonly Gap[]>
  /** Events for the session of a lane. */
  readonly events: (lane: Lane) => LogSessionEvents
  /** Called for each new lane. */
  readonly onLane: (lane: Lane) => void
  /** Called for each session with a promise that settles when it has ended. */
  readonly onRun: (running: Promise<void>) => void
  readonly onGap: (gap: Gap) => Promise<void>
  readonly onList: (payload: CtStreamEvents['list']) => void
}

/** Allowance beyond the MMD, because the clocks of a log's machines may differ. Milliseconds. */
const CLOCK_SKEW_MS = 60_000

/** A log that is or was followed. */
interface Followed {
  /** The description from which its client was made. */
  spec: LogSpec
  client: LogClient
  readonly lane: Lane
  ended: boolean
  /** What the lists say of it, when they have it again while its session gives it up: it is followed again after that. */
  again?: LogSpec | ListedLog | undefined
}

/** The logs a stream follows: named by hand, or listed and kept current. */
export class Roster {
  private readonly options: RosterOptions
  private remembered: Remembered = { stored: new Map(), resume: undefined }
  private readonly followed = new Map<string, Followed>()
  /** Ids of logs that are followed as their rows have them, while a list that may name them is missing. */
  private readonly assumed = new Set<string>()

  constructor(options: RosterOptions) {
    this.options = options
  }

  /**
   * Starts to follow every log. Called once.
   * @returns Keeps the logs current until the signal aborts; `undefined` when there is nothing to keep current.
   * @throws `CT_OPTION_INVALID` for an invalid log, `CT_LIST_*` when there is no log list.
   */
  async open(remembered: Remembered): Promise<(() => Promise<void>) | undefined> {
    const { settings, signal } = this.options
    this.remembered = remembered
    if (isSpecs(settings.logs)) {
      for (const spec of settings.logs) this.follow(spec, true)
      this.checkRemembered([])
      return undefined
    }
    const source = new LogListSource({
      logList: settings.logList,
      selection: settings.logs,
      fetchList: fetchListThrough(this.options.network.transport, signal),
      readFile: (path, signal) => readFileUpTo(path, MAX_LIST_BYTES, signal),
      store: this.options.lists,
      clock: settings.clock,
      random: settings.random,
      allowHttp: settings.allowHttp,
    })
    const update = await source.refresh(signal)
    this.apply(update)
    const left = this.leftInCursor(update.listed)
    this.checkRemembered(left)
    const waiting = await this.finishLeft(update, left)
    if (waiting > 0)
      settings.logger.warn(
        `${waiting} logs of the checkpoint may be in a missing log list: they are not read until it can be fetched`,
        { missing: update.missing.map(({ list }) => list).join(', ') },
      )
    // A stream with an end keeps the logs it has at the beginning.
    if (settings.end !== 'never') return undefined
    return async () => {
      let { missing } = update
      for await (const update of source.updates(signal)) {
        this.apply(update)
        if (missing.length > 0) await this.finishLeft(update, this.leftInCursor(update.listed))
        missing = update.missing
      }
    }
  }

  /**
   * The issuer with this SHA-256, from the log.
   * @throws `CT_CLOSED` when the log is not followed.
   */
  async issuer(logId: string, fingerprint: Uint8Array): Promise<Uint8Array> {
    const client = this.followed.get(logId)?.client
    if (client === undefined) throw new CtStreamError('CT_CLOSED', `the log ${logId} is not followed`, { logId })
    return this.options.network.issuer(client, fingerprint)
  }

  /** Closes the clients. Their requests must have ended. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.followed.values()].map(({ client }) => client.close()))
    await this.options.network.close()
  }

  /**
   * Called before any log is opened.
   * @param left - From {@link leftInCursor}.
   */
  private checkRemembered(left: readonly ListedLog[]): void {
    const logs = [...this.followed.values()].map(({ client }) => client.log)
    const ids = [...this.followed.keys(), ...left.map(({ id }) => id)]
    checkResume(ids, this.remembered, this.options.settings)
    warnOfIgnoredStart(logs, this.remembered, this.options.settings)
  }

  private apply({ logs, diff, failures, problems }: LogListUpdate): void {
    for (const log of diff.added) this.follow(log, false)
    for (const { before } of diff.removed) this.retire(before.id)
    for (const { after } of diff.changed) this.change(after)
    this.options.onList({
      selected: logs.length,
      added: diff.added,
      removed: diff.removed.map(({ before }) => before),
      changed: diff.changed.map(({ after }) => after),
      failures: failures.map(({ list, error }) => ({ list, error })),
      problems,
    })
  }

  /** Which of the listed logs are read; everything, where logs are named by hand. */
  private get selection(): LogSelection {
    const { logs } = this.options.settings
    return isSpecs(logs) ? {} : logs
  }

  /** The logs in the cursor that left the lists since, or expired, and that it does not call finished. */
  private leftInCursor(listed: ReadonlyMap<string, ListedLog>): ListedLog[] {
    const { selection, options, remembered } = this
    const { resume } = remembered
    const { clock } = options.settings
    if (resume === undefined) return []
    return [...listed.values()].filter((log) => {
      const place = resume.get(cursorKey(log.id))
      if (place === undefined || this.followed.has(log.id) || !hasOrHad(selection, log, clock.now())) return false
      // A cursor from before the log was back in the lists for a while calls it finished where it was not.
      return !place.finished || place.next < (log.finalTreeHead?.treeSize ?? 0)
    })
  }

  /**
   * Handles logs that left the lists between two runs, as far as the lists at hand tell.
   * @param left - From {@link leftInCursor}.
   * @returns How many logs wait for a list that is missing.
   */
  private async finishLeft(update: LogListUpdate, left: readonly ListedLog[]): Promise<number> {
    this.reviewAssumed(update)
    for (const log of left) if (!this.remembered.stored.has(log.id)) this.finish(log)
    return this.finishForgotten(update)
  }

  /**
   * Handles logs that left the lists between two runs, and shards that expired: reads their backlog, or records it as a gap. A recorded gap
   * settles the matter: later runs neither fail for it nor record it again. What a missing list may name has not left: it is followed as
   * its row has it, or waits.
   *
   * @returns How many wait.
   */
  private async finishForgotten({ listed, missing }: LogListUpdate): Promise<number> {
    const { selection, options } = this
    const { settings } = options
    const gaps = await options.gaps()
    const { stored, resume } = this.remembered
    let waiting = 0
    for (const row of stored.values()) {
      const { log, learned } = row
      if (this.followed.has(log.id)) continue
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
      if (known !== undefined && (isMissing ? this.assume(known) : this.finish(known, settling))) continue
      const isBehind = size === undefined || position < size
      if (!isBehind && learned.listed === undefined) continue
      if (isMissing) waiting++
      else if (isSelected === undefined) this.warnOfUnmatched(log, position)
      else await this.options.onGap(gapOfUnread(log, position, isBehind ? size : undefined, settings.clock.now()))
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

  /** Follows a log as its row has it, until the lists tell more. @returns As {@link finish}. */
  private assume(log: ListedLog): boolean {
    if (!this.take(log)) return false
    this.assumed.add(log.id)
    return true
  }

  /** Finishes the logs that were followed without a list, where the lists now at hand do not have them. */
  private reviewAssumed({ logs, listed, missing }: LogListUpdate): void {
    for (const id of this.assumed) {
      const now = listed.get(id)
      if (now === undefined && missing.length > 0) continue
      this.assumed.delete(id)
      if (now === undefined) this.retire(id)
      else if (!logs.some((log) => log.id === id)) this.finish(now)
    }
  }

  /**
   * Reads a log to the head it ends with.
   * @param onRecord - Gaps not to be told again where it is out of reach.
   * @returns `false` when it cannot be opened, as the options have changed since it was listed.
   */
  private finish(log: ListedLog, onRecord: readonly Gap[] = []): boolean {
    if (!this.take(log, onRecord)) return false
    this.retire(log.id)
    return true
  }

  /** Parameters and result as of {@link finish}. */
  private take(log: ListedLog, onRecord?: readonly Gap[]): boolean {
    try {
      this.follow(log, false, onRecord)
    } catch (error) {
      if (log.lists.length > 0 || !CtStreamError.is(error) || error.code !== 'CT_OPTION_INVALID') throw error
      return false
    }
    return true
  }

  private follow(log: LogSpec | ListedLog, byHand: boolean, onRecord: readonly Gap[] = []): void {
    const { settings } = this.options
    const { stored, resume } = this.remembered
    const spec = specOf(log)
    // Logs named by the caller may be at any address.
    const client = this.clientOf(byHand ? spec : log)
    const { id } = client.log
    const before = this.followed.get(id)
    if (before !== undefined && byHand)
      throw new CtStreamError('CT_OPTION_INVALID', `option \`logs\` names the log ${id} twice`)
    if (before?.ended === false) {
      if (before.lane.session.isGivingUp) before.again = log
      else before.lane.session.unretire()
      this.change(log)
      return
    }
    const begin = before?.lane.session.continuation ?? { stored: stored.get(id), resume: resume?.get(cursorKey(id)) }
    const open = (lane: Lane) =>
      this.session(
        client,
        settings.mergeDelayMs ?? mmdMsOf(spec) + CLOCK_SKEW_MS,
        begin.stored,
        begin.resume,
        withoutRepeating(onRecord, this.options.events(lane)),
      )
    const lane = before?.lane ?? new Lane(open)
    if (before !== undefined) lane.session = open(lane)
    const { session } = lane
    this.expect(session, log)
    const entry: Followed = { spec, client, lane, ended: false }
    this.followed.set(id, entry)
    if (before === undefined) this.options.onLane(lane)
    this.options.onRun(this.run(entry))
  }

  private async run(entry: Followed): Promise<void> {
    try {
      await entry.lane.session.run()
    } finally {
      entry.ended = true
    }
    if (entry.again !== undefined && !this.options.signal.aborted) this.follow(entry.again, false)
  }

  /** The log left the lists. */
  private retire(id: string): void {
    const entry = this.followed.get(id)
    if (entry === undefined) return
    entry.again = undefined
    entry.lane.session.retire()
  }

  /** The lists changed their description of a followed log. */
  private change(log: LogSpec | ListedLog): void {
    const spec = specOf(log)
    const client = this.clientOf(log)
    const entry = this.followed.get(client.log.id)
    if (entry === undefined) return
    if (entry.again !== undefined) entry.again = log
    this.expect(entry.lane.session, log)
    if (isDeepStrictEqual(spec, entry.spec)) return
    entry.spec = spec
    entry.client = client
    entry.lane.session.moveTo(client)
  }

  private clientOf(log: LogSpec | ListedLog): LogClient {
    const { network, settings } = this.options
    return openListedLog(log, {
      transport: network.transport,
      allowHttp: settings.allowHttp,
      verifyHeads: settings.verify !== 'none-unverified',
    })
  }

  /** Tells the session what the lists say of the log's heads. */
  private expect(session: LogSession, log: LogSpec | ListedLog): void {
    session.logHeads.final.expect('finalTreeHead' in log ? log.finalTreeHead : undefined)
    session.listed = listedNow(log)
    session.logHeads.dueMs = headDueMs(log, this.options.settings.clock.now())
  }

  private session(
    client: LogClient,
    mergeDelayMs: number,
    stored: LogCheckpoint | undefined,
    resume: CursorPosition | undefined,
    events: LogSessionEvents,
  ): LogSession {
    const { settings, network, budget, signal } = this.options
    const { scheduler } = network
    if (stored !== undefined) scheduler.restore(client.log.url, stored.learned)
    return new LogSession({
      client,
      settings,
      scheduler,
      share: shareOf(budget),
      mergeDelayMs,
      clock: settings.clock,
      random: settings.random,
      signal,
      stored,
      resumeAt: resume?.next,
      resumeRoot: resume?.root,
      events,
    })
  }
}

function isSpecs(logs: Settings['logs']): logs is readonly LogSpec[] {
  return Array.isArray(logs)
}
