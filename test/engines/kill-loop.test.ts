import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { issueCertificates, type TestLog } from '../../src/testing/index.js'
import { logOf } from '../support/logs.js'
import { Collectors } from './collectors.js'
import { noPostgres } from './database.js'
import { noKafka } from './kafka-place.js'
import { type KillPlace, kafkaKillPlace, postgresKillPlace } from './kill-places.js'

/** Faults of a run; `CT_STREAM_TEST_KILLS=30 npm run test:engines` makes a long one. */
const FAULTS = Number(process.env.CT_STREAM_TEST_KILLS ?? 6)
/** Added to each log between two faults. */
const GROWTH = Number(process.env.CT_STREAM_TEST_GROWTH ?? 1500)
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
          logOf(500, { kind, operator: `operator ${n % 4}` }),
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
        const { leaseMs } = place
        for (let i = 0; i < 3; i++) collectors.start()
        await untilRead(30_000)
        for (let fault = 0; fault < FAULTS; fault++) {
          const before = await place.positions()
          grow(GROWTH)
          const victim = await busy(before)
          if (victim === undefined) throw new Error('no collector runs')
          if (fault % 2 === 1) {
            victim.kill('SIGSTOP')
            await untilRead(leaseMs + TAKEOVER_MS)
            // What wakes up beyond its lease has pages in its hands, and believes that it owns its shards.
            victim.kill('SIGCONT')
          } else {
            victim.kill('SIGKILL')
            await once(victim, 'exit')
            collectors.start()
            await untilRead(leaseMs + TAKEOVER_MS)
          }
        }
        grow(GROWTH)
        await untilRead(leaseMs + TAKEOVER_MS)
        expect(collectors.said).toMatch(/CT_LEASE_LOST|is another's now|another (?:owner|producer)/)
        await place.expectEachOnce(logs)
      },
      60_000 + FAULTS * 25_000,
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
