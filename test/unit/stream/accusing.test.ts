import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { range } from '../../support/follow.js'
import { certificates, grow, logOf } from '../../support/logs.js'
import { outcomeOf, passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const ENTRIES = ['get-entries', 'data-tile'] as const
const MINUTE = 60_000

describe.each(['rfc6962', 'static-ct'] as const)('a %s log', (kind) => {
  /** What is said of entries that are not those of the tree. */
  const saysOf = (tile: string, from: number, to: number, done: string) =>
    kind === 'static-ct'
      ? `tile/data/${tile} (entries ${from} to ${to}) does not match the tree the log signed; nothing of it delivered${done}`
      : `entries ${from} to ${to} do not match the tree the log signed; none delivered${done}`

  it('that serves damaged entries for some seconds is not accused, and read on within half a minute', async () => {
    const clock = new VirtualClock()
    const log = await logOf(600, { kind, clock, mmd: 86_400 })
    const reader = await readOn(clock, { logs: [log.spec] })
    const lie = log.fault({ on: ENTRIES, after: 1, flipBit: { in: 'leaf', item: 3, byte: 20 } })
    await reader.until(() => lie.hits > 0)
    await passUntil(clock, () => reader.state(log.logId) === 'waiting', 10_000)
    await clock.pass(6_000)
    lie.clear()
    await passUntil(clock, () => reader.certificates.length === 600, 40_000)
    expect([reader.indexes(), reader.state(log.logId)]).toEqual([range(0, 600), 'live'])
    expect(reader.misbehaviour).toEqual([])
  })

  it('that keeps serving damaged entries is accused after five minutes, asked on all the while, and reported once', async () => {
    const clock = new VirtualClock()
    const log = await logOf(600, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    const reader = await readOn(clock, { logs: [log.spec], checkpoint })
    const flipBit = { in: 'leaf', item: 3, byte: 20 } as const
    const lie = log.fault({ on: ENTRIES, when: ({ path }) => /start=256|data\/001/.test(path), flipBit })
    await clock.pass(4 * MINUTE + 30_000)
    expect([reader.state(log.logId), reader.misbehaviour]).toEqual(['waiting', []])
    expect(reader.indexes()).toEqual(range(0, 256))
    const message = `${log.url}: ${saysOf('001', 256, 511, '')}`
    expect(reader.errors.map(({ error }) => [error.code, error.message])).toEqual([['CT_ROOT_MISMATCH', message]])
    // Steadily: no silence grows while it is in doubt.
    const before = lie.hits
    expect(before).toBeGreaterThanOrEqual(9)

    await passUntil(clock, () => reader.misbehaviour.length > 0, 2 * MINUTE)
    expect(reader.state(log.logId)).toBe('misbehaving')
    expect(reader.misbehaviour.map(({ error }) => error.message)).toEqual([`${message}; evidence stored`])
    await clock.pass(10 * MINUTE)
    expect(reader.misbehaviour).toHaveLength(1)
    expect(lie.hits - before).toBeGreaterThanOrEqual(10)

    lie.clear()
    await passUntil(clock, () => reader.certificates.length === 600, 90_000)
    expect([reader.indexes(), reader.state(log.logId)]).toEqual([range(0, 600), 'live'])
    await reader.close()
    checkpoint.open()
    expect(checkpoint.evidence()).toMatchObject([{ code: 'CT_ROOT_MISMATCH', message: `${message}; evidence stored` }])
  })

  it('with damaged entries is given up when the patience of a stream with an end is over', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 86_400 })
    const reader = await readOn(clock, { logs: [log.spec], end: 'head' })
    const outcome = outcomeOf(reader)
    log.fault({ on: ENTRIES, after: 1, flipBit: { in: 'leaf', item: 3, byte: 20 } })
    await clock.pass(50_000)
    expect(outcome()).toBeUndefined()
    await passUntil(clock, () => outcome() !== undefined, 30_000)
    expect(outcome()).toContain('CT_INCOMPLETE')
    expect(outcome()).toContain(saysOf('001.p/44', 256, 299, ''))
    expect(reader.gaps).toMatchObject([{ start: 256, end: 300 }])
    expect(reader.misbehaviour).toEqual([])
  })

  it('that forks is accused at once, and called a fork', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    const reader = await readOn(clock, { logs: [log.spec], checkpoint })
    await reader.until(() => reader.certificates.length === 300)
    const fork = log.fork(200)
    fork.add(certificates(150))
    fork.publish()
    log.fault({ on: '*', from: fork })
    await passUntil(clock, () => reader.misbehaviour.length > 0, 30_000)
    const message = `${log.url}: fork: the log signed two trees, and that of 350 entries does not continue that of 300; evidence stored`
    expect(reader.misbehaviour.map(({ error }) => [error.code, error.message])).toEqual([['CT_HEAD_CONFLICT', message]])
    await reader.close()
    checkpoint.open()
    const [evidence] = checkpoint.evidence()
    expect(evidence?.detail).toMatchObject({ verifiedHead: { tree_size: 300 }, head: { tree_size: 350 } })
    expect(evidence?.detail.proof).not.toEqual([])
    expect(reader.indexes()).toEqual(range(0, 300))
  })

  it('that forks into a power of two is found out, too, and so is one that signs two trees of one size', async () => {
    const clock = new VirtualClock()
    const log = await logOf(256, { kind, clock, mmd: 86_400 })
    const reader = await readOn(clock, { logs: [log.spec] })
    await reader.until(() => reader.certificates.length === 256)
    const fork = log.fork(200)
    fork.add(certificates(150))
    fork.publish()
    const forked = log.fault({ on: '*', from: fork })
    await passUntil(clock, () => reader.misbehaviour.length > 0, 30_000)
    expect(reader.misbehaviour[0]?.error.message).toMatch(/: fork: the log signed two trees, and that of 350 entries/)
    forked.clear()
    await passUntil(clock, () => reader.state(log.logId) === 'live', 5 * MINUTE)

    const twin = log.fork(200)
    twin.add(certificates(56))
    twin.publish()
    log.fault({ on: '*', from: twin })
    await passUntil(clock, () => reader.misbehaviour.length > 1, 30_000)
    expect(reader.misbehaviour[1]?.error.message).toMatch(
      /: fork: the log signed two trees of 256 entries; evidence stored/,
    )
  })

  it('whose proofs are damaged, and nothing else, is not held to have forked', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 86_400 })
    const reader = await readOn(clock, { logs: [log.spec] })
    await reader.until(() => reader.certificates.length === 300)
    const lie = log.fault({
      on: ['tile', 'get-sth-consistency', 'get-entry-and-proof'],
      flipBit: { in: 'hash', item: 0 },
    })
    log.fault({ on: ENTRIES, times: 2, flipBit: { in: 'leaf', item: 3, byte: 20 } })
    grow(log, 700)
    await clock.pass(4 * MINUTE)
    expect(lie.hits).toBeGreaterThan(0)
    expect(reader.misbehaviour).toEqual([])
    lie.clear()
    await passUntil(clock, () => reader.certificates.length === 1000, 2 * MINUTE)
    expect([reader.indexes(), reader.state(log.logId)]).toEqual([range(0, 1000), 'live'])
  })
})
