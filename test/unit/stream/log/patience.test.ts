import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../../src/checkpoint/memory.js'
import { ctStream } from '../../../../src/stream/ct-stream.js'
import type { TestLog } from '../../../../src/testing/index.js'
import type { LogSpec } from '../../../../src/types/log.js'
import { closing } from '../../../support/closing.js'
import { range } from '../../../support/follow.js'
import { logOf } from '../../../support/logs.js'
import { outcomeOf, passUntil, readOn, VirtualClock } from '../../../support/virtual-stream.js'

const ENTRIES = ['get-entries', 'data-tile'] as const
const KINDS = ['rfc6962', 'static-ct'] as const

/** Ways in which a log is never reached, and what is to be said of them. */
const NEVER: [string, RegExp, (log: TestLog, other: TestLog) => Promise<LogSpec> | LogSpec][] = [
  [
    'refused',
    /was not reached in 60 s: .*ECONNREFUSED.*; nothing listens at that address/,
    async (log) => {
      await log.close()
      return log.spec
    },
  ],
  [
    '404',
    /was not reached in 60 s: .*404 Not Found; no (RFC 6962|static-ct) log is at that URL: .*submission/,
    (log) => {
      log.fault({ on: '*', status: 404 })
      return log.spec
    },
  ],
  [
    'read with the key of another',
    /was not reached in 60 s: no head verifies with the key given \(logs\[\].key, --key\)/,
    (log, other) => ({ ...log.spec, key: other.key }),
  ],
]

describe.each(KINDS)('a stream with an end, of a %s log that', (kind) => {
  it.each(NEVER)('is %s, ends after a minute, and reads the others', async (_, sentence, spoil) => {
    const clock = new VirtualClock()
    const [log, other, well] = [await logOf(5, { kind }), await logOf(5, { kind }), await logOf(300, { kind, clock })]
    const spec = await spoil(log, other)
    const checkpoint = new MemoryCheckpointStore()
    const reader = await readOn(clock, { logs: [spec, well.spec], end: 'head', checkpoint })
    const outcome = outcomeOf(reader)
    await reader.until(() => reader.certificates.length === 300)
    await clock.pass(50_000)
    expect(outcome()).toBeUndefined()
    await passUntil(clock, () => outcome() !== undefined, 30_000)
    expect(outcome()).toMatch(/^CT_INCOMPLETE: /)
    expect(outcome()).toMatch(sentence)
    expect(reader.indexes(well.logId)).toEqual(range(0, 300))
    checkpoint.open()
    expect(checkpoint.gaps()).toMatchObject([{ start: 0, end: undefined }])
    expect(checkpoint.evidence()).toEqual([])
  })

  it('is never reached ends even where nobody knows what is missing', async () => {
    const clock = new VirtualClock()
    const log = await logOf(5, { kind })
    log.fault({ on: '*', status: 503 })
    const reader = await readOn(clock, { logs: [log.spec], start: 'now', end: { index: 9 }, endPatienceMs: 5_000 })
    const outcome = outcomeOf(reader)
    await passUntil(clock, () => outcome() !== undefined, 20_000)
    expect(outcome()).toMatch(/^CT_INCOMPLETE: .*was not reached in 5 s: .*503/)
    expect(reader.gaps).toEqual([])
  })

  it('dies on the way ends a minute after its last answer', async () => {
    const clock = new VirtualClock()
    const log = await logOf(2000, { kind, clock })
    const reader = await readOn(clock, { logs: [log.spec], end: 'head' })
    const outcome = outcomeOf(reader)
    log.fault({ on: ENTRIES, after: 4, status: 503 })
    await passUntil(clock, () => outcome() !== undefined, 200_000)
    expect(outcome()).toMatch(/^CT_INCOMPLETE: .* from \d+ to 2000 \(.*gave no answer for 60 s: .*503/)
    expect(reader.certificates.length).toBeGreaterThan(0)
    expect(reader.gaps).toMatchObject([{ start: reader.certificates.length, end: 2000 }])
  })

  it('asks to be left alone for a while is waited for', async () => {
    const clock = new VirtualClock()
    const log = await logOf(5, { kind, clock })
    const busy = log.fault({ on: '*', status: 429, retryAfter: 30 })
    const reader = await readOn(clock, { logs: [log.spec], end: 'head' })
    const outcome = outcomeOf(reader)
    await clock.pass(200_000)
    expect(outcome()).toBeUndefined()
    busy.clear()
    await passUntil(clock, () => outcome() !== undefined, 120_000)
    expect([outcome(), reader.certificates.length]).toEqual(['end', 5])
  })
})

it('the error for a static-ct log with another origin names the submission URL', async () => {
  const clock = new VirtualClock()
  const log = await logOf(5, { kind: 'static-ct' })
  const spec = { ...log.spec, submissionUrl: 'https://log.example/2027h1/' } as LogSpec
  const reader = await readOn(clock, { logs: [spec], end: 'head' })
  const outcome = outcomeOf(reader)
  await passUntil(clock, () => outcome() !== undefined, 100_000)
  expect(outcome()).toMatch(
    /^CT_INCOMPLETE: .*was not reached in 60 s: .*its origin is not "log.example\/2027h1".*--submission-url/,
  )
})

it('a stream without an end tries for ever', async () => {
  const clock = new VirtualClock()
  const log = await logOf(5, { clock })
  const dead = log.fault({ on: '*', status: 503 })
  const reader = await readOn(clock, { logs: [log.spec] })
  await clock.pass(3_600_000)
  expect(reader.stream.status().logs[0]?.troubleMs).toBeGreaterThan(3_500_000)
  dead.clear()
  await passUntil(clock, () => reader.certificates.length === 5, 200_000)
  expect(reader.certificates.length).toBe(5)
  expect(reader.stream.status().logs[0]?.troubleMs).toBeUndefined()
})

it('a slow reader costs a log nothing', async () => {
  const clock = new VirtualClock()
  const log = await logOf(600, { clock, pageSize: 32 })
  log.fault({ on: ENTRIES, after: 2, times: 1, status: 503 })
  const options = { start: 'beginning', end: 'head', checkpoint: false, maxBufferedBytes: 65_536, clock } as const
  const stream = closing(ctStream({ logs: [log.spec], ...options }))
  const pages = stream.batches()
  let read = 0
  for (let done = false; !done; ) {
    const next = pages.next()
    await clock.pass(600_000)
    const { value, done: isLast } = await next
    read += value?.length ?? 0
    done = isLast === true
  }
  expect(read).toBe(600)
})
