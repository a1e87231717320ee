import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { CtStreamError } from '../../../src/errors.js'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { TestLog } from '../../../src/testing/index.js'
import type { LogCheckpoint } from '../../../src/types/checkpoint.js'
import type { CtStreamOptions } from '../../../src/types/stream.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, grow, logOf } from '../../support/logs.js'

/** Fails some of its writes, before or after they took effect. */
class FailingStore extends MemoryCheckpointStore {
  commits = 0
  failing: (commit: number) => 'before' | 'after' | undefined = () => undefined

  override commit(checkpoints: readonly LogCheckpoint[]): void {
    const failure = this.failing(++this.commits)
    if (failure === 'before') throw full()
    super.commit(checkpoints)
    if (failure === 'after') throw full()
  }
}

const full = () => new CtStreamError('CT_CHECKPOINT_UNUSABLE', 'the disk is full', { retryable: true })

describe('a commit that fails', () => {
  it('is told to who asked for it, and the next one makes up for it', async () => {
    const log = await logOf(300)
    const checkpoint = new FailingStore()
    // The first one is that of the beginning.
    checkpoint.failing = (commit) => (commit === 2 ? 'before' : commit === 3 ? 'after' : undefined)
    const stream = backfill(log, { checkpoint, commit: 'manual' })
    const commits: number[] = []
    stream.on('commit', ({ entries }) => commits.push(entries))
    for await (const { index } of stream) {
      if (index === 10 || index === 20) await expect(stream.commit()).rejects.toMatchObject({ retryable: true })
      if (index === 30) await stream.commit()
    }
    expect(commits).toEqual([30])
    expect(indexesOf(await take(backfill(log, { checkpoint, commit: 'manual' })))).toEqual(range(30, 300))
  })

  it.each(['before', 'after'] as const)(
    '(%s it took effect) ends the stream with its error, and loses nothing',
    async (when) => {
      const log = await logOf(600)
      const checkpoint = new FailingStore()
      const indexes: number[] = []
      let ends = 0
      for (let fail = 1; ; fail++) {
        checkpoint.commits = 0
        checkpoint.failing = (commit) => (commit === fail ? when : undefined)
        const stream = backfill(log, { checkpoint, commit: { everyEntries: 100, everyMs: 3_600_000 } })
        try {
          for await (const { index } of stream) indexes.push(index)
          break
        } catch (error) {
          expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
          ends++
        }
      }
      expect(ends).toBeGreaterThan(2)
      // Nothing is left out; what comes again was acknowledged after the last commit that was written.
      expect([...new Set(indexes)]).toEqual(range(0, 600))
      const again = indexes.filter((index, i) => i > 0 && index <= (indexes[i - 1] as number))
      expect(again.length).toBeLessThanOrEqual(ends)
    },
  )

  it('as the stream is closed is told to who closes it', async () => {
    const log = await logOf(100)
    const checkpoint = new FailingStore()
    const stream = backfill(log, { checkpoint, commit: { everyMs: 3_600_000, everyEntries: 10_000_000 } })
    const reading = (async () => {
      for await (const { index } of stream) {
        if (index < 50) continue
        checkpoint.failing = () => 'before'
        await expect(stream.close()).rejects.toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
        break
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
    checkpoint.failing = () => undefined
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(0, 100))
  })
})

describe('what is committed', () => {
  /** Looks at every row that is written: position, range and heads fit each other and the log. */
  class CheckedStore extends MemoryCheckpointStore {
    readonly positions: number[] = []
    private readonly known: ReadonlyMap<string, TestLog>

    constructor(logs: readonly TestLog[]) {
      super()
      this.known = new Map(logs.map((log) => [log.logId, log]))
    }

    override commit(checkpoints: readonly LogCheckpoint[]): void {
      for (const {
        log: { id },
        position,
        range: hashes,
        verifiedHead,
        pendingHeads,
      } of checkpoints) {
        const log = this.known.get(id) as TestLog
        this.positions.push(position)
        expect(Buffer.from(new CompactRange(position, hashes ?? []).root())).toEqual(Buffer.from(log.root(position)))
        expect(verifiedHead?.treeSize).toBeGreaterThanOrEqual(position)
        for (const head of [verifiedHead, ...pendingHeads])
          expect(Buffer.from(head?.rootHash ?? [])).toEqual(Buffer.from(log.root(head?.treeSize ?? 0)))
      }
      super.commit(checkpoints)
    }
  }

  it('fits together at every moment, however it was acknowledged, and every cursor goes on after its entry', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 300 }),
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 97 }),
        async (size, more, byPage, filtered, step) => {
          const logs = [await logOf(size, { pageSize: 37 }), await logOf(more, { kind: 'static-ct' })]
          const store = new CheckedStore(logs)
          const options: CtStreamOptions = {
            logs: logs.map(({ spec }) => spec),
            start: 'beginning',
            end: 'head',
            checkpoint: store,
            commit: { everyEntries: step, everyMs: 10 },
            clock: fastClock(1000),
            maxBufferedBytes: 1_000_000,
            ...(filtered && { filter: { match: ({ index }) => index % 3 === 0 } }),
          }
          const seen = logs.map(() => [] as number[])
          const put = (id: string, index: number) => seen[logs.findIndex(({ logId }) => logId === id)]?.push(index)
          let cursor: string | undefined
          for (let round = 0; round < 2; round++) {
            const stream = ctStream(options)
            let count = 0
            if (byPage)
              for await (const page of stream.batches()) {
                for (const { log, index } of page) put(log.id, index)
                cursor = page.at(-1)?.cursor
                if (++count % 3 === 0) await stream.commit()
              }
            else
              for await (const certificate of stream) {
                put(certificate.log.id, certificate.index)
                cursor = certificate.cursor
                if (++count % step === 0) {
                  stream.acknowledge()
                  await stream.commit()
                }
              }
            if (round === 0) for (const log of logs) grow(log, 50)
          }
          const wanted = (n: number) => range(0, n).filter((index) => !filtered || index % 3 === 0)
          expect(seen).toEqual(logs.map((log) => wanted(log.size)))
          if (cursor === undefined) return
          const rest = await take(ctStream({ ...options, checkpoint: false, resume: cursor }))
          for (const { log, index } of rest)
            expect(index).toBeGreaterThanOrEqual(logs.find((l) => l.logId === log.id)?.size ?? 0)
        },
      ),
      { numRuns: 12 },
    )
  }, 60_000)
})

describe('a row that is not as it was committed', () => {
  /** Returns its rows as a database of one's own may: not as they were given. */
  class DamagingStore extends MemoryCheckpointStore {
    damage: (row: LogCheckpoint) => unknown = (row) => row

    override load(): readonly LogCheckpoint[] {
      return super.load().map(this.damage) as readonly LogCheckpoint[]
    }
  }

  it.each([
    ['went through JSON', (row: LogCheckpoint) => JSON.parse(JSON.stringify(row)), 'range[0]'],
    ['has a position one further', (row: LogCheckpoint) => ({ ...row, position: row.position + 1 }), 'checksum'],
    ['has a flipped bit', flip, 'checksum'],
    ['has no learned limits', (row: LogCheckpoint) => ({ ...row, learned: null }), 'learned'],
  ])('(it %s) ends the stream and is not held against the log', async (_, damage, field) => {
    const log = await logOf(300)
    const checkpoint = new DamagingStore()
    await take(backfill(log, { checkpoint }), 150)
    checkpoint.damage = damage
    const stream = backfill(log, { checkpoint })
    const accused: unknown[] = []
    stream.on('misbehaviour', (event) => accused.push(event))
    const error = await take(stream).catch((error) => error)
    expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: false, logId: log.logId })
    expect(error.message).toContain(`(${field} must be`)
    expect(accused).toEqual([])
    checkpoint.damage = (row) => row
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(149, 300))
  })

  function flip(row: LogCheckpoint): LogCheckpoint {
    return { ...row, range: row.range?.map((hash) => hash.map((byte) => byte ^ 1)) }
  }
})
