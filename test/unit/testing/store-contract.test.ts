import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { checkpointStoreContract } from '../../../src/testing/index.js'
import type { CheckpointStore, Gap, LogCheckpoint } from '../../../src/types/checkpoint.js'

/** Cases that a store fails, by name. */
async function failures(makeStore: () => CheckpointStore, shared: boolean): Promise<string[]> {
  const cases = checkpointStoreContract(() => {
    const store = makeStore()
    return { store: () => (shared ? store : makeStore()) }
  })
  const failed: string[] = []
  for (const { name, run } of cases) await run().catch(() => failed.push(name))
  return failed
}

const noCheck = (rows: readonly LogCheckpoint[]) => rows as LogCheckpoint[]

describe('the contract of a store', () => {
  it('is kept by a good one', async () => {
    expect(await failures(() => new MemoryCheckpointStore(), true)).toEqual([])
  })

  it('is not kept by one that forgets', async () => {
    const failed = await failures(() => new MemoryCheckpointStore(), false)
    expect(failed).toContain('returns what was committed, at once and after a reopening')
    expect(failed).toContain('refuses a second stream until the first is done')
  })

  class Unchecked extends MemoryCheckpointStore {
    protected readonly kept = new Map<string, LogCheckpoint>()
    override commit(rows: readonly LogCheckpoint[]): void {
      super.commit([])
      for (const row of noCheck(rows)) this.kept.set(row.log.id, row)
    }
    override load(): readonly LogCheckpoint[] {
      super.load()
      return [...this.kept.values()]
    }
  }

  const broken: readonly (readonly [string, () => CheckpointStore, string])[] = [
    ['keeps what it was given itself', () => new Unchecked(), 'shares no memory with its caller'],
    ['checks nothing', () => new Unchecked(), 'refuses a fractional position, and keeps nothing of its commit'],
    [
      'passes rows through JSON',
      () =>
        new (class extends MemoryCheckpointStore {
          override load = () => JSON.parse(JSON.stringify(super.load()))
        })(),
      'returns what was committed, at once and after a reopening',
    ],
    [
      'drops the checksum',
      () =>
        new (class extends MemoryCheckpointStore {
          override load = () => super.load().map(({ checksum, ...row }) => row)
        })(),
      'keeps the checksum of a row',
    ],
    [
      'makes an empty range of none',
      () =>
        new (class extends MemoryCheckpointStore {
          override load = () => super.load().map(({ checksum, ...row }) => ({ ...row, range: row.range ?? [] }))
        })(),
      'tells an empty compact range from none, and keeps the absence of a head',
    ],
    [
      'keeps the first of two rows',
      () =>
        new (class extends MemoryCheckpointStore {
          override commit = (rows: readonly LogCheckpoint[]) => super.commit([...rows].reverse())
        })(),
      'keeps the last of two rows of one log, and nothing of an empty commit',
    ],
    [
      'commits row by row',
      () =>
        new (class extends MemoryCheckpointStore {
          override commit = (rows: readonly LogCheckpoint[]) => {
            super.commit([])
            for (const row of rows) super.commit([row])
          }
        })(),
      'refuses a hash of 31 bytes, and keeps nothing of its commit',
    ],
    [
      'keeps gaps twice',
      () =>
        new (class extends MemoryCheckpointStore {
          private readonly all: Gap[] = []
          override addGap = (gap: Gap) => void this.all.push(gap)
          override gaps = () => this.all
        })(),
      'keeps gaps in the order they were recorded, each once',
    ],
    [
      'is of use when it is closed',
      () =>
        new (class extends MemoryCheckpointStore {
          override evidence = () => []
        })(),
      'can be closed twice, and is of no use then',
    ],
    [
      'lets everybody in',
      () =>
        new (class extends MemoryCheckpointStore {
          override open = () => {
            try {
              super.open()
            } catch {
              // a second stream
            }
          }
        })(),
      'refuses a second stream until the first is done',
    ],
  ]
  it.each(broken)('is not kept by one that %s', async (_, makeStore, name) => {
    expect(await failures(makeStore, true)).toContain(name)
  })
})
