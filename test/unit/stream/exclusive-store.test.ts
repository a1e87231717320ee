import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { CtStreamError } from '../../../src/errors.js'
import { ExclusiveStore } from '../../../src/stream/exclusive-store.js'
import type { CheckpointStore, Evidence, LogCheckpoint } from '../../../src/types/checkpoint.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { checkpoint, evidence, gap } from '../checkpoint/samples.js'

function exclusive(store: CheckpointStore, clock = new VirtualClock()) {
  const lines: string[] = []
  const into = (message: string) => void lines.push(message)
  const logger = { debug: into, info: into, warn: into, error: into }
  const opened = new ExclusiveStore({ store, name: 'the test store', clock, random: () => 0.5, logger })
  return { opened, clock, lines }
}

const busy = () => new CtStreamError('CT_CHECKPOINT_UNUSABLE', 'busy', { retryable: true })

/** Counts how many of its calls are under way, all of them slow. */
class SlowStore extends MemoryCheckpointStore {
  underWay = 0
  most = 0

  private async slowly<T>(call: () => T): Promise<T> {
    this.most = Math.max(this.most, ++this.underWay)
    await new Promise((resolve) => setImmediate(resolve))
    this.underWay--
    return call()
  }

  override commit = (rows: readonly LogCheckpoint[]) => this.slowly(() => super.commit(rows)) as never
  override gaps = () => this.slowly(() => super.gaps()) as never
  override addGap = (one: ReturnType<typeof gap>) => this.slowly(() => super.addGap(one)) as never
}

/** Counts how often its evidence is read. */
class CountingStore extends MemoryCheckpointStore {
  reads = 0

  override evidence() {
    this.reads++
    return super.evidence()
  }
}

/** Evidence of a fork of a log, another one with each number. */
function forkOf(id: string, number: number): Evidence {
  const log = { ...evidence(1).log, id }
  const detail = { head: { sha256_root_hash: `root ${number}` } }
  return { log, code: 'CT_HEAD_CONFLICT', message: `fork ${number} of it`, detail, recordedAt: number }
}

describe('the store of a stream', () => {
  it('is asked one thing at a time', async () => {
    const store = new SlowStore()
    const { opened } = exclusive(store)
    await opened.open()
    await Promise.all([
      opened.gaps(),
      opened.addGap(gap(1, 5, 6)),
      opened.commit((writeRows) => writeRows([checkpoint(1, 100)]), 0),
      opened.gaps(),
    ])
    expect(store.most).toBe(1)
    expect(await opened.gaps()).toHaveLength(1)
    await opened.close()
  })

  it('gives every row it writes its checksum, and loads none that is not as it was written', async () => {
    const store = new MemoryCheckpointStore()
    const written: LogCheckpoint[] = []
    store.commit = (rows) => void written.push(...rows)
    const { opened } = exclusive(store)
    await opened.open()
    await opened.commit((writeRows) => writeRows([checkpoint(1, 100)]), 0)
    expect(written.map(({ checksum }) => checksum?.length)).toEqual([32])
    store.load = () => written.map((row) => ({ ...row, position: 101 }))
    await expect(opened.load()).rejects.toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
      message: expect.stringMatching(/^the test store: the row of log /),
    })
  })

  it('stores where a log was begun once, and not over a row that is there', async () => {
    const store = new MemoryCheckpointStore()
    const { opened } = exclusive(store)
    await opened.open()
    store.commit([checkpoint(1, 100)])
    await opened.load()
    await opened.commitFirst(checkpoint(1, 0))
    await opened.commitFirst(checkpoint(2, 7))
    await opened.commitFirst(checkpoint(2, 3))
    expect([...(await opened.load()).values()].map(({ position }) => position)).toEqual([100, 7])
  })

  it('stores what is proven to come before a stored place that nobody had proven', async () => {
    const store = new MemoryCheckpointStore()
    const { opened } = exclusive(store)
    await opened.open()
    const unproven = (n: number, position: number) => ({
      ...checkpoint(n, position),
      range: undefined,
      checksum: undefined,
    })
    store.commit([unproven(1, 5000), unproven(2, 5000)])
    await opened.load()
    const commits: (readonly LogCheckpoint[])[] = []
    const commit = store.commit.bind(store)
    store.commit = (rows) => {
      commits.push(rows)
      commit(rows)
    }
    // Somewhere else, as from a cursor; and still not proven.
    await opened.commitFirst(checkpoint(1, 3000))
    await opened.commitFirst(unproven(1, 5000))
    expect(commits).toEqual([])
    await opened.commitFirst(checkpoint(1, 5000))
    await opened.commitFirst(checkpoint(1, 5000))
    expect(commits).toHaveLength(1)
    expect(store.load().map(({ range }) => range?.length)).toEqual([checkpoint(1, 5000).range?.length, undefined])
  })

  it('tries a write again that fails in a passing way, and says so once', async () => {
    const store = new MemoryCheckpointStore()
    const { opened, clock, lines } = exclusive(store)
    await opened.open()
    let failures = 3
    store.addGap = () => {
      if (failures-- > 0) throw busy()
    }
    const added = opened.addGap(gap(1, 5, 6))
    await clock.pass(60_000)
    await added
    expect(lines).toEqual([
      'the checkpoint store cannot be written now; that is tried again, reading goes on: busy',
      'the checkpoint store can be written again',
    ])
  })

  it('keeps evidence of one contradiction once', async () => {
    const store = new MemoryCheckpointStore()
    const { opened } = exclusive(store)
    await opened.open()
    await opened.addEvidence(evidence(1))
    await opened.addEvidence({ ...evidence(1), recordedAt: 5 })
    expect(store.evidence()).toHaveLength(1)
  })

  it('reads the evidence that is stored once, however much comes', async () => {
    const store = new CountingStore()
    const { opened } = exclusive(store)
    await opened.open()
    for (let i = 0; i < 1000; i++) await opened.addEvidence(forkOf('A', i))
    expect(store.reads).toBe(1)
  })

  it('keeps the first contradictions of a log and fewer and fewer of the others, with their numbers', async () => {
    const store = new MemoryCheckpointStore()
    const { opened } = exclusive(store)
    await opened.open()
    const outcomes: string[] = []
    for (let i = 1; i <= 1000; i++) outcomes.push(await opened.addEvidence(forkOf('A', i)))
    const kept = store.evidence().map(({ message }) => Number(message.split(' ')[1]))
    expect(kept).toEqual([...Array.from({ length: 16 }, (_, i) => i + 1), 32, 64, 128, 256, 512])
    expect(outcomes.flatMap((outcome, i) => (outcome === 'evidence stored' ? [i + 1] : []))).toEqual(kept)
    expect(outcomes[16]).toBe('evidence of 16 others like it stored, of this one not')
    expect(outcomes[999]).toBe('evidence of 21 others like it stored, of this one not')
    expect(store.evidence().at(-1)?.detail).toEqual({ head: { sha256_root_hash: 'root 512' }, ordinal: 512 })
  })

  it('counts contradictions by log and code, and goes on behind a restart', async () => {
    const store = new MemoryCheckpointStore()
    const first = exclusive(store).opened
    await first.open()
    for (let i = 1; i <= 40; i++) await first.addEvidence(forkOf('A', i))
    expect(store.evidence()).toHaveLength(17)
    for (let i = 1; i <= 5; i++) await first.addEvidence(forkOf('B', i))
    for (let i = 1; i <= 5; i++) await first.addEvidence({ ...forkOf('A', i), code: 'CT_ROOT_MISMATCH' })
    expect(store.evidence()).toHaveLength(27)
    await first.close()
    const again = exclusive(store).opened
    await again.open()
    // One that is stored counts no more.
    for (let i = 0; i < 100; i++) expect(await again.addEvidence(forkOf('A', 7))).toBe('evidence stored')
    // What was counted since the last one that is stored, the 32nd, is not known.
    for (let i = 101; i <= 131; i++) await again.addEvidence(forkOf('A', i))
    expect(store.evidence()).toHaveLength(27)
    await again.addEvidence(forkOf('A', 132))
    expect(store.evidence()).toHaveLength(28)
  })

  it('keeps evidence where what is stored cannot be read, and reads it as soon as it can', async () => {
    const store = new MemoryCheckpointStore()
    const { opened } = exclusive(store)
    await opened.open()
    store.addEvidence(forkOf('A', 1))
    const read = store.evidence.bind(store)
    store.evidence = () => {
      throw busy()
    }
    await opened.addEvidence(forkOf('A', 2))
    store.evidence = read
    await opened.addEvidence(forkOf('A', 1))
    expect(store.evidence().map(({ recordedAt }) => recordedAt)).toEqual([1, 2])
  })

  it('keeps evidence once where storing it failed and yet took effect', async () => {
    const store = new MemoryCheckpointStore()
    const add = store.addEvidence.bind(store)
    let failures = 2
    store.addEvidence = (record) => {
      add(record)
      if (failures-- > 0) throw busy()
    }
    const { opened, clock } = exclusive(store)
    await opened.open()
    const added = opened.addEvidence(forkOf('A', 1))
    await clock.pass(60_000)
    expect(await added).toBe('evidence stored')
    expect(store.evidence()).toHaveLength(1)
  })

  it('is not closed when it could not be opened: another stream has it', async () => {
    const store = new MemoryCheckpointStore()
    store.open()
    const { opened } = exclusive(store)
    await expect(opened.open()).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    await opened.close()
    expect(store.load()).toEqual([])
  })

  it('that opens after all, once the stream is closed, is closed again', async () => {
    const store = new MemoryCheckpointStore()
    const { opened, clock } = exclusive(store)
    let open = () => {}
    const hung = new Promise<void>((resolve) => {
      open = resolve
    })
    let closes = 0
    store.open = () => hung as never
    store.close = () => void closes++
    const opening = opened.open().catch((error) => error)
    opened.startClosing()
    await clock.pass(4_000)
    expect(await opening).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', message: expect.stringContaining('5 s') })
    expect(closes).toBe(0)
    open()
    await expect.poll(() => closes).toBe(1)
  })

  it.each([
    ['a call that hangs, found out while it is closed', false],
    ['a call that hangs, found out before', true],
  ])('is closed once in spite of %s', async (_, isFoundOut) => {
    const store = new MemoryCheckpointStore()
    const { opened, clock } = exclusive(store)
    await opened.open()
    let answer = () => {}
    store.addGap = () =>
      new Promise<void>((resolve) => {
        answer = resolve
      }) as never
    let closes = 0
    store.close = () => void closes++
    const adding = opened.addGap(gap(1, 5, 6)).catch((error) => error.message)
    opened.startClosing()
    const closed = isFoundOut ? undefined : opened.close().catch((error) => error.message)
    await clock.pass(4_000)
    expect(await adding).toContain('5 s')
    if (isFoundOut) await opened.close()
    else expect(await closed).toContain('5 s')
    expect(closes).toBe(1)
    answer()
    await new Promise((resolve) => setImmediate(resolve))
    expect(closes).toBe(1)
  })
})
