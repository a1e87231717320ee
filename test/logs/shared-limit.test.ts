import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { LogSpec, StaticCtLogSpec } from '../../src/index.js'
import { library, reading, root } from './library.js'
import { pending } from './pending.js'
import { run } from './servers/process.js'
import { SunlightLog } from './servers/sunlight.js'

/** Skylight lets all clients that name no address have 75 requests/s together. Another one asks for more than that. */
const PRESSURE_SECONDS = 20
const PRESSURE_PER_SECOND = 150
/** Full speed is back this soon after the pressure ended. */
const WITHIN_SECONDS = 20
/** How long to wait and see. */
const PATIENCE_SECONDS = Number(process.env.CT_STREAM_SHARED_LIMIT_PATIENCE ?? 30)
const ENTRIES = 16_500

interface Figures {
  readonly entries: number
  readonly requests: number
  readonly retries: number
  readonly requestsPerSecond: number | undefined
  /** Seconds since it began. */
  readonly seconds: number
  readonly isComplete: boolean
}

const { sunlight, submit, missing } = inject('builds')

// `npm run test:logs -- shared-limit` prints the figures.
describe.skipIf(sunlight === undefined)(
  `a limit shared with others${missing.sunlight ? ` (${missing.sunlight})` : ''}`,
  () => {
    let log: SunlightLog
    const place = mkdtempSync(join(tmpdir(), 'ct-stream-shared-limit-'))
    beforeAll(async () => {
      log = await SunlightLog.open(sunlight!, submit!)
      await log.add(ENTRIES, '--plain', '--workers', '1000')
    })
    afterAll(async () => {
      await log?.close()
      rmSync(place, { recursive: true, force: true })
    })

    /** Whoever copies an example's address is anonymous for Skylight. */
    const anonymous = (spec: LogSpec, options: object) => ({ ...reading(spec, options), contact: 'tests@example.com' })

    /** Reads the log while `during` goes on, then until it is read or `patience` is over. */
    async function backfill(
      spec: LogSpec,
      options: object,
      during: Promise<unknown>,
    ): Promise<{ early: Figures; late: Figures }> {
      const began = performance.now()
      const stream = library.ctStream(anonymous(spec, { start: 'beginning', end: 'head', ...options }))
      let entries = 0
      let isComplete = false
      const indexes: number[] = []
      const figures = (): Figures => {
        const { requests = 0, retries = 0, requestsPerSecond } = stream.status().logs[0] ?? {}
        const seconds = (performance.now() - began) / 1000
        return { entries, requests, retries, requestsPerSecond, seconds: Number(seconds.toFixed(1)), isComplete }
      }
      const reader = (async () => {
        for await (const { index } of stream) {
          entries++
          indexes.push(index)
        }
        isComplete = entries === ENTRIES
      })()
      await during
      const early = figures()
      await Promise.race([reader, wait(PATIENCE_SECONDS * 1000)])
      const late = figures()
      await stream.close()
      await reader
      // However slow it was: in order, and each once.
      expect(indexes).toEqual(indexes.map((_, i) => i))
      return { early, late }
    }

    const pressure = async ({ monitoringUrl }: StaticCtLogSpec) => {
      const program = join(root, 'test', 'logs', 'programs', 'competitor.mjs')
      const url = `${monitoringUrl}checkpoint`
      const { stdout } = await run(process.execPath, [program, url, `${PRESSURE_PER_SECOND}`, `${PRESSURE_SECONDS}`])
      return JSON.parse(stdout) as Record<string, number>
    }

    const afterwards: number[] = []

    it('reads without pressure', async () => {
      const { late } = await backfill(log.spec, {}, Promise.resolve())
      console.log(`undisturbed: ${show(late)}`)
      expect(late.isComplete).toBe(true)
    })

    it.concurrent('a backfill that began under pressure', async () => {
      const spec = await log.another()
      const competing = pressure(spec)
      const { early, late } = await backfill(spec, {}, competing)
      console.log(`others: ${JSON.stringify(await competing)}`)
      console.log(`backfill, when the pressure ended: ${show(early)}`)
      console.log(`backfill, in the end: ${show(late)}`)
      expect(early.entries).toBeGreaterThan(0)
      afterwards.push(late.isComplete ? Math.max(0, late.seconds - early.seconds) : Number.POSITIVE_INFINITY)
    })

    it.concurrent('a follower that polled under pressure, then a backfill by the same file', async () => {
      const spec = await log.another()
      const checkpoint = join(place, 'follower.db')
      const follower = library.ctStream(
        anonymous(spec, { start: { index: ENTRIES - 1 }, checkpoint, pollIntervalMs: 1000 }),
      )
      const reader = (async () => {
        for await (const _ of follower);
      })()
      console.log(`others: ${JSON.stringify(await pressure(spec))}`)
      const { requests, retries, requestsPerSecond } = follower.status().logs[0]!
      console.log(`follower, when the pressure ended: ${JSON.stringify({ requests, retries, requestsPerSecond })}`)
      await follower.close()
      await reader

      // What was learned stays in the file; the position goes back.
      const store = new library.SqliteCheckpointStore(checkpoint)
      await store.open()
      const rows = await store.load()
      await store.commit(
        rows.map((row) => ({ ...row, position: 0, range: [], verifiedHead: undefined, pendingHeads: [] })),
      )
      await store.close()
      const { late } = await backfill(spec, { checkpoint }, Promise.resolve())
      console.log(`next process, in the end: ${show(late)}`)
      expect(rows.length).toBe(1)
      afterwards.push(late.isComplete ? late.seconds : Number.POSITIVE_INFINITY)
    })

    it.skipIf(pending.sharedLimit)(`full speed within ${WITHIN_SECONDS} s of the end of the pressure`, () => {
      expect(afterwards).toHaveLength(2)
      for (const seconds of afterwards) expect(seconds).toBeLessThan(WITHIN_SECONDS)
    })
  },
)

const show = (figures: Figures): string => JSON.stringify(figures)
