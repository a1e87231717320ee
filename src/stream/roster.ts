import { isDeepStrictEqual } from 'node:util'
import { CtStreamError } from '../errors.js'
import { MAX_LIST_BYTES } from '../loglist/defaults.js'
import { fetchListThrough } from '../loglist/fetch-through.js'
import { readFileUpTo } from '../loglist/read-file.js'
import { LogListSource, type LogListUpdate } from '../loglist/source.js'
import type { LogClient } from '../logs/client.js'
import { headDueMs, mmdMsOf } from '../logs/head-due.js'
import { specOf } from '../logs/listed-log.js'
import { openListedLog } from '../logs/open-log.js'
import type { Gap, LogCheckpoint, StoredList } from '../types/checkpoint.js'
import type { LogSpec } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'
import type { CtStreamEvents } from '../types/stream-events.js'
import type { ByteBudget } from '../util/byte-budget.js'
import { type CursorPosition, cursorKey } from './cursor.js'
import { type Following, LeftLogs } from './left-logs.js'
import { withoutRepeating } from './left-unread.js'
import { listedNow } from './listed-before.js'
import { LogSession } from './log/log-session.js'
import type { LogSessionEvents } from './log/log-session-options.js'
import { shareOf } from './log/log-share.js'
import type { Network } from './network.js'
import { Lane } from './reader/lane.js'
import { checkResume, type Remembered, warnOfIgnoredStart } from './resume.js'
import type { Settings } from './settings.js'

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
export class Roster implements Following {
  private readonly options: RosterOptions
  private remembered: Remembered = { stored: new Map(), resume: undefined }
  private readonly followed = new Map<string, Followed>()

  constructor(options: RosterOptions) {
    this.options = options
  }

  /**
   * Starts to follow every log. Called once.
   * @returns Keeps the logs current until the signal aborts; `undefined` when there is nothing to keep current.
   * @throws `CT_OPTION_INVALID` for an invalid log, `CT_LIST_*` when there is no log list, `CT_INCOMPLETE` when a stream with an end has
   * nothing to read.
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
    const { gaps, onGap } = this.options
    const left = new LeftLogs({ settings, selection: settings.logs, remembered, gaps, onGap, following: this })
    this.checkRemembered(left.inCursor(update))
    const waiting = await left.finish(update)
    if (waiting > 0)
      settings.logger.warn(
        `${waiting} logs of the checkpoint may be in a missing log list: they are not read until it can be fetched`,
        { missing: update.missing.map(({ list }) => list).join(', ') },
      )
    // A stream with an end keeps the logs it has at the beginning.
    if (settings.end !== 'never') {
      if (this.followed.size === 0 && (update.missing.length > 0 || !left.hasSelected(update)))
        throw nothingToRead(update)
      return undefined
    }
    return async () => {
      let { missing } = update
      for await (const update of source.updates(signal)) {
        this.apply(update)
        if (missing.length > 0) await left.finish(update)
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
   * @param left - From {@link LeftLogs.inCursor}.
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

  isFollowed(id: string): boolean {
    return this.followed.has(id)
  }

  /**
   * Starts to follow a log, goes on with it, or does what the lists now say of it.
   * @param onRecord - Gaps not to be told again where it is out of reach.
   */
  follow(log: LogSpec | ListedLog, byHand: boolean, onRecord: readonly Gap[] = []): void {
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

  /** The log left the lists. @param isBefore - Whether it did before this run. */
  retire(id: string, isBefore = false): void {
    const entry = this.followed.get(id)
    if (entry === undefined) return
    entry.again = undefined
    entry.lane.session.retire(isBefore)
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

/** Without an end, logs that fit may still be listed. */
function nothingToRead({ problems, missing }: LogListUpdate): CtStreamError {
  const reasons = [
    ...problems.filter(({ log }) => log === undefined).map(({ message }) => message),
    ...missing.map(({ list, error }) => `${list} is missing: ${error.message}`),
  ]
  return new CtStreamError('CT_INCOMPLETE', `there is no log to read: ${reasons.join('; ')}`)
}

function isSpecs(logs: Settings['logs']): logs is readonly LogSpec[] {
  return Array.isArray(logs)
}
