import { randomUUID } from 'node:crypto'
import { CtStreamError } from '../../errors.js'
import type { PostgresConnection, Session } from '../../postgres/connection.js'
import { openDatabase } from '../../postgres/open-database.js'
import { parkedKey, putParked, takeReplay } from '../../postgres/parked.js'
import { type GroupMember, holdClaim, logOfPassed, storeMarks } from '../../postgres/queue-claims.js'
import { type QueuedRow, reachOf, readInOrder, readLate, readOne, readQueued } from '../../postgres/queue-read.js'
import { queueChannel } from '../../postgres/queue-write.js'
import { queuedLeaf } from '../../postgres/queued-leaf.js'
import type { PostgresTarget } from '../../postgres/target.js'
import type { QueueGap, Watermark } from '../../types/queue.js'
import { quietController } from '../../util/abort.js'
import { messageOf } from '../../util/message-of.js'
import { alreadyAcknowledged } from '../acknowledged.js'
import { ClaimKeeper } from '../claim-keeper.js'
import type { Effects, Parking, QueueClaim, QueuedPage, QueueEngine, ReplayedEntry } from '../engine.js'
import { LeasedReader } from '../leased-reader.js'
import { patiently } from '../patiently.js'
import { entryReader } from '../queued-entry.js'
import type { CheckedSettings } from '../source-settings.js'
import { type PostgresClaim, PostgresClaims } from './claims.js'

export interface PostgresEngineSettings extends CheckedSettings {
  readonly target: PostgresTarget
}

/** The queue of a `postgresSink`, for one processor of a group. */
export class PostgresEngine implements QueueEngine {
  private readonly settings: PostgresEngineSettings
  private readonly member: GroupMember
  /** One connection for pages, one for writes, and the keeper's for leases and notices, so that none waits for another. */
  private reading: PostgresConnection | undefined
  private writing: PostgresConnection | undefined
  /** All of them. */
  private readonly connections: PostgresConnection[] = []
  private keeper: ClaimKeeper<PostgresClaim> | undefined
  private reader: LeasedReader<PostgresClaim> | undefined
  private watching: Promise<void> | undefined
  private readonly closing = quietController()
  private readonly readEntry

  constructor(settings: PostgresEngineSettings) {
    this.settings = settings
    const { group, leaseMs, start } = settings
    this.member = { group, name: randomUUID(), leaseMs, start }
    this.readEntry = entryReader((work) => this.connected.run(work))
  }

  get claims(): readonly QueueClaim[] {
    return this.keeper?.held ?? []
  }

  async open(): Promise<void> {
    const { signal } = this.closing
    this.writing = await this.connect()
    this.reading = await this.connect(readInOrder)
    const claims = new PostgresClaims(await this.connect(), this.member, queueChannel(this.settings.target))
    const keeper = new ClaimKeeper(claims, this.settings)
    this.keeper = keeper
    const nextReplay = () => this.nextReplay()
    this.reader = new LeasedReader(keeper, { nextReplay, nextPage: () => this.readPage(keeper) }, this.settings)
    await this.patiently(() => keeper.turn(), signal)
    signal.throwIfAborted()
    this.watching = keeper.watch(signal)
  }

  next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    return (this.reader as LeasedReader<PostgresClaim>).next(signal)
  }

  async store(marks: ReadonlyMap<QueueClaim, Watermark>): Promise<readonly QueueClaim[]> {
    const { group } = this.settings
    const all = [...(marks as ReadonlyMap<PostgresClaim, Watermark>)]
    const kept = new Set(await this.write((session) => storeMarks(session, group, all)))
    for (const [claim, { next }] of all) if (kept.has(claim)) claim.storedNext = Math.max(claim.storedNext, next)
    const lost = all.map(([claim]) => claim).filter((claim) => !kept.has(claim))
    for (const claim of lost) this.keeper?.lose(claim)
    await this.keeper?.giveAway().catch(() => {})
    return lost
  }

  async park(items: readonly Parking[]): Promise<number> {
    const { group } = this.settings
    let parked = 0
    for (const { by, message, logId, index, content, key } of items) {
      const n = this.keeper?.held.find(({ log }) => log.id === logId)?.n ?? (await this.passedIn(logId, index))
      // The log was lost: its next processor meets the entry again and parks it.
      if (key === undefined && (n === undefined || index === undefined)) continue
      parked++
      const found = key ?? parkedKey(n as number, index as number)
      await this.write(async (session) => {
        // An unreadable row is parked as it is.
        const row = content === undefined || 'leafInput' in content ? undefined : await readOne(session, n, index)
        const leaf = content !== undefined && 'leafInput' in content ? queuedLeaf(content) : row
        await putParked(session, group, { by, message, logId, index, content: leaf, key: found })
      })
    }
    return parked
  }

  async settle(key: string): Promise<void> {
    await this.write((session) => session.query(SETTLE, [this.settings.group, key]))
  }

  async addGap({ log, start, end, reason }: QueueGap): Promise<void> {
    const values = [this.settings.group, log.id, start, end, reason]
    await this.write((session) => session.query(MISSED, values))
  }

  async finishWith(
    what: { readonly claim: QueueClaim; readonly mark: Watermark } | { readonly key: string },
    effects: Effects,
  ): Promise<void> {
    const { group } = this.settings
    const run = effectsRunner(effects)
    let attempts = 0
    await this.patiently(
      () =>
        this.writer.transaction(async (session) => {
          attempts++
          if ('key' in what) {
            const gone = await session.query(`${SETTLE} RETURNING 1`, [group, what.key])
            if (gone.length > 0) await run(session)
            return
          }
          const claim = what.claim as PostgresClaim
          if ((await holdClaim(session, group, claim)) >= what.mark.next) {
            if (attempts === 1) throw alreadyAcknowledged(claim.log, what.mark.next - 1)
            // An attempt before took effect although its answer was lost: do not repeat it.
            return
          }
          await run(session)
          await storeMarks(session, group, [[claim, what.mark]])
        }),
      this.closing.signal,
    )
    if (!('key' in what)) {
      const claim = what.claim as PostgresClaim
      claim.storedNext = Math.max(claim.storedNext, what.mark.next)
    }
  }

  async close(): Promise<void> {
    this.closing.abort(new CtStreamError('CT_CLOSED', 'the queue source is closed'))
    this.keeper?.changed.notify()
    await this.reader?.settled()
    await this.watching
    await this.keeper?.leave()
    await Promise.all(this.connections.map((connection) => connection.close()))
  }

  private async connect(onConnect?: (session: Session) => Promise<void>): Promise<PostgresConnection> {
    const { target, leaseMs } = this.settings
    const { signal } = this.closing
    const connection = await this.patiently(() => openDatabase(target, leaseMs, onConnect), signal)
    if (signal.aborted) {
      // close() did not know of it, since it does not wait for a server that takes long to answer.
      await connection.close()
      throw signal.reason
    }
    this.connections.push(connection)
    return connection
  }

  private get connected(): PostgresConnection {
    return this.reading as PostgresConnection
  }

  private get writer(): PostgresConnection {
    return this.writing as PostgresConnection
  }

  private write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.patiently(() => this.writer.run(work), this.closing.signal)
  }

  /** The number of the log of an entry that comes to nobody of the group any more, as its effects or those behind it are stored. */
  private async passedIn(logId: string | undefined, index: number | undefined): Promise<number | undefined> {
    if (logId === undefined || index === undefined) return undefined
    return this.write((session) => logOfPassed(session, this.settings.group, logId, index))
  }

  private async nextReplay(): Promise<ReplayedEntry | undefined> {
    const { group, leaseMs } = this.settings
    const row = await this.connected.run((session) => takeReplay(session, group, leaseMs * 10))
    if (row === undefined) return undefined
    const entry = await this.patiently(() => this.readEntry.replayed(row), this.closing.signal)
    return { kind: 'replay', key: row.key, entry }
  }

  /** The next page, of the logs in turn. */
  private async readPage(keeper: ClaimKeeper<PostgresClaim>): Promise<QueuedPage | undefined> {
    if (keeper.isStale) await this.lookForEnds(keeper)
    const claim = keeper.held.find(({ readTo, head, isLeaving }) => readTo < head && !isLeaving)
    if (claim === undefined) return undefined
    // Round robin: the other logs come first next time.
    keeper.putLast(claim)
    const { readTo } = claim
    const { pageEntries, group } = this.settings
    if (claim.stop !== undefined) {
      const { rows, isAll } = await this.connected.run((session) =>
        readLate(session, group, claim, readTo, pageEntries),
      )
      const end = isAll ? claim.stop : (rows.at(-1)?.idx ?? readTo) + 1
      claim.readTo = end
      const entries = rows.map((row) => this.readEntry.queued(row, claim))
      return { kind: 'page', claim, entries, end, missing: [], head: claim.stop }
    }
    const { rows, isAll, reach } = await this.connected.run((session) =>
      readQueued(session, claim, readTo, pageEntries),
    )
    claim.head = Math.max(claim.head, reach.to)
    const end = Math.max(readTo, isAll ? reach.to : (rows.at(-1)?.idx ?? readTo) + 1)
    const missing = holesIn(rows, readTo, Math.min(reach.from, end)).map((hole) => ({
      ...hole,
      log: claim.log,
      reason: 'no longer in the queue',
    }))
    claim.readTo = end
    const entries = rows.map((row) => this.readEntry.queued(row, claim))
    return { kind: 'page', claim, entries, end, missing, head: claim.head }
  }

  private async lookForEnds(keeper: ClaimKeeper<PostgresClaim>): Promise<void> {
    // Before the query: what a notice meanwhile speaks of may not be in its answer.
    keeper.isStale = false
    try {
      const ids = keeper.held.map(({ log }) => log.id)
      const reach = await this.connected.run((session) => reachOf(session, ids))
      for (const claim of keeper.held) claim.head = claim.stop ?? reach.get(claim.log.id)?.to ?? claim.head
    } catch (error) {
      keeper.isStale = true
      throw error
    }
  }

  private patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return patiently(this.settings, signal, work)
  }
}

const SETTLE = 'DELETE FROM parked WHERE grp = $1 AND key = $2'
// A hole may have grown since a processor recorded it and stopped before it stored its watermark.
const MISSED = `
INSERT INTO missed (grp, log, start, stop, reason) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (grp, log, start) DO UPDATE SET stop = greatest(missed.stop, excluded.stop)`

/**
 * Indexes without a row, from one index to another. To be used only below `from` of the reach, where a backfill may be filling a hole: what it
 * adds later comes to the group only where this was recorded as missing. Behind it, what is not there was left out by the writer's filter.
 */
function holesIn(rows: readonly QueuedRow[], start: number, end: number): { start: number; end: number }[] {
  const holes: { start: number; end: number }[] = []
  let next = start
  const reach = (index: number) => {
    if (next < index) holes.push({ start: next, end: index })
    next = index + 1
  }
  for (const { idx } of rows) if (idx < end) reach(idx)
  reach(end)
  return holes
}

/** Runs effects; an error of their own becomes `CT_MODULE_FAILED`, so that it is not taken for one of the database. */
function effectsRunner(effects: Effects): (session: Session) => Promise<void> {
  return async (session) => {
    const refused = new Set<unknown>()
    try {
      await effects((text, values) =>
        session.query<never>(text, values).catch((error) => {
          refused.add(error)
          throw error
        }),
      )
    } catch (error) {
      if (CtStreamError.is(error) || refused.has(error)) throw error
      throw new CtStreamError('CT_MODULE_FAILED', messageOf(error), { cause: error })
    }
  }
}
