import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { Fault } from '../../../src/testing/index.js'
import type { LogCheckpoint } from '../../../src/types/checkpoint.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, grow, logOf } from '../../support/logs.js'
import { Reader } from '../../support/reader.js'
import { passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const following = { pollIntervalMs: 1000, partialTileDelayMs: 0, commit: 'manual' } as const

/** Without a commit, closing leaves in the store what a killed process does. */
const left = async (store: MemoryCheckpointStore): Promise<readonly LogCheckpoint[]> => {
  store.open()
  const rows = store.load()
  store.close()
  return rows
}

it.each(['rfc6962', 'static-ct'] as const)(
  'remembers where a %s log was begun, whether or not anything is ever committed',
  async (kind) => {
    const log = await logOf(300, { kind })
    const checkpoint = new MemoryCheckpointStore()
    const options = { logs: [log.spec], checkpoint, ...following, clock: fastClock(100) }
    const first = new Reader(ctStream(options))
    await first.until(({ states }) => states.some(({ state }) => state === 'live'))
    grow(log, 80)
    await first.until(({ certificates }) => certificates.length === 80)
    await first.close()
    grow(log, 500)
    expect(indexesOf(await take(ctStream({ ...options, end: 'head' })))).toEqual(range(300, 880))
  },
)

it('acknowledges nothing of the other logs when another one is begun', async () => {
  const [early, late] = [await logOf(50), await logOf(50, { kind: 'static-ct' })]
  const checkpoint = new MemoryCheckpointStore()
  late.fault({ on: 'checkpoint', times: 3, status: 503 })
  const logs = [early.spec, late.spec]
  const stream = ctStream({ logs, start: 'beginning', checkpoint, ...following, clock: fastClock(100) })
  const reader = new Reader(stream)
  await reader.until(({ certificates }) => certificates.length === 100)
  const { entries } = stream.status()
  await reader.close()
  expect(entries).toBeGreaterThanOrEqual(99)
  expect((await left(checkpoint)).map(({ position }) => position)).toEqual([0, 0])
})

it('leaves what was committed as it was when a cursor begins elsewhere', async () => {
  const log = await logOf(50)
  const checkpoint = new MemoryCheckpointStore()
  const certificates = await take(backfill(log, { checkpoint }), 31)
  const resume = certificates[10]?.cursor
  const stream = backfill(log, { checkpoint, commit: 'manual', resume })
  await take(stream)
  await stream.close()
  expect((await left(checkpoint)).map(({ position }) => position)).toEqual([30])
})

describe.each(['rfc6962', 'static-ct'] as const)('a %s log that begins now', (kind) => {
  const HOUR = 3_600_000
  const DAY = 24 * HOUR
  /** A log whose entries are some days old, and a stream that begins when it has been out of reach for a while. */
  async function begun(unreachable: Fault, entries: number, streams = 1) {
    const clock = new VirtualClock(Date.now())
    const log = await logOf(300, { kind, clock })
    await clock.pass(2 * DAY)
    const down = log.fault(unreachable)
    let reader = await readOn(clock, { logs: [log.spec], start: 'now' })
    await clock.pass(2 * HOUR)
    for (let i = 1; i < streams; i++) {
      await reader.close()
      reader = await readOn(clock, { logs: [log.spec], start: 'now' })
    }
    grow(log, entries)
    await clock.pass(2 * HOUR)
    down.clear()
    await passUntil(
      clock,
      () => reader.state(log.logId) === 'live' && reader.certificates.length >= entries,
      DAY,
      60_000,
    )
    grow(log, 2)
    await passUntil(clock, () => reader.certificates.length > entries, DAY, 60_000)
    return reader.indexes(log.logId)
  }

  it('is read from then on when it was out of reach at first', async () => {
    expect(await begun({ on: '*', status: 503 }, 50)).toEqual(range(300, 352))
  })

  it('is read from then on when the stream had to end meanwhile, and another one of the process took over', async () => {
    expect(await begun({ on: '*', status: 503 }, 50, 2)).toEqual(range(300, 352))
  })

  it('is read from then on when it served heads at first and nothing else', async () => {
    const on =
      kind === 'rfc6962'
        ? (['get-entries', 'get-sth-consistency', 'get-entry-and-proof', 'get-proof-by-hash'] as const)
        : 'tile'
    expect(await begun({ on, status: 404 }, 50)).toEqual(range(300, 352))
  })
})
