import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { LogSpec, StaticCtLogSpec } from '../../src/index.js'
import { library, reading, root } from './library.js'
import { run } from './servers/process.js'
import { SunlightLog } from './servers/sunlight.js'

/** Skylight lets all clients that name no address have 75 requests/s together. Another one asks for more than that. */
const PRESSURE_SECONDS = 20
const PRESSURE_PER_SECOND = 150
/** Full speed is back this soon after the pressure ended. */
const WITHIN_SECONDS = 20
/** How long to wait and see. */
const PATIENCE_SECONDS = Number(process.env.CT_STREAM_TEST_SHARED_LIMIT_PATIENCE ?? 30)
/** A static log can be read again and again: 350 requests, 5 s of the limit. */
const ENTRIES = 8_000
const PASSES = 10

interface Reading {
  passes: number
  entries: number
  requests: number
  /** Requests that were sent again: refused, nearly all of them. */
  retries: number
  /** The rate that the reader took for the limit, in the end. */
  requestsPerSecond: number | undefined
}

const { sunlight, submit, missing } = inject('builds')
const why = missing.sunlight === undefined ? '' : ` (${missing.sunlight})`

describe.skipIf(sunlight === undefined)(`a limit shared with others${why}`, () => {
  let log: SunlightLog
  let beginning: string
  let place: string
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'ct-stream-shared-limit-'))
    log = await SunlightLog.open(sunlight!, submit!)
    await log.add(ENTRIES, '--plain', '--workers', '1000')
  })
  afterAll(async () => {
    await log?.close()
    rmSync(place, { recursive: true, force: true })
  })

  /** Whoever copies an example's address is anonymous for Skylight. */
  const anonymous = (spec: LogSpec, options: object) => ({ ...reading(spec, options), contact: 'tests@example.com' })

  /**
   * Reads the log again and again, each time by a new stream with the same file, as one process after the other: each knows of
   * the log's limits what the file says. Until `done`, or `signal`.
   */
  async function readAgain(spec: LogSpec, checkpoint: string, done: (soFar: Reading) => boolean, signal?: AbortSignal) {
    const sum: Reading = { passes: 0, entries: 0, requests: 0, retries: 0, requestsPerSecond: undefined }
    while (!done(sum) && !signal?.aborted) {
      // The cursor decides where to read, the file what is known.
      const stream = library.ctStream(anonymous(spec, { end: 'head', checkpoint, resume: beginning, signal }))
      const indexes: number[] = []
      try {
        for await (const { index } of stream) {
          indexes.push(index)
          sum.entries++
        }
        expect(indexes).toHaveLength(ENTRIES - 1)
        sum.passes++
      } catch (error) {
        if (!signal?.aborted) throw error
      }
      // However slow it was: in order, and each once.
      expect(indexes).toEqual(indexes.map((_, i) => i + 1))
      const { requests = 0, retries = 0, requestsPerSecond } = stream.status().logs[0] ?? {}
      sum.requests += requests
      sum.retries += retries
      sum.requestsPerSecond = requestsPerSecond
    }
    return sum
  }

  /** How long some passes take, and what they did; `Infinity` when patience ended first. */
  async function timed(
    name: string,
    spec: LogSpec,
    checkpoint: string,
    patienceSeconds = PATIENCE_SECONDS,
  ): Promise<number> {
    const began = performance.now()
    const signal = AbortSignal.timeout(patienceSeconds * 1000)
    const sum = await readAgain(spec, checkpoint, ({ passes }) => passes === PASSES, signal)
    const seconds = (performance.now() - began) / 1000
    console.log(`${name}: ${sum.passes} of ${PASSES} passes in ${seconds.toFixed(1)} s ${JSON.stringify(sum)}`)
    return sum.passes === PASSES ? seconds : Number.POSITIVE_INFINITY
  }

  async function pressure({ monitoringUrl }: StaticCtLogSpec): Promise<void> {
    const program = join(root, 'test', 'logs', 'programs', 'competitor.mjs')
    const args = [program, `${monitoringUrl}checkpoint`, `${PRESSURE_PER_SECOND}`, `${PRESSURE_SECONDS}`]
    const answers = JSON.parse((await run(process.execPath, args)).stdout)
    console.log(`the others under pressure: ${JSON.stringify(answers)}`)
    expect(answers['429']).toBeGreaterThan(100)
  }

  it('reads without pressure', async () => {
    for await (const { cursor } of library.ctStream(reading(log.spec, { start: 'beginning' }))) {
      beginning = cursor
      break
    }
    expect(await timed('undisturbed', log.spec, join(place, 'undisturbed.db'), 90)).toBeLessThan(
      Number.POSITIVE_INFINITY,
    )
  })

  const afterwards = new Map<string, number>()

  it.concurrent('one that read under pressure', async () => {
    const spec = await log.another()
    const checkpoint = join(place, 'reader.db')
    let isOver = false
    const end = new AbortController()
    const competing = pressure(spec).finally(() => {
      isOver = true
      end.abort()
    })
    const sum = await readAgain(spec, checkpoint, () => isOver, end.signal)
    await competing
    console.log(`read under pressure: ${JSON.stringify(sum)}`)
    expect(sum.entries).toBeGreaterThan(0)
    afterwards.set('reader', await timed('read after the pressure', spec, checkpoint))
  })

  it.concurrent('one that followed the head under pressure', async () => {
    const spec = await log.another()
    const checkpoint = join(place, 'follower.db')
    const follower = library.ctStream(
      anonymous(spec, { checkpoint, start: { index: ENTRIES - 1 }, pollIntervalMs: 1000 }),
    )
    const reader = (async () => {
      for await (const _ of follower);
    })()
    await pressure(spec)
    const { requests, retries, requestsPerSecond } = follower.status().logs[0]!
    console.log(`followed under pressure: ${JSON.stringify({ requests, retries, requestsPerSecond })}`)
    await follower.close()
    await reader
    afterwards.set('follower', await timed('read after following', spec, checkpoint))
  })

  it(`full speed within ${WITHIN_SECONDS} s of the end of the pressure`, () => {
    expect([...afterwards.keys()].sort()).toEqual(['follower', 'reader'])
    for (const [, seconds] of afterwards) expect(seconds).toBeLessThan(WITHIN_SECONDS)
  })
})
