import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { Reader } from '../../support/reader.js'
import { backfill, certificates, closing, follow, openLog } from './logs.js'

describe('429', () => {
  // It opened a circuit breaker: nothing was read for minutes, of a log that only asked for patience.
  it('does not stop a log for longer than it asks, nor end it, however often it comes', async () => {
    // Thirty requests a second of the machine's: a busy one asks more often, too.
    const clock = fastClock(15)
    const log = await openLog({ entries: certificates(1_000, 'patience'), pageSize: 32, clock })
    log.fault({ on: 'get-entries', rateLimit: { burst: 2, perSecond: 2, by: 'address' } })
    const reader = closing(new Reader(backfill(log, { clock })))
    await reader.done
    expect(reader.indexes()).toEqual(range(0, 1_000))
    expect(reader.errors.every(({ error }) => error.status === 429)).toBe(true)
    const asked = log.requests.filter(({ endpoint }) => endpoint === 'get-entries')
    expect(asked.filter(({ status }) => status === 429).length).toBeGreaterThan(0)
    // 32 pages at two a second: the longest silence is that of a pause or two.
    const gaps = asked.slice(1).map(({ receivedAt }, i) => receivedAt - (asked[i]?.receivedAt ?? 0))
    expect(Math.max(...gaps)).toBeLessThan(30_000)
    expect(new Set(reader.states.map(({ state }) => state))).not.toContain('failed')
  })

  it('in a row is over when it is over: nothing waits on account of the refusals before', async () => {
    const clock = fastClock(10)
    const log = await openLog({ entries: certificates(1_000, 'in a row'), clock })
    log.fault({ on: 'get-entries', times: 8, status: 429, retryAfter: 1 })
    const started = clock.now()
    const read = await take(backfill(log, { clock, random: () => 0.5 }))
    expect(indexesOf(read)).toEqual(range(0, 1_000))
    // Eight times a second or two. Counted as failures they would come to a minute.
    expect(clock.now() - started).toBeLessThan(30_000)
  })

  it('of one log does not delay another', async () => {
    const slow = await openLog({ entries: certificates(300, 'slow'), operator: 'A' })
    const quick = await openLog({ entries: certificates(300, 'quick'), operator: 'B' })
    slow.fault({ on: '*', status: 429, retryAfter: 3_600 })
    const reader = follow({ logs: [slow.spec, quick.spec], start: 'beginning' })
    await reader.until(() => reader.indexes(quick.logId).length === 300)
    expect(reader.indexes(slow.logId)).toEqual([])
    expect(slow.requestCount()).toBe(1)
  })

  it('teaches a rate that is kept: the next run does not find out again', async () => {
    const checkpoint = new MemoryCheckpointStore()
    const clock = fastClock(20)
    const log = await openLog({ entries: certificates(2_800, 'learned'), pageSize: 32, clock })
    // By the log's time: the reader has its entries a proof at a time.
    let limitedAt: number | undefined
    const secondsAfterLimit = (receivedAt: number) => {
      if (limit.hits > 0) limitedAt ??= receivedAt
      return (receivedAt - (limitedAt ?? receivedAt)) / 1_000
    }
    // One more after a minute: a younger rate would be a hint.
    const late = log.fault({
      on: '*',
      times: 1,
      status: 429,
      when: ({ receivedAt }) => secondsAfterLimit(receivedAt) > 65,
    })
    const limit = log.fault({ on: '*', rateLimit: { burst: 4, perSecond: 1, by: 'address', retryAfter: 'none' } })
    const first = ctStream({ logs: [log.spec], start: 'beginning', checkpoint, clock })
    const indexes: number[] = []
    for await (const { index } of first) {
      indexes.push(index)
      if (indexes.length === 2_400) break
    }
    expect(indexes).toEqual(range(0, 2_400))
    expect(late.hits).toBe(1)
    const learned = first.status().logs[0]?.requestsPerSecond
    const refused = limit.hits
    expect(refused).toBeGreaterThan(0)
    expect(learned).toBeGreaterThan(0.1)
    expect(learned).toBeLessThan(4)

    checkpoint.open()
    const kept = checkpoint.load()[0]?.learned as Record<string, number>
    expect(kept.requestsPerSecond).toBeCloseTo(learned ?? 0, 1)
    expect((kept.limitedAt ?? 0) - (kept.limitedSince ?? 0)).toBeGreaterThan(60_000)
    checkpoint.close()
    // Nothing is refused any more: what the second run knows it knows from the first; it may go faster from there, as time passes.
    limit.clear()
    const second = ctStream({ logs: [log.spec], checkpoint, end: 'head', clock })
    expect(indexesOf(await take(second))).toEqual(range(2_399, 2_800))
    expect(second.status().logs[0]?.requestsPerSecond).toBeGreaterThan((learned ?? 0) / 2)
    expect(second.status().logs[0]?.requestsPerSecond).toBeLessThan((learned ?? 0) * 4)
  })
})
