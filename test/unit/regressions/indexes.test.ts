import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, certificates, follow, openLog } from './logs.js'

const ENTRIES = certificates(700, 'indexes')
const KINDS = ['rfc6962', 'static-ct'] as const

describe('which entry comes next', () => {
  // Lost entries on each short page: advanced by what was asked for, not by what came.
  it.each([1, 2, 17, 33, 100, 255])('is counted by what was received, in answers of at most %i', async (entries) => {
    const log = await openLog({ entries: ENTRIES, pageSize: entries, align: entries % 2 === 0 })
    const end = entries === 1 ? { index: 150 } : ('head' as const)
    // Proofs would find the gap and have it read again: it must not be there in the first place.
    for (const verify of ['full', 'none-unverified'] as const) {
      const stream = backfill(log, { end, verify })
      const errors: unknown[] = []
      stream.on('error', ({ error }) => errors.push(error))
      expect(indexesOf(await take(stream))).toEqual(range(0, entries === 1 ? 150 : 700))
      expect(errors).toEqual([])
    }
  })

  it('is counted by what was received when every answer has another length', async () => {
    const log = await openLog({ entries: ENTRIES })
    for (const [after, entries] of [1, 100, 3, 64, 250, 7, 32].entries())
      log.fault({ on: 'get-entries', times: 1, after, entries })
    expect(indexesOf(await take(backfill(log)))).toEqual(range(0, 700))
  })

  // One entry lost for each log and start: started at tree_size and fetched from one after it.
  it.each(KINDS)('is the one at tree_size where a %s log is joined now', async (kind) => {
    for (const size of [0, 1, 255, 256, 300]) {
      const log = await openLog({ kind, entries: ENTRIES.slice(0, size) })
      const reader = follow({ logs: [log.spec] })
      await reader.until(() => reader.state(log.logId) === 'live')
      log.add(ENTRIES.slice(size, size + 1))
      log.publish()
      await reader.until(() => reader.certificates.length > 0)
      log.add(ENTRIES.slice(size + 1, size + 3))
      log.publish()
      await reader.until(() => reader.certificates.length >= 3)
      expect(reader.indexes()).toEqual([size, size + 1, size + 2])
      await reader.close()
    }
  })

  it.each(KINDS)('is the first one where a %s log is read from the beginning', async (kind) => {
    const log = await openLog({ kind, entries: ENTRIES.slice(0, 3) })
    expect(indexesOf(await take(backfill(log)))).toEqual([0, 1, 2])
    expect(indexesOf(await take(backfill(log, { start: { index: 0 } })))).toEqual([0, 1, 2])
  })
})

describe('requests', () => {
  // Off by one past the head: 400, then a long sleep, at every poll.
  it('never ask past the signed head, and none is answered 400', async () => {
    const log = await openLog({ entries: ENTRIES.slice(0, 100) })
    const reader = follow({ logs: [log.spec], start: 'beginning' })
    for (let size = 100; size <= 700; size += 37) {
      await reader.until(() => reader.certificates.length === Math.min(log.size, 700))
      log.add(ENTRIES.slice(log.size, size))
      log.publish()
    }
    await reader.until(() => reader.certificates.length === log.size)
    const asked = log.requests.filter(({ endpoint }) => endpoint === 'get-entries')
    expect(asked.length).toBeGreaterThan(10)
    for (const { receivedAt, start = -1, endInclusive = Number.NaN, status } of asked) {
      const heads = log.heads.filter(({ timestamp }) => timestamp <= receivedAt + 1)
      expect(start).toBeGreaterThanOrEqual(0)
      expect(endInclusive).toBeLessThan(Math.max(...heads.map(({ treeSize }) => treeSize)))
      expect(status).toBe(200)
    }
    expect(reader.errors).toEqual([])
    expect(reader.indexes()).toEqual(range(0, log.size))
  })

  // A 400 to get-entries ("need tree size") was taken for "skip to the head": a gap nobody counted.
  it.each([400, 404, 410, 416])('answered %i are asked again, and nothing is skipped', async (status) => {
    const log = await openLog({ entries: ENTRIES })
    log.fault({
      on: 'get-entries',
      times: 6,
      after: 1,
      status,
      body: 'need tree size: 701 to get leaves but only got: 500\n',
    })
    const stream = backfill(log)
    const gaps: unknown[] = []
    stream.on('gap', (gap) => gaps.push(gap))
    expect(indexesOf(await take(stream))).toEqual(range(0, 700))
    expect(gaps).toEqual([])
  })
})

describe('a log that the checkpoint does not know', () => {
  // Recovery with a saved state that lacks a log began at index 0 of hundreds of millions.
  it('begins where the option says, not at 0, beside one that is known', async () => {
    const checkpoint = new MemoryCheckpointStore()
    const known = await openLog({ entries: ENTRIES.slice(0, 50), operator: 'A' })
    const added = await openLog({ entries: ENTRIES.slice(0, 60), operator: 'B' })
    expect(indexesOf(await take(backfill(known, { checkpoint })))).toEqual(range(0, 50))
    const reader = follow({ logs: [known.spec, added.spec], checkpoint })
    await reader.until(() => [known, added].every(({ logId }) => reader.state(logId) === 'live'))
    for (const log of [known, added]) {
      log.add(certificates(5, `more ${log.operator}`))
      log.publish()
    }
    await reader.until(() => reader.certificates.length >= 10)
    expect(reader.indexes(known.logId)).toEqual(range(50, 55))
    expect(reader.indexes(added.logId)).toEqual(range(60, 65))
  })
})
