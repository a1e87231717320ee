import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { runBackfill } from '../../src/cluster/backfill.js'
import type { BackfillPlace } from '../../src/cluster/backfill-place.js'
import { openBackfills } from '../../src/cluster/open-backfills.js'
import type { LogClient } from '../../src/logs/client.js'
import type { TestLog } from '../../src/testing/index.js'
import type { LogInfo } from '../../src/types/log.js'
import { systemClock } from '../../src/util/clock.js'
import { BuiltCommand } from '../support/built-command.js'
import { freePort } from '../support/free-port.js'
import { certificates, logOf } from '../support/logs.js'
import { type BackfillTestPlace, kafkaBackfills, postgresBackfills } from './backfill-places.js'
import { noPostgres } from './database.js'
import { noKafka } from './kafka-place.js'
import { ownServer } from './own-server.js'

const STEP = 4096
/** Kills of a run; `CT_STREAM_TEST_KILLS=30 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_KILLS ?? 4)

describe.each([
  {
    engine: 'Postgres',
    isMissing: noPostgres,
    open: postgresBackfills,
    urlAt: (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  },
  { engine: 'Kafka', isMissing: noKafka, open: kafkaBackfills, urlAt: (port: number) => `kafka://127.0.0.1:${port}` },
])('ct-stream backfill into $engine', ({ engine, isMissing, open, urlAt }) => {
  let place: BackfillTestPlace
  beforeEach(async (context) => {
    context.skip(isMissing)
    place = await open()
  })
  afterEach(() => place?.remove())

  const start = (log: TestLog, ...argv: string[]) => {
    const named = log.spec.kind === 'static-ct' ? ['--submission-url', log.spec.submissionUrl] : []
    const flags = ['--log', log.url, '--key', log.key, ...named, '--db', place.url]
    const range = argv.includes('--range') ? [] : ['--range', `${STEP}`]
    const own = [...range, '--lease', place.lease, '--log-level', 'info', ...argv]
    return new BuiltCommand(['backfill', ...flags, ...own], import.meta.dirname)
  }

  it.each(['rfc6962', 'static-ct'] as const)(
    `reads a %s log by three processes under ${KILLS} kills, each entry once, and ends with one tree`,
    async (kind) => {
      const log = await logOf(STEP * 5 + 700, { kind, operator: 'one' })
      const [from, to] = [300, STEP * 5 + 500]
      const own = ['--from', `${from}`, '--to', `${to}`]
      const running = [start(log, ...own), start(log, ...own), start(log, ...own)]
      for (let kill = 0; kill < KILLS; kill++) {
        const victim = running[kill % 3] as BuiltCommand
        await victim.says('stderr', /(reading backfill)/)
        await victim.stop('SIGKILL')
        running[kill % 3] = start(log, ...own)
      }
      // Those that are killed may have been finished: what the others find is what counts.
      expect(await Promise.all(running.map(({ closed }) => closed))).toEqual([0, 0, 0])
      for (const { stdout } of running)
        expect(stdout).toContain(`are there, proven to be a part of the tree of ${log.size} entries`)
      expect(await place.job()).toEqual({ state: 'done', reason: null })
      expect(await place.indexes(log.logId)).toEqual(Array.from({ length: to - from }, (_, i) => from + i))
    },
    120_000,
  )

  it('ends with status 1 when it is stopped before all ranges are there, and goes on when it is started again', async () => {
    const log = await logOf(STEP * 3)
    const isLater = ({ path }: { readonly path: string }) => Number(/start=(\d+)/.exec(path)?.[1]) >= STEP
    log.fault({ on: 'get-entries', when: isLater, status: 503 })
    const stopped = start(log)
    await stopped.says('stderr', /(1 of 3 ranges)/)
    expect(await stopped.stop()).toBe(1)
    expect(stopped.stdout).toContain(`${STEP} are there; the same command goes on`)
    expect(stopped.stderr).toMatch(/ct-stream: interrupted\n$/)
    expect(await place.job()).toEqual({ state: 'running', reason: null })
    log.clearFaults()
    expect(await start(log).closed).toBe(0)
    expect(await place.job()).toEqual({ state: 'done', reason: null })
  }, 60_000)

  it('ends with status 1 when it is stopped while it waits for the engine', async () => {
    const log = await logOf(100)
    const nobody = ['--db', urlAt(await freePort())]
    const waiting = new BuiltCommand(['backfill', '--log', log.url, '--key', log.key, ...nobody], import.meta.dirname)
    await waiting.says('stderr', /(trying again)/)
    expect(await waiting.stop()).toBe(1)
    expect(waiting.stderr).toMatch(/ct-stream: interrupted\n$/)
  }, 60_000)

  it('ends with one tree, whatever the length of a range', async () => {
    const log = await logOf(12_000)
    const running = start(log, '--range', '5000')
    expect(await running.closed, running.stderr).toBe(0)
    expect(await place.job()).toEqual({ state: 'done', reason: null })
    expect(await place.indexes(log.logId)).toHaveLength(12_000)
  })

  it('is one where processes begin at different heads', async () => {
    const log = await logOf(100)
    const { logId, url } = log
    const info = { id: logId, description: 'a', operator: 'one', kind: 'rfc6962', url } as LogInfo
    const sizes = [100, 120, 110]
    const places = await Promise.all(
      sizes.map((_, i) =>
        openBackfills(place.url, {
          member: `member ${i}`,
          leaseMs: Number.parseInt(place.lease, 10) * 1000,
          clock: systemClock,
        }),
      ),
    )
    onTestFinished(async () => void (await Promise.all(places.map((one) => one.close()))))
    // Nobody has begun before all have looked, and have their heads.
    const asked = new Set<number>()
    let onAll = () => {}
    const all = new Promise<void>((resolve) => {
      onAll = resolve
    })
    const begin = async (shared: BackfillPlace, size: number) => {
      const stop = new AbortController()
      const client = {
        log: info,
        async head() {
          if (asked.add(size).size === sizes.length) onAll()
          await all
          return { treeSize: size, timestamp: 5, rootHash: new Uint8Array(32), signature: new Uint8Array(70) }
        },
      } as unknown as LogClient
      return runBackfill({
        ...{
          place: shared,
          leaseMs: 1000,
          client,
          from: 0,
          to: undefined,
          step: STEP,
          clock: systemClock,
          signal: stop.signal,
        },
        stream: () => expect.unreachable('it is stopped before'),
        onProgress: () => stop.abort(),
        logger: { debug() {}, info() {}, warn() {}, error() {} },
      })
    }
    const jobs = await Promise.all(places.map((shared, i) => begin(shared, sizes[i] as number)))
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1)
    expect(await place.count()).toBe(1)
  }, 60_000)

  it('waits for an engine that is killed in the middle, and goes on when it is back', async () => {
    const server = await ownServer(engine === 'Kafka' ? 'kafka' : 'postgres')
    onTestFinished(() => server.remove())
    await server.start()
    await place.remove()
    place = await open(urlAt(server.port))
    const log = await logOf(STEP * 3)
    const running = start(log)
    await running.says('stderr', /(reading backfill 1 from 0)/)
    await server.kill()
    await running.says('stderr', /(trying again|opened again)/)
    await server.start()
    expect(await running.closed, running.stderr).toBe(0)
    expect(await place.job()).toEqual({ state: 'done', reason: null })
    expect(await place.indexes(log.logId)).toEqual(Array.from({ length: log.size }, (_, i) => i))
  }, 180_000)

  it('fails if one of the processes is served another tree', async () => {
    const log = await logOf(STEP * 3, { operator: 'one' })
    const fork = log.fork(STEP + 100)
    fork.add(certificates(STEP * 2))
    fork.publish()
    const first = start(log)
    await first.says('stderr', /(reading backfill 1 from 0)/)
    await first.stop('SIGKILL')
    log.fault({ on: '*', from: fork })
    const second = start(log)
    expect(await second.closed).toBe(1)
    expect(second.stderr).toContain('contradicts what it signed')
    expect(await place.job()).toMatchObject({ state: 'failed', reason: expect.stringContaining('CT_') })
  })

  it('fails if the ranges that two processes have proven do not join', async () => {
    const log = await logOf(STEP * 3, { operator: 'one' })
    const first = start(log)
    await first.says('stderr', /(1 of 3 ranges)/)
    await first.stop('SIGKILL')
    // As if its reader had been served a tree of its own from the beginning.
    await place.tamper(STEP)
    const second = start(log)
    expect(await second.closed).toBe(1)
    expect(second.stderr).toContain(`two trees meet at entry ${STEP}`)
  })

  it('refuses a range that the log does not have', async () => {
    const log = await logOf(100)
    const late = start(log, '--from', '100')
    expect([await late.closed, late.stderr]).toEqual([2, expect.stringContaining('above 100, and 100 at most')])
  })
})
