import { randomUUID } from 'node:crypto'
import {
  describedLog,
  type EntrySubject,
  entrySubjects,
  findEntry,
  streamBounds,
  subjectOfKey,
} from '../../nats/entry-subjects.js'
import { isNoStream, isOvertaken } from '../../nats/errors.js'
import type { GroupLink, LinkedGroup } from '../../nats/group-link.js'
import type { LogInfo } from '../../types/log.js'
import type { Watermark } from '../../types/queue.js'
import type { ClaimStore } from '../claim-keeper.js'
import type { CheckedSettings } from '../source-settings.js'
import { anchorBelow, type LogRecord, logRecord, type NatsClaim, recordText } from './claim.js'

const MEMBER = 'member.'
const LOG = 'log.'
/** A group has begun: what it has no record of has come since. */
const BEGUN = 'begun'
/** Shortest time in which the server has to say what was written. Milliseconds. */
const LEAST_WAIT_MS = 5000
/** Records of processors that are gone are deleted after so many leases. */
const FORGET_LEASES = 20

/**
 * The leases of a group as records of a stream: who writes one names the one before, so that a processor that has lost a log moves nothing.
 *
 * When a lease has expired, the server's clock says: the times of two records of one stream are compared.
 */
export class NatsClaims implements ClaimStore<NatsClaim> {
  private readonly name: string = randomUUID()
  private readonly link: GroupLink
  private readonly settings: CheckedSettings
  private readonly logs = new Map<string, LogInfo>()
  /** Logs with a record and a description, by key. */
  private subjects = new Map<string, EntrySubject>()
  /** Keys of logs without messages of which the group has read all. */
  private readonly whole = new Set<string>()
  private live: ReadonlySet<string> = new Set()
  /** Keys of the logs that this processor knows to be its own. */
  private held = new Set<string>()
  private onNotice = () => {}
  /** Until then, by the server's clock, nobody has fallen silent: after a server was away, all seem so. */
  private graceUntil = 0
  private count = 1

  constructor(link: GroupLink, settings: CheckedSettings) {
    this.link = link
    this.settings = settings
  }

  /** For the link: a record has changed. */
  notice(key: string): void {
    if (!key.startsWith(LOG)) this.onNotice()
  }

  renew(held: readonly NatsClaim[]) {
    return this.link.use('renew leases', async (linked) => {
      const { watch, connection } = linked
      const now = await this.beat(linked)
      const all = await entrySubjects(connection, this.link.address)
      await this.begin(linked, all)
      await this.describe(linked, [...all, ...(await this.emptied(linked, all))])
      const isAnother = linked.count !== this.count
      if (isAnother) this.graceUntil = now + this.settings.leaseMs
      this.count = linked.count
      this.live = await this.members(linked, now)
      const rank = [...this.live].sort().indexOf(this.name)
      const [whole, rest] = [Math.floor(this.subjects.size / this.live.size), this.subjects.size % this.live.size]
      const kept = held.filter((claim) => {
        const stored = watch.records.get(LOG + claim.entries.key)
        // Seen before what this processor wrote last.
        if (stored === undefined || (!isAnother && stored.revision <= claim.revision)) return true
        if (!this.isOurs(claim, logRecord(claim.entries.key, stored.value))) return false
        claim.revision = Math.max(claim.revision, stored.revision)
        return true
      })
      this.held = new Set(kept.map(({ entries }) => entries.key))
      await this.giveBackUnknown(linked)
      return { kept: new Set(kept), share: whole + (rank < rest ? 1 : 0) }
    })
  }

  claim(want: number): Promise<readonly NatsClaim[]> {
    return this.link.use('take a lease', async (linked) => {
      const claimed: NatsClaim[] = []
      for (const entries of this.subjects.values()) {
        if (claimed.length >= want) break
        const claim = await this.take(linked, entries)
        if (claim !== undefined) claimed.push(claim)
      }
      return claimed
    })
  }

  /**
   * Stores how far a log is.
   *
   * @returns Whether it is still this processor's.
   */
  async store(claim: NatsClaim, mark: Watermark): Promise<boolean> {
    const anchor = anchorBelow(claim, mark.next)
    claim.storedAnchor = anchor
    const isStored = await this.link.use('store a watermark', (linked) =>
      this.replace(linked, claim, { owner: this.name, term: claim.term, mark, anchor }),
    )
    if (isStored) {
      claim.hasMoved = true
      claim.stored = mark
      claim.storedNext = Math.max(claim.storedNext, mark.next)
    }
    return isStored
  }

  async release(claims: readonly NatsClaim[]): Promise<void> {
    await this.link.use('release a lease', (linked) =>
      Promise.all(
        claims.map((claim) => {
          const { term, stored: mark, storedAnchor: anchor, hasMoved } = claim
          return this.replace(linked, claim, { owner: '', term, mark, anchor, isNew: !hasMoved })
        }),
      ),
    )
  }

  async leave(claims: readonly NatsClaim[]): Promise<void> {
    await this.release(claims)
    await this.link.use('leave the group', ({ watch }) => watch.put(MEMBER + this.name, ''))
  }

  async listen(onNotice: () => void): Promise<void> {
    this.onNotice = onNotice
  }

  close(): Promise<void> {
    return this.link.close()
  }

  /** Says that this processor lives. @returns The time, by the server's clock. */
  private async beat({ watch }: LinkedGroup): Promise<number> {
    const { clock, leaseMs } = this.settings
    const revision = await watch.put(MEMBER + this.name, JSON.stringify({ leaseMs }))
    await watch.upTo(revision, clock, Math.max(leaseMs, LEAST_WAIT_MS)).catch(async (error) => {
      await this.link.drop()
      throw error
    })
    return watch.records.get(MEMBER + this.name)?.time ?? 0
  }

  private async members({ watch, connection }: LinkedGroup, now: number): Promise<Set<string>> {
    const { leaseMs } = this.settings
    const live = new Set([this.name])
    for (const [key, { time, value }] of watch.records) {
      if (!key.startsWith(MEMBER)) continue
      const age = now - time
      if (value !== '' && (age < leaseMs || now < this.graceUntil)) live.add(key.slice(MEMBER.length))
      if (age < leaseMs * FORGET_LEASES) continue
      const { name, base } = this.link.stream
      await connection.manager.streams.purge(name, { filter: `${base}.live.${key}` })
      watch.records.delete(key)
    }
    return live
  }

  /** Makes a record of each log that is new. */
  private async begin(linked: LinkedGroup, all: readonly EntrySubject[]): Promise<void> {
    const { watch, connection } = linked
    const isNow = this.settings.start === 'now' && !watch.records.has(BEGUN)
    let last = 0
    const put = async (key: string, value: string) => {
      try {
        last = await watch.put(key, value, 0)
      } catch (error) {
        // Another processor has begun, too.
        if (!isOvertaken(error)) throw error
      }
    }
    for (const entries of all) {
      if (watch.records.has(LOG + entries.key)) continue
      const first = await findEntry(connection, entries, isNow ? 'last' : { from: 1 })
      if (first?.index === undefined) continue
      const { sequence, index } = first
      const begins = isNow
        ? { mark: { epoch: 0, next: index + 1 }, anchor: { sequence, index } }
        : { mark: { epoch: 0, next: index }, anchor: { sequence: sequence - 1, index: undefined } }
      await put(LOG + entries.key, recordText({ owner: '', term: 0, ...begins, isNew: true }))
    }
    if (!watch.records.has(BEGUN)) await put(BEGUN, 'true')
    if (last > 0) await watch.upTo(last, this.settings.clock, LEAST_WAIT_MS)
  }

  /** Logs of which retention has taken all, and the group has not read all: whoever claims one says what is missing. */
  private async emptied({ connection, watch }: LinkedGroup, all: readonly EntrySubject[]): Promise<EntrySubject[]> {
    const { address } = this.link
    const known = new Set(all.map(({ key }) => key))
    const firsts = new Map<string, number>()
    const found: EntrySubject[] = []
    for (const key of known) this.whole.delete(key)
    for (const [name, { value }] of watch.records) {
      const key = name.startsWith(LOG) ? name.slice(LOG.length) : undefined
      if (key === undefined || known.has(key) || this.whole.has(key)) continue
      const entries = subjectOfKey(address, key)
      if (entries === undefined) continue
      const { anchor, mark } = logRecord(key, value)
      const { stream } = entries
      const first = firsts.get(stream) ?? (await firstOf(connection, stream))
      firsts.set(stream, first)
      if (anchor.sequence + 1 >= first) continue
      const row = await describedLog(connection, address, entries)
      if (row === undefined) continue
      if (row.written > mark.next) found.push(entries)
      // What the writer leaves out from here on is not missing.
      else this.whole.add(key)
    }
    return found
  }

  private async describe({ connection, watch }: LinkedGroup, all: readonly EntrySubject[]): Promise<void> {
    const subjects = new Map<string, EntrySubject>()
    for (const entries of all) {
      const { key, logId } = entries
      if (!watch.records.has(LOG + key)) continue
      const log = this.logs.get(key) ?? (await describedLog(connection, this.link.address, entries))?.log
      if (log === undefined || log.id !== logId) continue
      this.logs.set(key, log)
      subjects.set(key, entries)
    }
    this.subjects = subjects
  }

  /**
   * Gives back what a record says that this processor has, though it has not: an answer was lost when it took the log, or released it, or the
   * server was rolled back to before that. As long as this processor lives, nobody else would take it.
   */
  private async giveBackUnknown({ watch }: LinkedGroup): Promise<void> {
    for (const [key, { value, revision }] of watch.records) {
      if (!key.startsWith(LOG) || this.held.has(key.slice(LOG.length))) continue
      const record = logRecord(key, value)
      if (record.owner !== this.name) continue
      await watch.put(key, recordText({ ...record, owner: '' }), revision).catch((error) => {
        // It was released meanwhile.
        if (!isOvertaken(error)) throw error
      })
    }
  }

  private async take({ watch }: LinkedGroup, entries: EntrySubject): Promise<NatsClaim | undefined> {
    const { key } = entries
    const stored = watch.records.get(LOG + key)
    const log = this.logs.get(key)
    if (stored === undefined || log === undefined) return undefined
    const { owner, term: before, mark, anchor, isNew = false } = logRecord(key, stored.value)
    // Its own that it does not have are given back by now, or change at this moment.
    if (owner === this.name ? this.held.has(key) : this.live.has(owner)) return undefined
    const term = before + 1
    try {
      const value = recordText({ owner: this.name, term, mark, anchor, isNew })
      const revision = await watch.put(LOG + key, value, stored.revision)
      this.held.add(key)
      const { next } = mark
      const progress = { readTo: next, storedNext: next, head: next }
      const places = { stored: mark, storedAnchor: anchor, position: anchor, pages: [], mayMiss: false }
      const moves = { isNew, hasMoved: !isNew }
      return { log, mark, entries, ...moves, term, revision, ...progress, ...places, isLeaving: false }
    } catch (error) {
      // Another one was faster.
      if (isOvertaken(error)) return undefined
      throw error
    }
  }

  /** Replaces the record of a claim, unless another processor has. */
  private async replace(linked: LinkedGroup, claim: NatsClaim, record: LogRecord): Promise<boolean> {
    const { key } = claim.entries
    for (;;) {
      try {
        claim.revision = await linked.watch.put(LOG + key, recordText(record), claim.revision)
        return true
      } catch (error) {
        if (!isOvertaken(error)) throw error
      }
      const { name, base } = this.link.stream
      const found = await linked.connection.manager.streams.getMessage(name, {
        last_by_subj: `${base}.live.${LOG}${key}`,
      })
      if (found === null || !this.isOurs(claim, logRecord(key, Buffer.from(found.data).toString('utf8')))) return false
      // An attempt before took effect although its answer was lost.
      claim.revision = found.seq
    }
  }

  private isOurs({ term }: NatsClaim, record: LogRecord): boolean {
    return record.owner === this.name && record.term === term
  }
}

/** The first number that a stream has; 0 where somebody has deleted it. */
async function firstOf(connection: LinkedGroup['connection'], stream: string): Promise<number> {
  try {
    return (await streamBounds(connection, stream)).first
  } catch (error) {
    if (!isNoStream(error)) throw error
    return 0
  }
}
