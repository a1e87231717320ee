import type { ChildProcess } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { issueCertificates, type TestLog } from '../../src/testing/index.js'
import { grow, logOf } from '../support/logs.js'
import { Collectors, type CollectorsPlace } from './collectors.js'

/** Entries that a log gets at once. */
const FEED = 60
/** Milliseconds. */
const FEED_MS = 30

/** Where collectors work, and how far they are. */
export interface CollectorRunPlace extends CollectorsPlace {
  /** Index behind the last entry that is there, by log id. */
  positions(): Promise<ReadonlyMap<string, number>>
}

const isAtEnd = (log: TestLog, position = 0) => position === log.size

/** Collectors that read logs which grow, and what a test that harms them waits for. */
export class CollectorRun {
  readonly collectors: Collectors
  readonly logs: readonly TestLog[]
  private readonly place: CollectorRunPlace

  constructor(place: CollectorRunPlace, logs: readonly TestLog[]) {
    this.place = place
    this.logs = logs
    this.collectors = new Collectors(place, logs)
  }

  /** Logs of both kinds, of four operators. */
  static logs(count: number, size: number): Promise<TestLog[]> {
    const kindOf = (n: number) => (n % 2 === 0 ? 'rfc6962' : 'static-ct')
    const all = Array.from({ length: count }, (_, n) => n)
    return Promise.all(all.map((n) => logOf(size, { kind: kindOf(n), operator: `operator ${n % 4}` })))
  }

  /** Of the collectors. Milliseconds. */
  get leaseMs(): number {
    return this.place.leaseMs
  }

  /** Adds entries to each log, and publishes them. */
  grow(count: number): void {
    const { logs } = this
    const all = [...issueCertificates(count * logs.length, { sign: false, seed: String(Math.random()) })]
    logs.forEach((log, n) => {
      log.add(all.slice(n * count, (n + 1) * count))
      log.publish()
    })
  }

  /** Adds entries to each log a few at a time, so that collectors are never finished before its end. */
  async feed(count: number): Promise<void> {
    for (let left = count; left > 0; left -= FEED) {
      for (const log of this.logs) grow(log, Math.min(left, FEED))
      await wait(FEED_MS)
    }
  }

  /** How long it takes until everything is read, milliseconds. */
  async untilRead(atMostMs: number): Promise<number> {
    return await this.until(this.logs, isAtEnd, atMostMs)
  }

  /** Whether everything is read; a server that cannot be looked into does not say so. */
  async isRead(): Promise<boolean> {
    const found = await this.place.positions().catch(() => new Map<string, number>())
    return this.logs.every((log) => isAtEnd(log, found.get(log.logId)))
  }

  /** How long it takes until others collect all shards that this collector had, milliseconds: an engine may take its time for the rest. */
  async untilOwned(victim: ChildProcess, atMostMs: number): Promise<number> {
    const { members, owners } = this.collectors
    const isVictim = (shard: string) => members.get(owners.get(shard) ?? '') === victim
    const lost = this.logs.map(({ operator }) => operator).filter(isVictim)
    const began = performance.now()
    while (lost.some(isVictim)) {
      if (performance.now() - began > atMostMs)
        throw new Error(`not taken over after ${atMostMs} ms: ${lost}\n${this.collectors.said}`)
      await wait(20)
    }
    return performance.now() - began
  }

  /** How long it takes until others have moved on all logs that this collector had, milliseconds. */
  async untilTakenOver(victim: ChildProcess, atMostMs: number): Promise<number> {
    const { members, owners } = this.collectors
    const lost = this.logs.filter(({ operator }) => members.get(owners.get(operator) ?? '') === victim)
    const before = await this.place.positions()
    const isOn = ({ logId, size }: TestLog, position: number) =>
      position === size || position > (before.get(logId) ?? 0)
    return await this.until(lost, isOn, atMostMs)
  }

  /** A collector in the middle of reading what was added since these positions. */
  async busy(before: ReadonlyMap<string, number>): Promise<ChildProcess> {
    for (;;) {
      const found = await this.place.positions()
      for (const { logId, size, operator } of this.logs) {
        const position = found.get(logId) ?? 0
        const child = this.collectors.ownerOf(operator)
        if (child !== undefined && position > (before.get(logId) ?? 0) && position < size - 300) return child
      }
      const [any] = this.collectors.running
      if (any === undefined) throw new Error('no collector runs')
      if (this.logs.every(({ logId, size }) => found.get(logId) === size)) return any
      await wait(5)
    }
  }

  private async until(
    logs: readonly TestLog[],
    isReached: (log: TestLog, position: number) => boolean,
    atMostMs: number,
  ): Promise<number> {
    const began = performance.now()
    let failed: unknown
    for (;;) {
      // A server that has just come back may refuse to be looked into.
      const found = await this.place.positions().catch((error): ReadonlyMap<string, number> => {
        failed = error
        return new Map()
      })
      if (logs.every((log) => isReached(log, found.get(log.logId) ?? 0))) return performance.now() - began
      if (performance.now() - began > atMostMs) {
        const where = `not there after ${atMostMs} ms: ${JSON.stringify([...found])}`
        throw new Error(`${where}\n${this.collectors.said}`, { cause: failed })
      }
      await wait(20)
    }
  }
}
