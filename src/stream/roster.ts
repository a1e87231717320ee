import { isDeepStrictEqual } from 'node:util'
import { CtStreamError } from '../errors.js'
import type { RequestScheduler } from '../http/request-scheduler.js'
import type { Transport } from '../http/transport.js'
import { maxListBytes } from '../loglist/defaults.js'
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
import type { CtStreamEvents } from '../types/stream.js'
import type { ByteBudget } from '../util/byte-budget.js'
import { Rate } from '../util/rate.js'
import { type CursorPosition, type CursorPositions, cursorKey } from './cursor.js'
import { LogSession } from './log/log-session.js'
import type { LogSessionEvents } from './log/log-session-options.js'
import { shareOf } from './log/log-share.js'
import { Lane } from './reader/lane.js'
import type { Settings } from './settings.js'

export interface RosterOptions {
  readonly settings: Settings
  readonly transport: Transport
  readonly scheduler: RequestScheduler
  readonly budget: ByteBudget
  readonly signal: AbortSignal
  /** What is remembered, by log id. */
  readonly stored: ReadonlyMap<string, LogCheckpoint>
  readonly resume: CursorPositions | undefined
  /** Keeps the last good copies of lists. */
  readonly lists: {
    list(url: string): Promise<StoredList | undefined>
    putList(list: StoredList): Promise<void>
  }
  /** What was not delivered, by this stream or one before. */
  readonly gaps: () => Promise<readonly Gap[]>
  /** What a session of this lane tells. */
  readonly events: (lane: () => Lane) => LogSessionEvents
  /** A lane came into being. */
  readonly onLane: (lane: Lane) => void
  /** A session runs; the promise settles when it ended. */
  readonly onRun: (running: Promise<void>) => void
  readonly onGap: (gap: Gap) => Promise<void>
  readonly onList: (payload: CtStreamEvents['list']) => void
}

/** A log's machines may stamp entries by clocks that differ a little: this much is allowed for beyond the MMD. */
const CLOCK_SKEW_MS = 60_000

/** Positions named in a warning; of forty logs nobody reads all. */
const TOLD_POSITIONS = 5

/** A log that is or was followed. */
interface Followed {
  /** What its client was made from. */
  spec: LogSpec
  client: LogClient
  readonly lane: Lane
  ended: boolean
}

/** The logs a stream follows: named by hand, or listed and kept current. */
export class Roster {
  private readonly options: RosterOptions
  private readonly followed = new Map<string, Followed>()

  constructor(options: RosterOptions) {
    this.options = options
  }

  /**
   * Starts to follow every log.
   * @returns Keeps the logs current until the signal aborts; `undefined` when there is nothing to keep current.
   * @throws `CT_OPTION_INVALID` for a log that is none, `CT_LIST_*` when no log list can be had.
   */
  async open(): Promise<(() => Promise<void>) | undefined> {
    const { settings, signal } = this.options
    if (isSpecs(settings.logs)) {
      for (const spec of settings.logs) this.follow(spec, true)
      this.checkResume()
      this.tellOfStart()
      return undefined
    }
    const source = new LogListSource({
      logList: settings.logList,
      selection: settings.logs,
      fetchList: fetchListThrough(this.options.transport, signal),
      readFile: (path, signal) => readFileUpTo(path, maxListBytes, signal),
      store: this.options.lists,
      clock: settings.clock,
      random: settings.random,
      allowHttp: settings.allowHttp,
    })
    const update = await source.refresh(signal)
    this.apply(update)
    this.checkResume()
    this.tellOfStart()
    await this.finishForgotten(update.listed)
    // A stream with an end has its logs from the beginning.
    if (settings.end !== 'never') return undefined
    return async () => {
      for await (const update of source.updates(signal)) this.apply(update)
    }
  }

  /** The client of a log that is or was followed. */
  client(logId: string): LogClient | undefined {
    return this.followed.get(logId)?.client
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.followed.values()].map(({ client }) => client.close()))
  }

  /**
   * A cursor is of the logs it was made in. Called before any of them can have been opened.
   * @throws `CT_CURSOR_INVALID` when it is of none of these.
   */
  private checkResume(): void {
    const { resume, settings } = this.options
    if (resume === undefined) return
    const keys = new Set([...this.followed.keys()].map(cursorKey))
    const others = [...resume.keys()].filter((key) => !keys.has(key)).length
    if (others === resume.size)
      throw new CtStreamError(
        'CT_CURSOR_INVALID',
        `the cursor is of ${resume.size} other logs: it names none of the ${keys.size} logs of this stream`,
        { expected: keys.size, actual: 0 },
      )
    if (others > 0)
      settings.logger.warn(
        `the cursor has positions of ${others} logs that this stream does not read: they are left where they are`,
      )
  }

  /** A start that others overrule may not be what its author thinks: an analyst who asks for a week gets nothing. */
  private tellOfStart(): void {
    const { settings, stored, resume } = this.options
    if (!settings.startGiven) return
    const positions = [...this.followed].flatMap(([id, { client }]) => {
      const position = resume?.get(cursorKey(id))?.next ?? stored.get(id)?.position
      return position === undefined ? [] : [`${client.log.description}: ${position}`]
    })
    if (positions.length === 0) return
    const more = positions.length > TOLD_POSITIONS ? [`${positions.length - TOLD_POSITIONS} more`] : []
    settings.logger.warn(
      `\`start\` is ignored for ${positions.length} of ${this.followed.size} logs, which go on where the checkpoint or ` +
        'the cursor has them; to read them anew, use another checkpoint file or none (`checkpoint: false`, --no-checkpoint)',
      { positions: [...positions.slice(0, TOLD_POSITIONS), ...more].join(', ') },
    )
  }

  private apply({ logs, diff, failures, problems }: LogListUpdate): void {
    for (const log of diff.added) this.follow(log, false)
    for (const { before } of diff.removed) this.followed.get(before.id)?.lane.session.retire()
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

  /**
   * Logs that left the lists while nothing followed them: their backlog is read, or what is lost of it recorded. Once that is on
   * record it is settled: runs to come neither fail for it nor record it again.
   */
  private async finishForgotten(listed: ReadonlyMap<string, ListedLog>): Promise<void> {
    const { stored, settings } = this.options
    const gaps = await this.options.gaps()
    for (const { log, position, verifiedHead, pendingHeads, learned } of stored.values()) {
      const size = Math.max(0, ...[verifiedHead, ...pendingHeads].map((head) => head?.treeSize ?? 0))
      if (this.followed.has(log.id)) continue
      // Of one that is still there, a last head says where it ended: nobody looked since it left.
      const isSettled = learned.finished === true || settings.end !== 'never' || !listed.has(log.id)
      if (position >= size && isSettled) continue
      if (gaps.some((gap) => gap.log.id === log.id && gap.start <= position && (gap.end ?? size) >= size)) continue
      const now = listed.get(log.id)
      if (now === undefined) {
        const reason = 'the log left the lists while nobody read it'
        await this.options.onGap({ log, start: position, end: size, reason, recordedAt: settings.clock.now() })
      } else if (now.state === 'retired' || now.state === 'rejected') {
        this.follow(now, false)
        this.followed.get(log.id)?.lane.session.retire()
      }
    }
  }

  private follow(log: LogSpec | ListedLog, byHand: boolean): void {
    const { transport, settings, stored, resume } = this.options
    const spec = specOf(log)
    // What the caller names may be anywhere.
    const client = openListedLog(byHand ? spec : log, {
      transport,
      allowHttp: settings.allowHttp,
      verifyHeads: settings.verify !== 'none-unverified',
    })
    const { id } = client.log
    const before = this.followed.get(id)
    if (before !== undefined && byHand)
      throw new CtStreamError('CT_OPTION_INVALID', `option \`logs\` names the log ${id} twice`)
    if (before?.ended === false) {
      before.lane.session.unretire()
      this.change(log)
      return
    }
    // One that was given up before it was opened goes on from what was known of it at first.
    const readTo = before?.lane.session.readTo
    const session: LogSession = this.session(
      client,
      settings.mergeDelayMs ?? mmdMsOf(spec) + CLOCK_SKEW_MS,
      readTo ?? stored.get(id),
      readTo === undefined ? resume?.get(cursorKey(id)) : undefined,
      () => lane,
    )
    const lane = before?.lane ?? new Lane(session, new Rate())
    lane.session = session
    this.expect(session, log)
    const entry: Followed = { spec, client, lane, ended: false }
    this.followed.set(id, entry)
    if (before === undefined) this.options.onLane(lane)
    this.options.onRun(
      session.run().finally(() => {
        entry.ended = true
      }),
    )
  }

  /** The lists say something else of a log that is followed. */
  private change(log: LogSpec | ListedLog): void {
    const { transport, settings } = this.options
    const spec = specOf(log)
    const client = openListedLog(log, {
      transport,
      allowHttp: settings.allowHttp,
      verifyHeads: settings.verify !== 'none-unverified',
    })
    const entry = this.followed.get(client.log.id)
    if (entry === undefined) return
    this.expect(entry.lane.session, log)
    if (isDeepStrictEqual(spec, entry.spec)) return
    entry.spec = spec
    entry.client = client
    entry.lane.session.moveTo(client)
  }

  /** What is said of the log's heads. */
  private expect(session: LogSession, log: LogSpec | ListedLog): void {
    session.logHeads.final.expect('finalTreeHead' in log ? log.finalTreeHead : undefined)
    session.logHeads.dueMs = headDueMs(log, this.options.settings.clock.now())
  }

  private session(
    client: LogClient,
    mergeDelayMs: number,
    stored: LogCheckpoint | undefined,
    resume: CursorPosition | undefined,
    lane: () => Lane,
  ): LogSession {
    const { settings, scheduler, budget, signal, events } = this.options
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
      events: events(lane),
    })
  }
}

function isSpecs(logs: Settings['logs']): logs is readonly LogSpec[] {
  return Array.isArray(logs)
}
