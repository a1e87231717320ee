import { rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { CtStreamError } from '../../../src/errors.js'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { TestLog } from '../../../src/testing/index.js'
import type { CheckpointStore, Evidence, Gap, LogCheckpoint } from '../../../src/types/checkpoint.js'
import type { Logger } from '../../../src/types/clock.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { fastClock, steppingClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, grow, logOf } from '../../support/logs.js'
import { useTempFolder } from '../checkpoint/temp-folder.js'

/** Fails some of its writes, before or after they took effect. */
class FailingStore extends MemoryCheckpointStore {
  commits = 0
  error: unknown = full()
  failing: (commit: number) => 'before' | 'after' | undefined = () => undefined
  /** How many of the other writes fail now. */
  failuresElsewhere = 0

  override commit(checkpoints: readonly LogCheckpoint[]): void {
    const failure = this.failing(++this.commits)
    if (failure === 'before') throw this.error
    super.commit(checkpoints)
    if (failure === 'after') throw this.error
  }

  override addGap(gap: Gap): void {
    this.failElsewhere()
    super.addGap(gap)
  }

  override addEvidence(evidence: Evidence): void {
    this.failElsewhere()
    super.addEvidence(evidence)
  }

  override putIssuer(fingerprint: string, der: Uint8Array): void {
    this.failElsewhere()
    super.putIssuer(fingerprint, der)
  }

  private failElsewhere(): void {
    if (this.failuresElsewhere-- > 0) throw this.error
  }
}

const full = () => new CtStreamError('CT_CHECKPOINT_UNUSABLE', 'the disk is full', { retryable: true })
const broken = () => new CtStreamError('CT_CHECKPOINT_UNUSABLE', 'the disk is broken')
const often = { everyEntries: 100, everyMs: 3_600_000 }

/** Keeps what is logged. */
function memoryLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const into = (level: string) => (message: string) => void lines.push(`${level}: ${message}`)
  return { lines, debug: into('debug'), info: into('info'), warn: into('warn'), error: into('error') }
}

describe('a commit that fails', () => {
  it('in a passing way is tried again while reading goes on, with one warning and a word when it is over', async () => {
    const log = await logOf(1000)
    const checkpoint = new FailingStore()
    const logger = memoryLogger()
    const stream = backfill(log, { checkpoint, commit: often, logger })
    const commits: number[] = []
    stream.on('commit', ({ entries }) => commits.push(entries))
    for await (const { index } of stream) {
      if (index === 150) checkpoint.failing = () => 'before'
      // Fails for 700 entries, and until it was tried again, however quickly those were read.
      if (index === 850) {
        while (checkpoint.commits <= 10) await new Promise((resolve) => setImmediate(resolve))
        checkpoint.failing = () => undefined
      }
    }
    expect(logger.lines.filter((line) => line.includes('the disk is full'))).toHaveLength(1)
    expect(logger.lines.filter((line) => line === 'info: the checkpoint store can be written again')).toHaveLength(1)
    expect(commits.reduce((a, b) => a + b)).toBe(1000)
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual([])
  })

  it.each(['before', 'after'] as const)(
    '(%s it took effect) for good ends the stream, and loses nothing',
    async (when) => {
      const log = await logOf(600)
      const checkpoint = new FailingStore()
      checkpoint.error = broken()
      const indexes: number[] = []
      let ends = 0
      for (let fail = 1; ; fail++) {
        checkpoint.commits = 0
        checkpoint.failing = (commit) => (commit === fail ? when : undefined)
        const stream = backfill(log, { checkpoint, commit: often })
        try {
          for await (const { index } of stream) indexes.push(index)
          break
        } catch (error) {
          expect(error).toBe(checkpoint.error)
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

  it('for more than five minutes ends the stream', async () => {
    const log = await logOf(600)
    const checkpoint = new FailingStore()
    const clock = steppingClock()
    const stream = backfill(log, { checkpoint, commit: often, clock })
    const reading = (async () => {
      for await (const { index } of stream) {
        if (index === 150) checkpoint.failing = () => 'before'
        if (index > 300) await new Promise((resolve) => setImmediate(resolve))
        if (index === 599) while (checkpoint.commits < 60) await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
      retryable: true,
      message: 'the disk is full (tried again for 300 s)',
    })
  })

  it('rejects the call of commit() after five seconds, and the next one makes up for it', async () => {
    const log = await logOf(300)
    const checkpoint = new FailingStore()
    const clock = steppingClock()
    const stream = backfill(log, { checkpoint, commit: 'manual', clock })
    const commits: number[] = []
    stream.on('commit', ({ entries }) => commits.push(entries))
    for await (const { index } of stream) {
      if (index === 10) {
        checkpoint.failing = () => 'before'
        const before = clock.slept.length
        await expect(stream.commit()).rejects.toMatchObject({
          retryable: true,
          message: expect.stringContaining('tried again for 5 s'),
        })
        expect(clock.slept.slice(before).reduce((a, b) => a + b)).toBe(5_000)
      }
      if (index === 20) {
        const { commits: before } = checkpoint
        checkpoint.failing = (commit) =>
          commit === before + 1 ? 'before' : commit === before + 2 ? 'after' : undefined
        await stream.commit()
      }
      if (index === 30) await stream.commit()
    }
    expect(commits).toEqual([20, 10])
    await stream.close()
    expect(indexesOf(await take(backfill(log, { checkpoint, commit: 'manual' })))).toEqual(range(30, 300))
  })

  it('of where a log begins holds that log up until it is written, so that nothing can be left out', async () => {
    const log = await logOf(100)
    const checkpoint = new FailingStore()
    checkpoint.failing = (commit) => (commit < 5 ? 'before' : undefined)
    const stream = backfill(log, { checkpoint })
    for await (const { index } of stream) if (index === 0) expect(checkpoint.load()).toHaveLength(1)
    expect(checkpoint.commits).toBeGreaterThanOrEqual(5)
  })

  it('as the stream is closed is tried again for up to five seconds, then told to who closes it', async () => {
    const log = await logOf(100)
    const checkpoint = new FailingStore()
    const stream = backfill(log, { checkpoint, commit: { everyMs: 3_600_000, everyEntries: 10_000_000 } })
    let tries = 0
    const reading = (async () => {
      for await (const { index } of stream) {
        if (index < 50) continue
        tries = checkpoint.commits
        checkpoint.failing = () => 'before'
        await expect(stream.close()).rejects.toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
        break
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
    expect(checkpoint.commits).toBeGreaterThan(tries + 5)
    checkpoint.failing = () => undefined
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(0, 100))
  })
})

describe('a checkpoint file', () => {
  const folder = useTempFolder()

  it('that another program has locked does not end the stream, nor hold it up', async () => {
    const log = await logOf(1000)
    const path = folder.file()
    const stream = backfill(log, { checkpoint: path, commit: often, clock: fastClock(100) })
    let other: Database.Database | undefined
    let committed = 0
    let whileLocked = 0
    stream.on('commit', ({ entries }) => {
      committed += entries
      if (other !== undefined) whileLocked += entries
    })
    for await (const { index } of stream) {
      if (index === 200) {
        other = new Database(path)
        other.exec('BEGIN IMMEDIATE')
      }
      if (index === 800) {
        other?.close()
        other = undefined
      }
    }
    expect([committed, whileLocked]).toEqual([1000, 0])
    expect(indexesOf(await take(backfill(log, { checkpoint: path })))).toEqual([])
  })

  it('that is deleted ends the stream: nothing is said to be durable that is not', async () => {
    const log = await logOf(1000)
    const path = folder.file()
    const stream = backfill(log, { checkpoint: path, commit: often })
    let afterwards = 0
    let deleted = false
    stream.on('commit', () => {
      if (deleted) afterwards++
    })
    const reading = (async () => {
      for await (const { index } of stream) {
        if (index !== 500) continue
        rmSync(path)
        deleted = true
      }
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
      retryable: false,
      message: expect.stringContaining('was deleted or moved while a stream had it open'),
    })
    expect(afterwards).toBe(0)
  })
})

describe('a store that does not answer any more', () => {
  /** From some moment on, calls of one method are never answered. */
  function hangingStore(): {
    store: CheckpointStore
    hang: (method: keyof CheckpointStore) => void
    closed: () => number
  } {
    let hanging: keyof CheckpointStore | undefined
    let closed = 0
    const memory = new MemoryCheckpointStore()
    const store = new Proxy<CheckpointStore>(memory, {
      get: (_, method: keyof MemoryCheckpointStore) => {
        const call = memory[method]
        if (typeof call !== 'function') return call
        return (...args: never[]) => {
          if (method === 'close') closed++
          if (method === hanging) return new Promise(() => {})
          return (call as (...args: never[]) => unknown).apply(memory, args)
        }
      },
    })
    return { store, hang: (method) => void (hanging = method), closed: () => closed }
  }
  const told = {
    code: 'CT_CHECKPOINT_UNUSABLE',
    retryable: true,
    message: expect.stringContaining('did not answer within 5 s'),
  }

  it.each(['commit', 'close'] as const)(
    'in %s() keeps nobody from closing the stream, who learns of it',
    async (call) => {
      const log = await logOf(100)
      const { store, hang, closed } = hangingStore()
      const stream = backfill(log, { checkpoint: store })
      const reading = (async () => {
        for await (const { index } of stream) {
          if (index < 50) continue
          hang(call)
          await expect(stream.close()).rejects.toMatchObject(told)
          break
        }
      })()
      await expect(reading).rejects.toMatchObject(told)
      expect(closed()).toBe(1)
    },
  )

  it.each(['open', 'load'] as const)('in %s() keeps nobody from closing the stream', async (call) => {
    const log = await logOf(10)
    const { store, hang, closed } = hangingStore()
    hang(call)
    const stream = backfill(log, { checkpoint: store })
    const reading = take(stream)
    const rejected = expect(reading).rejects.toMatchObject(told)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await expect(stream.close()).rejects.toMatchObject(told)
    await rejected
    expect(closed()).toBe(call === 'load' ? 1 : 0)
  })
})

describe('what else is written', () => {
  it('is tried again: evidence, and gaps', async () => {
    const log = await logOf(300)
    log.fault({ on: 'get-entries', flipBit: { in: 'leaf', item: 3, byte: 20 } })
    const checkpoint = new FailingStore()
    checkpoint.failuresElsewhere = 3
    const logger = memoryLogger()
    const stream = backfill(log, { checkpoint, logger })
    stream.on('misbehaviour', () => {
      checkpoint.failuresElsewhere = 3
    })
    await expect(take(stream)).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    expect(logger.lines.filter((line) => line.includes('the disk is full'))).toHaveLength(2)
    checkpoint.open()
    expect([checkpoint.evidence().length, checkpoint.gaps().length]).toEqual([1, 1])
  })

  it('may fail when it is only kept to save requests: issuers', async () => {
    const log = await logOf(10, { kind: 'static-ct' })
    const checkpoint = new FailingStore()
    checkpoint.error = broken()
    checkpoint.failuresElsewhere = Number.POSITIVE_INFINITY
    const logger = memoryLogger()
    const stream = backfill(log, { checkpoint, logger })
    for await (const certificate of stream) expect((await certificate.chain()).length).toBeGreaterThan(0)
    expect(logger.lines.filter((line) => line.includes('failed to keep an issuer'))).toHaveLength(1)
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
        // Of a log of which nothing was read, no head is proven.
        expect(verifiedHead?.treeSize ?? 0).toBeGreaterThanOrEqual(position)
        for (const head of [...(verifiedHead ? [verifiedHead] : []), ...pendingHeads])
          expect(Buffer.from(head.rootHash)).toEqual(Buffer.from(log.root(head.treeSize)))
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
