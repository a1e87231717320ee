// Issue 10: a head that is never served silenced its log for good.
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import type { TestLog } from '../../../src/testing/index.js'
import { evidenceToJSON } from '../../../src/verify/evidence-json.js'
import { verifyEvidence } from '../../../src/verify/verify-evidence.js'
import { range } from '../../support/follow.js'
import { certificates, grow, logOf } from '../../support/logs.js'
import { outcomeOf, passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const HEADS = ['get-sth', 'checkpoint'] as const
const MINUTE = 60_000
const HOUR = 3_600_000

/** A head of far more entries than the log has, validly signed: of a tree nobody can be shown. */
function boast(log: TestLog, size: number) {
  const fork = log.fork(log.size)
  fork.add(certificates(size - log.size))
  return { fork, head: fork.publish() }
}

/** What the tree of 310 entries alone needs is not served. */
const hide310 = (log: TestLog) =>
  log.fault({
    on: '*',
    when: ({ path, endpoint }) =>
      endpoint === 'get-entries'
        ? /end=30\d$/.test(path)
        : /(first|second|tree_size)=310\b/.test(path) || /001\.p\/54$/.test(path),
    status: 404,
  })

const serveHeadsAlone = (log: TestLog) =>
  log.fault({ on: '*', when: ({ endpoint }) => !HEADS.includes(endpoint as never), status: 503 })

describe.each(['rfc6962', 'static-ct'] as const)('a %s log', (kind) => {
  const misbehaviours = (reader: Awaited<ReturnType<typeof readOn>>) =>
    reader.misbehaviour.map(({ error }) => error.code)

  it('that never serves a head, and goes on to a larger one, is read by that', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    const reader = await readOn(clock, { logs: [log.spec], checkpoint })
    await reader.until(() => reader.certificates.length === 300)
    hide310(log)
    grow(log, 10)
    await passUntil(clock, () => reader.heads.at(-1)?.head.treeSize === 310, MINUTE)
    await clock.pass(MINUTE)
    expect(reader.certificates.length).toBe(300)
    grow(log, 140)
    await passUntil(clock, () => reader.certificates.length === 450, 3 * MINUTE)
    await passUntil(clock, () => reader.state(log.logId) === 'live', MINUTE)
    expect([reader.indexes(), reader.misbehaviour]).toEqual([range(0, 450), []])
    await reader.close()
    checkpoint.open()
    expect(checkpoint.evidence()).toEqual([])
  })

  it('that never serves a head is read by a later one after a restart, too', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    const first = await readOn(clock, { logs: [log.spec], checkpoint })
    await first.until(() => first.certificates.length === 300)
    first.stream.acknowledge()
    hide310(log)
    grow(log, 10)
    await passUntil(clock, () => first.heads.at(-1)?.head.treeSize === 310, MINUTE)
    await first.close()
    checkpoint.open()
    expect(checkpoint.load()[0]?.pendingHeads.map(({ treeSize }) => treeSize)).toEqual([310])
    checkpoint.close()
    grow(log, 140)
    const again = await readOn(clock, { logs: [log.spec], checkpoint })
    await passUntil(clock, () => again.certificates.length === 150, 3 * MINUTE)
    expect([again.indexes(), again.misbehaviour]).toEqual([range(300, 450), []])
  })

  it('that signed one head of far more entries than it has is read by its other heads', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    // The first head that the reader sees.
    const { fork } = boast(log, 2300)
    const lie = log.fault({ on: HEADS, times: 1, from: fork })
    const reader = await readOn(clock, { logs: [log.spec], checkpoint })
    await reader.until(() => lie.hits === 1)
    await passUntil(clock, () => reader.certificates.length === 300, 5 * MINUTE)
    for (let size = 310; size <= 350; size += 10) {
      grow(log, 10)
      await clock.pass(2 * MINUTE)
    }
    await passUntil(clock, () => reader.certificates.length === 350, 5 * MINUTE)
    expect(reader.indexes()).toEqual(range(0, 350))
    // It signed a tree, and later a smaller one: that is said once.
    expect(misbehaviours(reader)).toEqual(['CT_HEAD_ROLLBACK'])
    await passUntil(clock, () => reader.state(log.logId) === 'live', 5 * MINUTE)
    await reader.close()
    checkpoint.open()
    expect(checkpoint.evidence().map(({ code }) => code)).toEqual(['CT_HEAD_ROLLBACK'])
  })

  it('that shows such a head now and then is read all the same, without one unproven entry', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 86_400 })
    const { fork } = boast(log, 2300)
    const reader = await readOn(clock, { logs: [log.spec] })
    await reader.until(() => reader.certificates.length === 300)
    let reads = 0
    log.fault({ on: HEADS, when: () => reads++ % 3 === 1, from: fork })
    for (let size = 310; size <= 400; size += 10) {
      grow(log, 10)
      await clock.pass(MINUTE)
    }
    await passUntil(clock, () => reader.certificates.length === 400, 10 * MINUTE)
    expect(reader.indexes()).toEqual(range(0, 400))
    expect(new Set(misbehaviours(reader))).toEqual(new Set(['CT_HEAD_ROLLBACK']))
  })

  it('that stands by a head it never serves is accused of it once, across restarts', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 60 })
    const checkpoint = new MemoryCheckpointStore()
    const options = { logs: [log.spec], checkpoint, pollIntervalMs: MINUTE }
    const first = await readOn(clock, options)
    await first.until(() => first.certificates.length === 300)
    first.stream.acknowledge()
    const { fork } = boast(log, 2300)
    log.fault({ on: HEADS, from: fork })
    await passUntil(clock, () => first.heads.at(-1)?.head.treeSize === 2300, 5 * MINUTE)
    await clock.pass(3 * HOUR)
    expect([first.misbehaviour, first.state(log.logId)]).toEqual([[], 'waiting'])
    await first.close()

    // The wait goes on where it was.
    const second = await readOn(clock, options)
    await clock.pass(2 * HOUR)
    expect(second.misbehaviour).toEqual([])
    await clock.pass(70 * MINUTE)
    const message = `${log.url}: the log signed a tree of 2300 entries, and never served it; evidence stored`
    expect(second.misbehaviour.map(({ error }) => [error.code, error.message])).toEqual([['CT_HEAD_UNSERVED', message]])
    await clock.pass(2 * HOUR)
    expect(second.misbehaviour).toHaveLength(1)
    await second.close()

    const third = await readOn(clock, options)
    // As long as it took to be accused, once: the other protocol differs in nothing of this.
    await clock.pass((kind === 'rfc6962' ? 7 : 1) * HOUR)
    expect(third.certificates).toEqual([])
    await third.close()
    checkpoint.open()
    expect(checkpoint.evidence()).toMatchObject([
      { code: 'CT_HEAD_UNSERVED', message, detail: { head: { tree_size: 2300 }, verifiedHead: { tree_size: 300 } } },
    ])
    expect(checkpoint.evidence().map((record) => verifyEvidence(evidenceToJSON(record)))).toMatchObject([
      { holds: true, proves: 'observed-only', kind: 'never-served', unproven: ['that the entries were never served'] },
    ])
  }, 60_000)

  it.each([1, 3, 1_000_000])(
    'does not end a stream with an end in silence (heads of a tree that is not served: %d)',
    async (times) => {
      const clock = new VirtualClock()
      const log = await logOf(300, { kind, clock, mmd: 86_400 })
      const { fork } = boast(log, 2300)
      log.fault({ on: HEADS, times, from: fork })
      const reader = await readOn(clock, { logs: [log.spec], end: 'head' })
      const outcome = outcomeOf(reader)
      await clock.pass(10 * MINUTE)
      expect(outcome()).toMatch(/^CT_INCOMPLETE: .* to 2300 /)
      expect(reader.gaps).toMatchObject([{ start: times > 10 ? 0 : 300, end: 2300 }])
      if (times < 10) expect(reader.indexes()).toEqual(range(0, 300))
    },
    60_000,
  )

  it('is read on by its other heads in every mode (signatures-only)', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 86_400 })
    const reader = await readOn(clock, { logs: [log.spec], verify: 'signatures-only' })
    await reader.until(() => reader.certificates.length === 300)
    hide310(log)
    grow(log, 10)
    await clock.pass(MINUTE)
    grow(log, 140)
    await passUntil(clock, () => reader.certificates.length === 450, 5 * MINUTE)
    expect([reader.indexes(), reader.misbehaviour]).toEqual([range(0, 450), []])
  })

  // One log used to end the whole stream: no head was left to aim at.
  it('of which nothing was read yet is waited for when it shows a head again that it did not serve', async () => {
    const clock = new VirtualClock()
    const [good, log] = [await logOf(5, { clock }), await logOf(300, { kind, clock, mmd: 86_400 })]
    const hold = serveHeadsAlone(log)
    const reader = await readOn(clock, { logs: [good.spec, log.spec] })
    await passUntil(clock, () => reader.certificates.length === 5, MINUTE)
    grow(log, 3)
    // Those who do not ask past it get the head before.
    log.fault({ on: HEADS, stale: 1, when: ({ headers }) => headers['cache-control'] !== 'no-cache' })
    await clock.pass(30 * MINUTE)
    grow(good, 2)
    await passUntil(clock, () => reader.indexes(good.logId).length === 7, MINUTE)
    expect([reader.state(log.logId), reader.indexes(log.logId)]).toEqual(['waiting', []])
    hold.clear()
    await passUntil(clock, () => reader.indexes(log.logId).length === 300, 20 * MINUTE)
    expect([reader.indexes(log.logId), reader.misbehaviour]).toEqual([range(0, 300), []])
  })

  it('of which nothing was read yet is waited for after a restart, too', async () => {
    const clock = new VirtualClock()
    const [good, log] = [await logOf(5, { clock }), await logOf(300, { kind, clock, mmd: 86_400 })]
    const hold = serveHeadsAlone(log)
    const checkpoint = new MemoryCheckpointStore()
    const options = { logs: [good.spec, log.spec], checkpoint }
    const first = await readOn(clock, options)
    await clock.pass(10 * MINUTE)
    await first.close()
    checkpoint.open()
    const row = checkpoint.load().find((row) => row.log.id === log.logId)
    expect(Object.keys(row?.learned.unserved ?? {})).toHaveLength(1)
    checkpoint.close()
    grow(good, 3)
    const second = await readOn(clock, options)
    await clock.pass(10 * MINUTE)
    expect([second.indexes(good.logId), second.state(log.logId)]).toEqual([[5, 6, 7], 'waiting'])
    expect(second.stream.status().logs.find((it) => it.log.id === log.logId)?.lastError).toBeDefined()
    hold.clear()
    await passUntil(clock, () => second.indexes(log.logId).length === 300, 20 * MINUTE)
    await passUntil(clock, () => second.state(log.logId) === 'live', MINUTE)
    expect([second.indexes(log.logId), second.misbehaviour]).toEqual([range(0, 300), []])
  })

  it('of which nothing was read yet is given up by a stream with an end', async () => {
    const clock = new VirtualClock()
    const [good, log] = [await logOf(5, { clock }), await logOf(300, { kind, clock, mmd: 86_400 })]
    serveHeadsAlone(log)
    const checkpoint = new MemoryCheckpointStore()
    const options = { logs: [good.spec, log.spec], checkpoint }
    const first = await readOn(clock, options)
    await clock.pass(10 * MINUTE)
    await first.close()
    const second = await readOn(clock, { ...options, end: 'head' })
    const outcome = outcomeOf(second)
    await clock.pass(10 * MINUTE)
    expect(outcome()).toMatch(/^CT_INCOMPLETE: /)
    expect(second.gaps).toMatchObject([{ log: { id: log.logId }, start: 0, end: 300 }])
  })

  it.each(['signatures-only', 'none-unverified', 'full'] as const)(
    'whose entries fail for minutes while one of its front ends lags is waited for (%s)',
    async (verify) => {
      const clock = new VirtualClock()
      const [good, log] = [await logOf(5, { clock }), await logOf(300, { kind, clock, mmd: 86_400 })]
      const reader = await readOn(clock, { logs: [good.spec, log.spec], verify })
      await passUntil(clock, () => reader.certificates.length === 305, MINUTE)
      const hold = serveHeadsAlone(log)
      grow(log, 3)
      await clock.pass(3 * MINUTE)
      let reads = 0
      const lag = log.fault({ on: HEADS, stale: 1, when: () => reads++ % 2 === 1 })
      grow(log, 3)
      await clock.pass(30 * MINUTE)
      grow(good, 2)
      await passUntil(clock, () => reader.indexes(good.logId).length === 7, MINUTE)
      expect(reader.state(log.logId)).toBe('waiting')
      hold.clear()
      lag.clear()
      await passUntil(clock, () => reader.indexes(log.logId).length === 306, 20 * MINUTE)
      expect([reader.indexes(log.logId), reader.misbehaviour]).toEqual([range(0, 306), []])
    },
  )

  it('of which nothing can be proven is accused of a head that it never serves, however its heads change', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 60 })
    const reader = await readOn(clock, { logs: [log.spec], verify: 'signatures-only', pollIntervalMs: MINUTE })
    await passUntil(clock, () => reader.certificates.length === 300, MINUTE)
    serveHeadsAlone(log)
    grow(log, 3)
    await clock.pass(3 * MINUTE)
    let reads = 0
    log.fault({ on: HEADS, stale: 1, when: () => reads++ % 2 === 1 })
    grow(log, 3)
    await clock.pass(5 * HOUR)
    expect(misbehaviours(reader)).toEqual([])
    await clock.pass(2 * HOUR)
    expect(new Set(misbehaviours(reader))).toEqual(new Set(['CT_HEAD_UNSERVED']))
  }, 60_000)

  it('that serves late what it signed is not accused', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 60 })
    const reader = await readOn(clock, { logs: [log.spec], pollIntervalMs: MINUTE })
    await reader.until(() => reader.certificates.length === 300)
    const hold = hide310(log)
    grow(log, 10)
    await clock.pass(40 * MINUTE)
    hold.clear()
    await passUntil(clock, () => reader.certificates.length === 310, 20 * MINUTE)
    await clock.pass(6 * HOUR)
    expect([reader.indexes(), reader.misbehaviour]).toEqual([range(0, 310), []])
  })
})
