import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { CtStreamError } from '../../../src/errors.js'
import { ExclusiveStore } from '../../../src/stream/exclusive-store.js'
import type { CheckpointStore, LogCheckpoint } from '../../../src/types/checkpoint.js'
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
