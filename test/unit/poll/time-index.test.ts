import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { indexAfterTime, indexBeforeTime, type TimedTree } from '../../../src/poll/time-index.js'
import type { EntryBatch } from '../../../src/types/entries.js'
import { batchOf } from '../../support/memory-log.js'

interface Log {
  /** Of the entries in the order in which they were merged; `undefined`: a leaf that has none. */
  readonly timestamps: readonly (number | undefined)[]
  readonly mergeDelayMs: number
  readonly pageSize: number
}

/** A tree to search, and what was asked of it. */
function treeOf({ timestamps, mergeDelayMs, pageSize }: Log) {
  const asked: number[] = []
  const proven: number[] = []
  const tree: TimedTree = {
    treeSize: timestamps.length,
    mergeDelayMs,
    entries: async (start, end): Promise<EntryBatch> => {
      asked.push(start)
      expect(start).toBeGreaterThanOrEqual(0)
      expect(end).toBeGreaterThan(start)
      expect(end).toBeLessThanOrEqual(timestamps.length)
      return batchOf(start, Math.min(end - start, pageSize))
    },
    timestampOf: (leaf) => timestamps[Number(Buffer.from(leaf).readBigUInt64BE(2))],
    prove: async (index) => {
      proven.push(index)
    },
  }
  return { tree, asked, proven }
}

/** A log that keeps its merge delay: entries in the order of their merge, each at most that long after its timestamp. */
const logs: fc.Arbitrary<Log> = fc
  .record({
    entries: fc.array(
      fc.record({ timestamp: fc.nat(2000), delay: fc.nat(1000), malformed: fc.integer({ min: 0, max: 19 }) }),
      { maxLength: 600 },
    ),
    mergeDelayMs: fc.oneof(fc.constant(0), fc.nat(1000)),
    pageSize: fc.integer({ min: 1, max: 300 }),
  })
  .map(({ entries, mergeDelayMs, pageSize }) => {
    const merged = entries.map(({ timestamp, delay, malformed }) => ({
      timestamp: malformed === 0 ? undefined : timestamp,
      mergedAt: timestamp + (mergeDelayMs === 0 ? 0 : delay % (mergeDelayMs + 1)),
    }))
    merged.sort((a, b) => a.mergedAt - b.mergedAt)
    return { timestamps: merged.map(({ timestamp }) => timestamp), mergeDelayMs, pageSize }
  })

const times = fc.integer({ min: -10, max: 2010 })
const runs = { numRuns: 2000 }

describe('the index before a time', () => {
  it('leaves out no entry of that time or later, whatever was merged late, however short the pages', async () => {
    await fc.assert(
      fc.asyncProperty(logs, times, async (log, time) => {
        const { tree, asked, proven } = treeOf(log)
        const start = await indexBeforeTime(time, tree)
        const before = log.timestamps.slice(0, start)
        expect(before.filter((timestamp) => timestamp !== undefined && timestamp >= time)).toEqual([])
        // The entry it rests on is proven, and no other.
        expect(proven).toEqual(start === 0 ? [] : [start - 1])
        expect(asked.length).toBeLessThanOrEqual(Math.ceil(Math.log2(log.timestamps.length + 1)))
      }),
      runs,
    )
  })

  it('leaves little in that is older', async () => {
    await fc.assert(
      fc.asyncProperty(logs, times, async (log, time) => {
        const timestamps = log.timestamps.filter((timestamp) => timestamp !== undefined)
        const start = await indexBeforeTime(time, treeOf({ ...log, timestamps }).tree)
        const oldest = Math.min(...timestamps.slice(start))
        expect(oldest).toBeGreaterThanOrEqual(time - 2 * log.mergeDelayMs)
      }),
      runs,
    )
  })
})

describe('the index after a time', () => {
  it('leaves out no older entry, whatever was merged late, however short the pages', async () => {
    await fc.assert(
      fc.asyncProperty(logs, times, async (log, time) => {
        const { tree, asked, proven } = treeOf(log)
        const end = await indexAfterTime(time, tree)
        const after = log.timestamps.slice(end)
        expect(after.filter((timestamp) => timestamp !== undefined && timestamp < time)).toEqual([])
        expect(proven).toEqual(end === log.timestamps.length ? [] : [end])
        expect(asked.length).toBeLessThanOrEqual(Math.ceil(Math.log2(log.timestamps.length + 1)))
      }),
      runs,
    )
  })

  it('leaves little in that is later', async () => {
    await fc.assert(
      fc.asyncProperty(logs, times, async (log, time) => {
        const timestamps = log.timestamps.filter((timestamp) => timestamp !== undefined)
        const end = await indexAfterTime(time, treeOf({ ...log, timestamps }).tree)
        expect(Math.max(...timestamps.slice(0, end))).toBeLessThan(time + 2 * log.mergeDelayMs + 1)
      }),
      runs,
    )
  })
})

describe('a time', () => {
  it('is found in a billion entries with a request for each halving', async () => {
    const treeSize = 1_000_000_000
    const asked: number[] = []
    const tree: TimedTree = {
      treeSize,
      mergeDelayMs: 86_400_000,
      entries: async (start, end) => {
        asked.push(start)
        return batchOf(start, end - start)
      },
      timestampOf: (leaf) => Number(Buffer.from(leaf).readBigUInt64BE(2)) * 100,
      prove: async () => {},
    }
    expect(await indexBeforeTime(50_000_000_000, tree)).toBe(500_000_000 - 864_000)
    expect(asked.length).toBeLessThanOrEqual(30)
    expect(await indexAfterTime(50_000_000_000, tree)).toBe(500_000_000 + 864_000)
    expect(asked.length).toBeLessThanOrEqual(60)
  })

  it('is not found where the proof fails, and the pages are released', async () => {
    const pages: EntryBatch[] = []
    const log = treeOf({ timestamps: [1, 2, 3, 4], mergeDelayMs: 0, pageSize: 2 })
    const tree: TimedTree = {
      ...log.tree,
      entries: async (start, end) => {
        const page = await log.tree.entries(start, end)
        pages.push(page)
        return page
      },
      prove: () => Promise.reject(new Error('not in the tree')),
    }
    await expect(indexBeforeTime(3, tree)).rejects.toThrow('not in the tree')
    await expect(indexAfterTime(3, tree)).rejects.toThrow('not in the tree')
    for (const page of pages) expect(() => page.leafInput(0)).toThrow('released')
    expect(pages.length).toBeGreaterThan(1)
  })
})
