import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { Fault } from '../../../src/testing/index.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, certificates, follow, openLog } from './logs.js'

const KINDS = ['rfc6962', 'static-ct'] as const
const HEADS = ['get-sth', 'checkpoint'] as const

describe('a log that does not serve its first head', () => {
  const FAILURES: [string, Omit<Fault, 'on'>][] = [
    ['503', { status: 503 }],
    ['404', { status: 404 }],
    ['a page with status 200', { html: true }],
    ['a connection that is cut', { disconnect: true }],
    ['an empty body', { truncate: 0 }],
  ]

  // It was given up for good, or until an hour later; or taken for an empty log, and read from index 0.
  it.each(KINDS.flatMap((kind) => FAILURES.map(([name, effect]) => [kind, name, effect] as const)))(
    '%s, %s: is asked again, and begun at its head',
    async (kind, _, effect) => {
      const log = await openLog({ kind, entries: certificates(100, 'first head') })
      log.fault({ on: HEADS, times: 8, ...effect })
      const reader = follow({ logs: [log.spec], clock: fastClock(20_000), pollIntervalMs: 200_000 })
      await reader.until(() => reader.state(log.logId) === 'live')
      expect(reader.errors.length).toBeGreaterThanOrEqual(8)
      log.add(certificates(3, 'later'))
      log.publish()
      await reader.until(() => reader.certificates.length >= 3)
      expect(reader.indexes()).toEqual([100, 101, 102])
    },
  )

  it('does not keep other logs from being read', async () => {
    const dead = await openLog({ entries: certificates(5, 'dead') })
    const alive = await openLog({ entries: certificates(5, 'alive') })
    dead.fault({ on: '*', disconnect: true })
    const reader = follow({ logs: [dead.spec, alive.spec], start: 'beginning' })
    await reader.until(() => reader.certificates.length === 5)
    expect(reader.indexes(alive.logId)).toEqual(range(0, 5))
  })
})

describe('an error in the middle', () => {
  // A static one ended the goroutine without a word; the log was read no more.
  it.each([
    ['rfc6962', 'get-entries'],
    ['rfc6962', 'get-sth'],
    ['static-ct', 'data-tile'],
    ['static-ct', 'checkpoint'],
  ] as const)('of a %s log (%s) is told, and reading goes on', async (kind, on) => {
    const log = await openLog({ kind, entries: certificates(300, 'middle') })
    const reader = follow({ logs: [log.spec], start: 'beginning' })
    await reader.until(() => reader.certificates.length === 300)
    for (const [round, effect] of [{ status: 500 }, { status: 403 }, { html: true }, { cutAfter: 10 }].entries()) {
      const before = reader.errors.length
      log.fault({ on, times: 3, ...effect })
      log.add(certificates(200, `round ${round}`))
      log.publish()
      await reader.until(() => reader.certificates.length === log.size)
      expect(reader.errors.length).toBeGreaterThan(before)
    }
    expect(reader.indexes()).toEqual(range(0, log.size))
    expect(reader.gaps).toEqual([])
  })
})

describe('a head that is smaller than the one before', () => {
  // Replicas lag. It was taken for a rollback: a jump to the tip, a log that was refused, a false alarm.
  it.each(KINDS)('of a %s log changes nothing: no step back, no gap, nobody accused', async (kind) => {
    const log = await openLog({ kind, entries: certificates(100, 'replica') })
    const reader = follow({ logs: [log.spec], start: 'beginning' })
    await reader.until(() => reader.certificates.length === 100)
    for (let round = 0; round < 5; round++) {
      log.add(certificates(60, `replica ${round}`))
      log.publish()
      await reader.until(() => reader.certificates.length === log.size)
      const polls = log.requestCount(kind === 'rfc6962' ? 'get-sth' : 'checkpoint')
      log.fault({ on: HEADS, times: 2, stale: 1 + (round % 2) })
      await reader.until(() => log.requestCount(kind === 'rfc6962' ? 'get-sth' : 'checkpoint') >= polls + 3)
    }
    expect(reader.indexes()).toEqual(range(0, 400))
    const sizes = reader.heads.map(({ head }) => head.treeSize)
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
    expect(reader.stream.status().logs[0]?.headSize).toBe(400)
    expect([reader.misbehaviour, reader.gaps]).toEqual([[], []])
  })
})

describe('the saved position', () => {
  // It was saved before the consumer had the entry; its exception was swallowed, and the entry lost.
  it.each(KINDS)('of a %s log never passes the entry at which the loop body threw', async (kind) => {
    const log = await openLog({ kind, entries: certificates(600, 'consumer') })
    const checkpoint = new MemoryCheckpointStore()
    for (const at of [0, 1, 255, 256, 400]) {
      const stream = backfill(log, { checkpoint, commit: { everyEntries: 1, everyMs: 10 } })
      const reading = (async () => {
        for await (const { index } of stream) if (index === at) throw new Error(`consumer at ${at}`)
      })()
      await expect(reading).rejects.toThrow(`consumer at ${at}`)
      checkpoint.open()
      expect(checkpoint.load()[0]?.position).toBe(at)
      checkpoint.close()
    }
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(400, 600))
  })

  it('never passes a page that is still being worked on', async () => {
    const log = await openLog({ entries: certificates(600, 'pages') })
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, commit: { everyEntries: 1, everyMs: 10 } })
    let seen = 0
    for await (const page of stream.batches()) {
      await stream.commit()
      expect(checkpoint.load()[0]?.position).toBe(seen)
      seen += page.length
    }
    expect(seen).toBe(600)
  })
})

describe('polling', () => {
  // The timer fired again while a fetch still ran: entries came twice, and requests piled up.
  it.each(KINDS)('never asks a %s log for its head twice at once, however slow the answers', async (kind) => {
    const log = await openLog({ kind, entries: certificates(20, 'slow heads') })
    log.fault({ on: HEADS, delayMs: 30 })
    const reader = follow({ logs: [log.spec], start: 'beginning', pollIntervalMs: 10, clock: fastClock(10) })
    await reader.until(() => reader.certificates.length === 20)
    for (let round = 0; round < 4; round++) {
      log.add(certificates(10, `slow ${round}`))
      log.publish()
      await reader.until(() => reader.certificates.length === log.size)
    }
    const asked = log.requests.filter(({ endpoint }) => endpoint === 'get-sth' || endpoint === 'checkpoint')
    expect(asked.length).toBeGreaterThan(4)
    const gaps = asked.slice(1).map(({ receivedAt }, i) => receivedAt - (asked[i]?.receivedAt ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(29)
    expect(reader.indexes()).toEqual(range(0, 60))
  })

  it('of many streams at once keeps each to its own log', async () => {
    const logs = await Promise.all([1, 2, 3].map((n) => openLog({ entries: certificates(40 * n, `many ${n}`) })))
    const counts = await Promise.all(
      logs.map(async (log) => {
        const stream = ctStream({
          logs: [log.spec],
          start: 'beginning',
          end: 'head',
          checkpoint: false,
          clock: fastClock(),
        })
        return (await take(stream)).length
      }),
    )
    expect(counts).toEqual([40, 80, 120])
  })
})
