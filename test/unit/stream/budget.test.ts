import { describe, expect, it } from 'vitest'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { fastClock } from '../../support/fast-clock.js'
import { range } from '../../support/follow.js'
import { certificates, logOf } from '../../support/logs.js'

const SMALLEST = 65_536

describe('the smallest budget', () => {
  it.each(['full', 'signatures-only'] as const)('is enough for twenty logs (%s)', async (verify) => {
    const logs = await Promise.all(
      range(0, 20).map((i) =>
        logOf(300 + i, { kind: i % 2 === 0 ? 'rfc6962' : 'static-ct', operator: `operator ${i}`, pageSize: 40 }),
      ),
    )
    const stream = ctStream({
      logs: logs.map(({ spec }) => spec),
      start: 'beginning',
      end: 'head',
      checkpoint: false,
      verify,
      maxBufferedBytes: SMALLEST,
      clock: fastClock(1000),
    })
    const indexes = new Map<string, number[]>(logs.map(({ logId }) => [logId, []]))
    for await (const { log, index } of stream) indexes.get(log.id)?.push(index)
    for (const { logId, size } of logs) expect(indexes.get(logId)).toEqual(range(0, size))
    expect(stream.status().bufferedBytes).toBe(0)
  })

  it('is not taken by a log that gives nothing', async () => {
    const [dead, alive] = [await logOf(300, { operator: 'A' }), await logOf(300, { operator: 'B' })]
    dead.fault({ on: 'get-entries', status: 503 })
    const stream = ctStream({
      logs: [dead.spec, alive.spec],
      start: 'beginning',
      checkpoint: false,
      maxBufferedBytes: SMALLEST,
      clock: fastClock(1000),
    })
    let read = 0
    for await (const { log } of stream) if (log.id === alive.logId && ++read === 300) break
    expect(read).toBe(300)
  })
})

describe('many logs that answer in 50 s', () => {
  it.each([12, 40])('(%i of them) keep a sound one neither from its first entry nor from its rate', async (count) => {
    const entries = certificates(300)
    const slow = await Promise.all(range(0, count).map((i) => logOf(0, { operator: `slow ${i}`, entries })))
    for (const log of slow) log.fault({ on: 'get-entries', hang: true })
    const sound = await logOf(3000, { operator: 'sound', kind: 'static-ct' })
    const stream = ctStream({
      logs: [...slow, sound].map(({ spec }) => spec),
      start: 'beginning',
      checkpoint: false,
      maxBufferedBytes: 8 * 1024 * 1024,
      clock: fastClock(100),
    })
    let read = 0
    for await (const { log } of stream) if (log.id === sound.logId && ++read === 3000) break
    expect(read).toBe(3000)
    expect(sound.requests.filter(({ path }) => path.includes('tile/data')).length).toBe(12)
  })
})
