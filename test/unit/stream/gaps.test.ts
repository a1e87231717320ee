import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { openGaps } from '../../../src/checkpoint/open-gaps.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, grow, logOf } from '../../support/logs.js'

const ENTRIES = ['get-entries', 'data-tile'] as const
/** Where the log is to be given up: the day of `backfill` is four seconds of the machine. */
const impatient = { endPatienceMs: 3_600_000 } as const

/** What a store says is missing, by now. */
function missingIn(store: MemoryCheckpointStore) {
  store.open()
  const gaps = openGaps(store.gaps(), store.load())
  store.close()
  return gaps.map(({ start, end }) => [start, end])
}

describe.each(['rfc6962', 'static-ct'] as const)('the gap of a %s log', (kind) => {
  it('is none any more when a later run has read it', async () => {
    const log = await logOf(600, { kind })
    const checkpoint = new MemoryCheckpointStore()
    const run = (options: CtStreamOptions = {}) => take(backfill(log, { checkpoint, ...options }))
    log.fault({ on: ENTRIES, after: 1, flipBit: { in: 'leaf', item: 3, byte: 20 } })
    await expect(run(impatient)).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    const [[start, end] = []] = missingIn(checkpoint)
    expect(start).toBeGreaterThan(0)
    expect(end).toBe(600)

    log.clearFaults()
    expect(indexesOf(await run())).toEqual(range(start as number, 600))
    expect(missingIn(checkpoint)).toEqual([])
  })

  it('stays one when a cursor jumps over it', async () => {
    const log = await logOf(600, { kind })
    const cursor = (await take(backfill(log))).at(-1)?.cursor
    const checkpoint = new MemoryCheckpointStore()
    const lie = log.fault({ on: ENTRIES, after: 1, flipBit: { in: 'leaf', item: 3, byte: 20 } })
    await expect(take(backfill(log, { checkpoint, ...impatient }))).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    const before = missingIn(checkpoint)
    lie.clear()
    grow(log, 10)
    expect(indexesOf(await take(backfill(log, { checkpoint, resume: cursor })))).toEqual(range(600, 610))
    expect(missingIn(checkpoint)).toEqual(before)
  })

  it('begins where the stream began, though it was never opened', async () => {
    const log = await logOf(600, { kind })
    log.fault({ on: ['tile', 'get-sth-consistency', 'get-entry-and-proof'], flipBit: { in: 'hash', item: 0 } })
    const checkpoint = new MemoryCheckpointStore()
    const reading = take(backfill(log, { checkpoint, start: { index: 100 }, ...impatient }))
    await expect(reading).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    expect(missingIn(checkpoint)).toEqual([[100, 600]])
  })
})
