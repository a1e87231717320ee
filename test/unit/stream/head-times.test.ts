import { describe, expect, it } from 'vitest'
import { ctStream } from '../../../src/stream/ct-stream.js'
import {
  createTestLog,
  createTestLogList,
  type TestLog,
  type TestLogOptions,
  type TestLogState,
} from '../../../src/testing/index.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { closing } from '../../support/closing.js'
import { range, take } from '../../support/follow.js'
import { certificates, grow } from '../../support/logs.js'
import { Reader } from '../../support/reader.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const MINUTE = 60_000
const POLL = 10_000
/** The oldest a head may be when the merge delay is a minute: a minute more for caches, and a poll. */
const DUE = 2 * MINUTE + POLL

/** A log on a clock of its own that only moves when it is told to, and a stream that follows it. */
async function following(options: TestLogOptions = {}, streamOptions: CtStreamOptions = {}) {
  const clock = new VirtualClock()
  const log = closing(await createTestLog({ entries: certificates(5), mmd: 60, ...options, clock }))
  const settings = { start: 'beginning', partialTileDelayMs: 0, pollIntervalMs: POLL, random: () => 0.5 } as const
  const logs = 'logList' in streamOptions ? undefined : [log.spec]
  const stream = ctStream({ ...settings, checkpoint: false, clock, logs, ...streamOptions })
  const reader = closing(new Reader(stream))
  const now = () => stream.status().logs[0]
  return { clock, log, reader, now, codes: () => reader.errors.map(({ error }) => error.code) }
}

describe.each(['rfc6962', 'static-ct'] as const)('the newest head of a %s log', (kind) => {
  it('is reported once when it is older than the merge delay, and again only after a fresh one', async () => {
    const { clock, log, reader, now, codes } = await following({ kind })
    await reader.until(() => reader.certificates.length === 5)
    await clock.pass(DUE)
    expect(codes()).toEqual([])
    expect(now()).toMatchObject({ state: 'live', mmdMs: MINUTE, headProblem: undefined, lastError: undefined })

    await clock.pass(5 * MINUTE)
    expect(codes()).toEqual(['CT_HEAD_STALE'])
    const { error, log: of } = reader.errors[0] ?? {}
    expect([of?.id, error?.logId]).toEqual([log.logId, log.logId])
    expect(error?.message).toMatch(/was signed 1[34]\d s ago, the maximum merge delay is 60 s$/)
    expect(now()).toMatchObject({ state: 'live', mmdMs: MINUTE, headProblem: error, lastError: error })
    expect(now()?.headAgeMs).toBeGreaterThan(7 * MINUTE)

    grow(log, 3)
    await clock.pass(POLL * 2)
    await reader.until(() => reader.certificates.length === 8)
    expect(reader.indexes()).toEqual(range(0, 8))
    expect(now()).toMatchObject({ state: 'live', headProblem: undefined, lastError: error })
    expect(now()?.headAgeMs).toBeLessThan(MINUTE)
    expect(codes()).toEqual(['CT_HEAD_STALE'])

    await clock.pass(4 * MINUTE)
    expect(codes()).toEqual(['CT_HEAD_STALE', 'CT_HEAD_STALE'])
    // It was never a reason to wait, nor held against the log.
    expect(reader.states.map(({ state }) => state)).not.toContain('waiting')
    expect(reader.misbehaviour).toEqual([])
  })

  it('is in order as long as it is signed again, though the log does not grow', async () => {
    const { clock, log, codes } = await following({ kind })
    for (let minute = 0; minute < 10; minute++) {
      await clock.pass(MINUTE)
      log.publish()
    }
    expect(codes()).toEqual([])
  })

  it('is reported when it is signed ahead of time, and used as any other', async () => {
    const { clock, log, reader, now, codes } = await following({ kind })
    await reader.until(() => reader.certificates.length === 5)
    log.add(certificates(3))
    log.publishAt(clock.now() + 60 * MINUTE)
    await clock.pass(2 * POLL)
    expect(reader.indexes()).toEqual(range(0, 8))
    expect(codes()).toEqual(['CT_HEAD_FUTURE'])
    expect(now()).toMatchObject({ state: 'live', headAgeMs: 0, lagMs: 0, headProblem: { code: 'CT_HEAD_FUTURE' } })

    // Signed again at the right time, for the same tree: that is the newest head from now on.
    const right = log.publishAt(clock.now())
    await clock.pass(2 * POLL)
    expect(reader.heads.at(-1)?.head.timestamp).toBe(right.timestamp)
    expect(now()).toMatchObject({ headSize: 8, headProblem: undefined })
    await clock.pass(4 * MINUTE)
    expect(codes()).toEqual(['CT_HEAD_FUTURE', 'CT_HEAD_STALE'])
  })

  it('may be signed a little ahead', async () => {
    const { clock, log, reader, codes } = await following({ kind })
    log.add(certificates(3))
    log.publishAt(clock.now() + 5 * MINUTE)
    await clock.pass(2 * POLL)
    await reader.until(() => reader.certificates.length === 8)
    expect(codes()).toEqual([])
  })

  it('does not end a stream before its time has come', async () => {
    const clock = new VirtualClock()
    const log = closing(await createTestLog({ kind, entries: certificates(5), clock }))
    const end = { time: new Date(clock.now() + MINUTE) }
    log.publishAt(clock.now() + 60 * MINUTE)
    const options = {
      logs: [log.spec],
      start: 'beginning',
      checkpoint: false,
      partialTileDelayMs: 0,
      mergeDelayMs: MINUTE,
      clock,
    } as const
    const reading = take(closing(ctStream({ ...options, end, pollIntervalMs: POLL, random: () => 0.5 })))
    await clock.pass(3 * POLL)
    // Issued before the end, and published later: it belongs to the stream.
    log.add(certificates(2))
    log.publish()
    await clock.pass(3 * MINUTE)
    expect((await reading).map(({ index }) => index)).toEqual(range(0, 7))
  })
})

describe('a log whose head grows old', () => {
  it('is judged when its head is read, not while it cannot be reached', async () => {
    const { clock, log, reader, codes } = await following()
    await reader.until(() => reader.certificates.length === 5)
    log.fault({ on: 'get-sth', status: 503, times: 12 })
    await clock.pass(20 * MINUTE)
    expect(codes().slice(0, 12)).toEqual(Array(12).fill('CT_HTTP_STATUS'))
    expect(codes().slice(12)).toEqual(['CT_HEAD_STALE'])
  })

  it('has the merge delay of its protocol by default', async () => {
    const { clock, reader, now, codes } = await following({ mmd: 60 }, {})
    await reader.until(() => now() !== undefined)
    await reader.close()
    expect(now()?.mmdMs).toBe(MINUTE)
    const log = closing(await createTestLog({ kind: 'both', clock, entries: certificates(5) }))
    for (const [spec, mmdMs] of [
      [log.specs[0], 86_400_000],
      [log.specs[1], MINUTE],
    ] as const) {
      const { mmd: _, ...bare } = spec as TestLog['spec']
      const stream = closing(ctStream({ logs: [bare], checkpoint: false, clock }))
      const other = closing(new Reader(stream))
      await other.until(() => stream.status().logs[0]?.state === 'live')
      expect(stream.status().logs[0]?.mmdMs).toBe(mmdMs)
    }
    expect(codes()).toEqual([])
  })

  it.each<[TestLogState, string[]]>([
    ['usable', ['CT_HEAD_STALE']],
    ['readonly', []],
  ])('and that the lists call %s', async (state, expected) => {
    const clock = new VirtualClock()
    const log = closing(await createTestLog({ entries: certificates(5), mmd: 60, clock }))
    const logList = createTestLogList([log], { state, timestamp: new Date(clock.now()) }) as never
    const options = { logList, start: 'beginning', checkpoint: false, pollIntervalMs: POLL, random: () => 0.5 } as const
    const stream = ctStream({ ...options, clock })
    const reader = closing(new Reader(stream))
    await reader.until(() => reader.certificates.length === 5)
    await clock.pass(10 * MINUTE)
    expect(reader.errors.map(({ error }) => error.code)).toEqual(expected)
    expect(stream.status().logs[0]).toMatchObject({ state: 'live', mmdMs: state === 'usable' ? MINUTE : undefined })
  })
})
