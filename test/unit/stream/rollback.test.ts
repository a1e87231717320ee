import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import type { TestLog } from '../../../src/testing/index.js'
import { range } from '../../support/follow.js'
import { certificates, grow, logOf } from '../../support/logs.js'
import type { Reader } from '../../support/reader.js'
import { outcomeOf, passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const MINUTE = 60_000

/** Serves a tree of the first `size` entries only, with a head signed now, as a log that was set back does. */
function setBack(log: TestLog, size: number) {
  const fork = log.fork(size)
  fork.publish()
  return { fork, fault: log.fault({ on: '*', from: fork }) }
}

describe.each(['rfc6962', 'static-ct'] as const)('a %s log', (kind) => {
  const lost = (log: TestLog) =>
    `${log.url}: the log has lost entries: it signed a tree of 600 entries, and later one of 467; evidence stored`

  it('that signs a smaller tree later than a larger one is accused at once, once, and read on when it has grown', async () => {
    const clock = new VirtualClock()
    const log = await logOf(467, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    const reader = await readOn(clock, { logs: [log.spec], checkpoint })
    grow(log, 133)
    await passUntil(clock, () => reader.certificates.length === 600, 5 * MINUTE)
    await clock.pass(10 * MINUTE)
    const { fault } = setBack(log, 467)
    await passUntil(clock, () => reader.misbehaviour.length > 0, MINUTE)
    await clock.pass(5 * MINUTE)
    expect(reader.misbehaviour.map(({ error }) => [error.code, error.message])).toEqual([
      ['CT_HEAD_ROLLBACK', lost(log)],
    ])
    expect(reader.state(log.logId)).toBe('misbehaving')

    fault.clear()
    grow(log, 10)
    await passUntil(clock, () => reader.certificates.length === 610, 5 * MINUTE)
    expect([reader.indexes(), reader.state(log.logId)]).toEqual([range(0, 610), 'live'])
    await reader.close()
    checkpoint.open()
    expect(checkpoint.evidence()).toMatchObject([
      { code: 'CT_HEAD_ROLLBACK', detail: { head: { tree_size: 467 }, verifiedHead: { tree_size: 600 } } },
    ])
  })

  it.each(['never', 'head'] as const)(
    'that lost entries between two runs is accused by the second (end: %s)',
    async (end) => {
      const clock = new VirtualClock()
      const log = await logOf(600, { kind, clock, mmd: 86_400 })
      const checkpoint = new MemoryCheckpointStore()
      const first = await readOn(clock, { logs: [log.spec], checkpoint })
      await first.until(() => first.certificates.length === 600)
      first.stream.acknowledge()
      await first.close()
      await clock.pass(10 * MINUTE)
      setBack(log, 467)
      const again = await readOn(clock, { logs: [log.spec], checkpoint, end })
      const outcome = outcomeOf(again)
      await passUntil(clock, () => again.misbehaviour.length > 0, MINUTE)
      expect(again.misbehaviour.map(({ error }) => error.message)).toEqual([lost(log)])
      if (end === 'never') return
      await passUntil(clock, () => outcome() !== undefined, 2 * MINUTE)
      expect(outcome()).toMatch(/^CT_INCOMPLETE: .*lost entries: it signed a tree of 600 entries, and later one of 467/)
    },
  )

  describe.each(['signatures-only', 'none-unverified'] as const)(
    'of which no head is stored (verify: %s), and which shows less than was read of it,',
    (verify) => {
      const shrunk = async () => {
        const clock = new VirtualClock()
        const log = await logOf(10, { kind, clock, mmd: 86_400 })
        grow(log, 10)
        const options = { logs: [log.spec], checkpoint: new MemoryCheckpointStore(), verify } as const
        const first = await readOn(clock, options)
        await passUntil(clock, () => first.certificates.length === 20, MINUTE)
        first.stream.acknowledge()
        await first.close()
        return { clock, log, options, old: log.fault({ on: ['get-sth', 'checkpoint'], stale: 1 }) }
      }
      const told = ({ errors }: Reader) => errors.map(({ error }) => [error.code, error.expected, error.actual])

      it('is reported once when that lasts, and read on when it has grown', async () => {
        const { clock, log, options, old } = await shrunk()
        const reader = await readOn(clock, options)
        await passUntil(clock, () => reader.errors.length > 0, 5 * MINUTE)
        await clock.pass(30 * MINUTE)
        expect(told(reader)).toEqual([['CT_HEAD_STALE', 20, 10]])
        old.clear()
        grow(log, 3)
        await passUntil(clock, () => reader.certificates.length === 3, 5 * MINUTE)
        expect(reader.indexes()).toEqual(range(20, 23))
      })

      it('is not reported for a front end that lags a little', async () => {
        const { clock, log, options, old } = await shrunk()
        const reader = await readOn(clock, options)
        const asked = log.requestCount()
        await passUntil(clock, () => log.requestCount() > asked + 1, 2 * MINUTE)
        old.clear()
        grow(log, 3)
        await passUntil(clock, () => reader.certificates.length === 3, 5 * MINUTE)
        expect(told(reader)).toEqual([])
      })

      it('is reported by a stream with an end, which does not wait', async () => {
        const { clock, options } = await shrunk()
        const reader = await readOn(clock, { ...options, end: 'head' })
        await passUntil(clock, () => reader.errors.length > 0, 5 * MINUTE)
        expect(told(reader)).toEqual([['CT_HEAD_STALE', 20, 10]])
      })
    },
  )

  it('that stays set back is reported by each run, and its evidence stored once', async () => {
    const clock = new VirtualClock()
    const log = await logOf(600, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    const first = await readOn(clock, { logs: [log.spec], checkpoint })
    await first.until(() => first.certificates.length === 600)
    first.stream.acknowledge()
    await clock.pass(10 * MINUTE)
    const { fork } = setBack(log, 467)
    await passUntil(clock, () => first.misbehaviour.length > 0, 10 * MINUTE)
    await first.close()
    for (const more of [0, 20]) {
      // It goes on from there: another smaller tree, and the same entries lost.
      fork.add(certificates(more))
      fork.publish()
      const again = await readOn(clock, { logs: [log.spec], checkpoint })
      await passUntil(clock, () => again.misbehaviour.length > 0, 10 * MINUTE)
      await again.close()
    }
    checkpoint.open()
    expect(checkpoint.evidence().map(({ code }) => code)).toEqual(['CT_HEAD_ROLLBACK'])
  })

  it('that loses what is being read is found out though nothing else is answered', async () => {
    const clock = new VirtualClock()
    const log = await logOf(6000, { kind, clock, mmd: 86_400 })
    const reader = await readOn(clock, { logs: [log.spec] })
    const gone = log.fault({ on: ['get-entries', 'data-tile'], after: 6, status: 404 })
    await passUntil(clock, () => gone.hits > 0, MINUTE)
    await clock.pass(6 * MINUTE)
    const fork = log.fork(467)
    fork.publish()
    log.fault({ on: ['get-sth', 'checkpoint'], from: fork })
    await passUntil(clock, () => reader.misbehaviour.length > 0, 5 * MINUTE)
    expect(reader.misbehaviour[0]?.error.message).toContain('signed a tree of 6000 entries, and later one of 467')
  })

  it('that serves an old copy is reported once, with both sizes, when it lasts, and read on', async () => {
    const clock = new VirtualClock()
    const log = await logOf(467, { kind, clock, mmd: 86_400 })
    const reader = await readOn(clock, { logs: [log.spec] })
    await clock.pass(1000)
    grow(log, 133)
    await passUntil(clock, () => reader.certificates.length === 600, 5 * MINUTE)
    const old = log.fault({ on: ['get-sth', 'checkpoint'], stale: 1 })
    await clock.pass(MINUTE)
    expect(reader.errors).toEqual([])
    await clock.pass(10 * MINUTE)
    const message = `${log.url}: serves an old copy of 467 entries, after one of 600; reading goes on when it has grown past that`
    expect(reader.errors.map(({ error }) => [error.code, error.message])).toEqual([['CT_HEAD_STALE', message]])
    expect(reader.stream.status().logs[0]?.headProblem?.message).toBe(message)
    expect(reader.misbehaviour).toEqual([])

    old.clear()
    grow(log, 10)
    await passUntil(clock, () => reader.certificates.length === 610, 5 * MINUTE)
    expect(reader.stream.status().logs[0]).toMatchObject({ state: 'live', headProblem: undefined })
  })

  it('that lags on one of two front ends is never reported', async () => {
    const clock = new VirtualClock()
    const log = await logOf(467, { kind, clock, mmd: 86_400 })
    const reader = await readOn(clock, { logs: [log.spec] })
    await clock.pass(1000)
    grow(log, 133)
    await passUntil(clock, () => reader.certificates.length === 600, 5 * MINUTE)
    let reads = 0
    log.fault({ on: ['get-sth', 'checkpoint'], when: () => reads++ % 4 !== 0, stale: 1 })
    await clock.pass(20 * MINUTE)
    expect(reads).toBeGreaterThan(50)
    expect([reader.errors, reader.misbehaviour]).toEqual([[], []])
  })

  it('that serves an old copy ends a stream with an end that it cannot reach', async () => {
    const clock = new VirtualClock()
    const log = await logOf(467, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    const first = await readOn(clock, { logs: [log.spec], checkpoint })
    await first.until(() => first.certificates.length === 467)
    await clock.pass(1000)
    log.add(certificates(133))
    const hold = log.fault({ on: ['get-entries', 'data-tile'], status: 404 })
    log.publish()
    await passUntil(clock, () => first.heads.some(({ head }) => head.treeSize === 600), 5 * MINUTE)
    await first.close()
    hold.clear()
    log.fault({ on: '*', stale: 1 })
    const again = await readOn(clock, { logs: [log.spec], checkpoint, end: 'head' })
    const outcome = outcomeOf(again)
    await passUntil(clock, () => outcome() !== undefined, 10 * MINUTE)
    expect(outcome()).toMatch(/^CT_INCOMPLETE: .* to 600 \(.*serves an old copy of 467 entries, after one of 600/)
    expect(again.misbehaviour).toEqual([])
  })

  it('that serves an old copy ends a stream with an end beyond it, though nothing that is asked for fails', async () => {
    const clock = new VirtualClock()
    const log = await logOf(467, { kind, clock, mmd: 86_400 })
    await clock.pass(1000)
    grow(log, 133)
    const checkpoint = new MemoryCheckpointStore()
    const first = await readOn(clock, { logs: [log.spec], checkpoint })
    await first.until(() => first.certificates.length === 600)
    await first.close()
    log.fault({ on: '*', stale: 1 })
    const again = await readOn(clock, { logs: [log.spec], checkpoint, end: { index: 700 } })
    const outcome = outcomeOf(again)
    await passUntil(clock, () => outcome() !== undefined, 10 * MINUTE)
    expect(outcome()).toMatch(/^CT_INCOMPLETE: .* to 700 \(.*serves an old copy of 467 entries, after one of 600/)
    expect(again.gaps).toMatchObject([{ start: 600, end: 700 }])
    expect(again.misbehaviour).toEqual([])
  })
})

describe('a log with front ends that sign a head for every request', () => {
  it('is not accused because one of them lags, but because it stays so', async () => {
    const clock = new VirtualClock()
    const log = await logOf(600, { clock })
    const reader = await readOn(clock, { logs: [log.spec] })
    await reader.until(() => reader.certificates.length === 600)
    await clock.pass(1000)
    setBack(log, 467)
    await clock.pass(4 * MINUTE)
    expect([reader.misbehaviour, reader.errors.map(({ error }) => error.code)]).toEqual([[], ['CT_HEAD_STALE']])
    await passUntil(clock, () => reader.misbehaviour.length > 0, 3 * MINUTE)
    expect(reader.misbehaviour[0]?.error.code).toBe('CT_HEAD_ROLLBACK')
  })
})
