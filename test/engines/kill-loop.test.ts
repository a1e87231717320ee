import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CollectorRun } from './collector-run.js'
import type { Collectors } from './collectors.js'
import { noPostgres } from './database.js'
import { noKafka } from './kafka-place.js'
import { type KillPlace, kafkaKillPlace, postgresKillPlace } from './kill-places.js'

/** Faults of a run: a kill and a stop; README.md beside this file has the command for a long one. */
const FAULTS = Number(process.env.CT_STREAM_TEST_KILLS ?? 2)
const LOGS = 5
/** Entries of all logs at the end. */
const ENTRIES = Number(process.env.CT_STREAM_TEST_CLUSTER_ENTRIES ?? 25_000)
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
    let run: CollectorRun
    let collectors: Collectors
    beforeEach(async () => {
      place = await makePlace()
      run = new CollectorRun(place, await CollectorRun.logs(LOGS, FIRST))
      collectors = run.collectors
    })
    afterEach(async () => {
      await collectors.stopAll()
      await place.remove()
    })

    it(
      `has each entry once after ${FAULTS} kills and stops of three collectors`,
      async () => {
        const takeovers: number[] = []
        for (let i = 0; i < 3; i++) collectors.start()
        await run.untilRead(30_000)
        for (let fault = 0; fault < FAULTS; fault++) {
          const before = await place.positions()
          run.grow(GROWTH)
          const victim = await run.busy(before)
          if (fault % 2 === 1) {
            victim.kill('SIGSTOP')
            takeovers.push(await run.untilTakenOver(victim, READING_MS))
            await run.untilRead(READING_MS)
            // What wakes up beyond its lease has pages in its hands, and believes that it owns its shards.
            victim.kill('SIGCONT')
          } else {
            victim.kill('SIGKILL')
            await once(victim, 'exit')
            collectors.start()
            takeovers.push(await run.untilTakenOver(victim, READING_MS))
            await run.untilRead(READING_MS)
          }
        }
        run.grow(GROWTH)
        await run.untilRead(READING_MS)
        expect(collectors.said).toMatch(/CT_LEASE_LOST|is another's now|another (?:owner|producer)/)
        await place.expectEachOnce(run.logs)
        if (process.env.CT_STREAM_TEST_CLUSTER_ENTRIES !== undefined)
          console.log(`takeovers in ms: ${takeovers.map(Math.round).sort((a, b) => a - b)}`)
        expect(Math.max(...takeovers)).toBeLessThan(place.leaseMs + TAKEOVER_MS)
      },
      120_000 + FAULTS * (READING_MS + 25_000),
    )

    it('hands over within two seconds when a collector is told to end, and shares the shards', async () => {
      const first = collectors.start()
      await run.untilRead(30_000)
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
      run.grow(50)
      expect(await run.untilRead(10_000)).toBeLessThan(2000)
      await place.expectEachOnce(run.logs)
    })
  })
