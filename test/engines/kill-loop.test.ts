import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { issueCertificates, type TestLog } from '../../src/testing/index.js'
import { logOf } from '../support/logs.js'
import { Collectors } from './collectors.js'
import { noPostgres } from './database.js'
import { noKafka } from './kafka-place.js'
import { type KillPlace, kafkaKillPlace, postgresKillPlace } from './kill-places.js'

/** Faults of a run; README.md beside this file has the command for a long one. */
const FAULTS = Number(process.env.CT_STREAM_TEST_KILLS ?? 6)
const LOGS = 5
/** Entries of all logs at the end. */
const ENTRIES = Number(process.env.CT_STREAM_TEST_CLUSTER_ENTRIES ?? 55_000)
const FIRST = 500
/** Added to each log between two faults. */
const GROWTH = Math.ceil((ENTRIES / LOGS - FIRST) / (FAULTS + 1))
/** How long reading all that was added takes at most, on a busy machine: 500 entries a second. Milliseconds. */
const READING_MS = 10_000 + GROWTH * LOGS * 2
/** What the guide promises on top of a lease. Milliseconds. */
const TAKEOVER_MS = 5000

const engines = [
  { engine: 'Postgres', missing: noPostgres, makePlace: postgresKillPlace },
  { engine: 'Kafka alone', missing: noKafka, makePlace: kafkaKillPlace },
]

for (const { engine, missing, makePlace } of engines)
  describe.skipIf(missing)(`collectors on ${engine}`, () => {
    let place: KillPlace
    let logs: TestLog[]
    let collectors: Collectors
    beforeEach(async () => {
      place = await makePlace()
      logs = await Promise.all(
        (['rfc6962', 'static-ct', 'rfc6962', 'static-ct', 'rfc6962'] as const).map((kind, n) =>
          logOf(FIRST, { kind, operator: `operator ${n % 4}` }),
        ),
      )
      collectors = new Collectors(place, logs)
    })
    afterEach(async () => {
      await collectors.stopAll()
      await place.remove()
    })

    const grow = (count: number) => {
      const seed = String(Math.random())
      const all = [...issueCertificates(count * logs.length, { sign: false, seed })]
      logs.forEach((log, n) => {
        log.add(all.slice(n * count, (n + 1) * count))
        log.publish()
      })
    }

    /** How long it takes until everything is read, milliseconds. */
    const untilRead = async (atMostMs: number) => {
      const began = performance.now()
      for (;;) {
        const found = await place.positions()
        if (logs.every((log) => found.get(log.logId) === log.size)) return performance.now() - began
        if (performance.now() - began > atMostMs)
          throw new Error(`not read in ${atMostMs} ms: ${JSON.stringify([...found])}\n${collectors.said}`)
        await wait(50)
      }
    }

    /** How long it takes until others have moved on all logs that this collector had, milliseconds. */
    const untilTakenOver = async (victim: ChildProcess) => {
      const began = performance.now()
      const { members } = collectors
      const lost = logs.filter(({ operator }) => members.get(collectors.owners.get(operator) ?? '') === victim)
      const before = await place.positions()
      for (;;) {
        const found = await place.positions()
        const isOn = ({ logId, size }: TestLog) =>
          found.get(logId) === size || (found.get(logId) ?? 0) > (before.get(logId) ?? 0)
        if (lost.every(isOn)) return performance.now() - began
        if (performance.now() - began > READING_MS)
          throw new Error(`not taken over: ${JSON.stringify([...found])}\n${collectors.said}`)
        await wait(20)
      }
    }

    /** A collector in the middle of reading what was added. */
    const busy = async (before: ReadonlyMap<string, number>) => {
      for (;;) {
        const found = await place.positions()
        for (const { logId, size, operator } of logs) {
          const position = found.get(logId) ?? 0
          const child = collectors.ownerOf(operator)
          if (child !== undefined && position > (before.get(logId) ?? 0) && position < size - 300) return child
        }
        if (logs.every(({ logId, size }) => found.get(logId) === size)) return collectors.running[0]
        await wait(5)
      }
    }

    it(
      `has each entry once after ${FAULTS} kills and stops of three collectors`,
      async () => {
        const takeovers: number[] = []
        for (let i = 0; i < 3; i++) collectors.start()
        await untilRead(30_000)
        for (let fault = 0; fault < FAULTS; fault++) {
          const before = await place.positions()
          grow(GROWTH)
          const victim = await busy(before)
          if (victim === undefined) throw new Error('no collector runs')
          if (fault % 2 === 1) {
            victim.kill('SIGSTOP')
            takeovers.push(await untilTakenOver(victim))
            await untilRead(READING_MS)
            // What wakes up beyond its lease has pages in its hands, and believes that it owns its shards.
            victim.kill('SIGCONT')
          } else {
            victim.kill('SIGKILL')
            await once(victim, 'exit')
            collectors.start()
            takeovers.push(await untilTakenOver(victim))
            await untilRead(READING_MS)
          }
        }
        grow(GROWTH)
        await untilRead(READING_MS)
        expect(collectors.said).toMatch(/CT_LEASE_LOST|is another's now|another (?:owner|producer)/)
        await place.expectEachOnce(logs)
        if (process.env.CT_STREAM_TEST_CLUSTER_ENTRIES !== undefined)
          console.log(`takeovers in ms: ${takeovers.map(Math.round).sort((a, b) => a - b)}`)
        expect(Math.max(...takeovers)).toBeLessThan(place.leaseMs + TAKEOVER_MS)
      },
      120_000 + FAULTS * (READING_MS + 25_000),
    )

    it('hands over within two seconds when a collector is told to end, and shares the shards', async () => {
      const first = collectors.start()
      await untilRead(30_000)
      collectors.start()
      const shares = () => {
        const members = [...collectors.owners.values()]
        return ['member 1', 'member 2'].map((member) => members.filter((owner) => owner === member).length)
      }
      const began = performance.now()
      while (performance.now() - began < 25_000 && shares().join() !== '2,2') await wait(50)
      expect(shares()).toEqual([2, 2])
      first.kill('SIGTERM')
      const [code] = await once(first, 'exit')
      expect(code).toBe(0)
      grow(50)
      expect(await untilRead(10_000)).toBeLessThan(2000)
      await place.expectEachOnce(logs)
    })
  })
