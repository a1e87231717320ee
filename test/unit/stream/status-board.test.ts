import { describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../src/checkpoint/sqlite.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { LogCondition } from '../../../src/types/checkpoint.js'
import { take } from '../../support/follow.js'
import { grow, logOf } from '../../support/logs.js'
import { passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'
import { useTempFolder } from '../checkpoint/temp-folder.js'

const folder = useTempFolder()

/** What somebody sees who looks at the file while the stream uses it, or later. */
async function seen(path: string): Promise<{ conditions: readonly LogCondition[]; rows: number }> {
  const store = new SqliteCheckpointStore(path, { readOnly: true })
  await store.open()
  try {
    return { conditions: store.conditions(), rows: store.load().length }
  } finally {
    store.close()
  }
}

describe('the checkpoint file of a stream', () => {
  it('has every log within seconds, also one that was never reached, with why and when it is asked again', async () => {
    const clock = new VirtualClock()
    const [well, dead] = [await logOf(5, { clock }), await logOf(5, { clock })]
    dead.fault({ on: '*', status: 503 })
    const began = clock.now()
    const checkpoint = folder.file()
    const reader = await readOn(clock, { logs: [well.spec, dead.spec], checkpoint, start: 'now' })
    // The store opens in its own time.
    await reader.until(({ errors }) => errors.length > 0)
    await passUntil(clock, () => reader.state(well.logId) === 'live', 60_000)
    await clock.pass(5_000)
    const now = clock.now()
    const { conditions, rows } = await seen(checkpoint)
    expect(rows).toBe(1)
    expect(conditions.map(({ log, state }) => [log.id, state])).toEqual([
      [well.logId, 'live'],
      [dead.logId, 'waiting'],
    ])
    expect(conditions[0]).toMatchObject({ failingSince: undefined, nextRetryAt: undefined })
    expect(conditions[1]).toMatchObject({
      failingSince: began,
      lastError: { code: 'CT_HTTP_STATUS', message: expect.stringContaining('503') },
    })
    expect(now - (conditions[1]?.recordedAt ?? 0)).toBeLessThanOrEqual(7_000)
    expect(conditions[1]?.nextRetryAt).toBeGreaterThan(conditions[1]?.recordedAt ?? Number.NaN)
    await reader.close()
    // Nobody asks again.
    const after = await seen(checkpoint)
    expect(after.conditions.map(({ state, nextRetryAt }) => [state, nextRetryAt])).toEqual([
      ['live', undefined],
      ['waiting', undefined],
    ])
    expect(after.conditions[1]?.failingSince).toBe(began)
  })

  it('is written every five seconds at most', async () => {
    const clock = new VirtualClock()
    const dead = await logOf(5, { clock })
    dead.fault({ on: '*', status: 503 })
    const checkpoint = new SqliteCheckpointStore(folder.file())
    const writes: number[] = []
    const put = checkpoint.putConditions.bind(checkpoint)
    checkpoint.putConditions = (conditions) => {
      writes.push(clock.now())
      put(conditions)
    }
    const reader = await readOn(clock, { logs: [dead.spec], checkpoint })
    await reader.until(({ errors }) => errors.length > 0)
    await clock.pass(120_000)
    expect(writes.length).toBeGreaterThan(4)
    const between = writes.slice(1).map((at, i) => at - (writes[i] ?? 0))
    expect(Math.min(...between)).toBeGreaterThanOrEqual(5_000)
  })

  it('says that a log is finished, also where what was read is not acknowledged yet', async () => {
    const log = await logOf(5)
    const checkpoint = folder.file()
    const stream = ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint, acknowledge: 'manual' })
    for await (const _ of stream);
    await expect.poll(async () => (await seen(checkpoint)).conditions.map(({ state }) => state)).toEqual(['finished'])
    await stream.close()
    expect((await seen(checkpoint)).conditions).toMatchObject([{ state: 'finished', failingSince: undefined }])
  })

  it('is not touched by a stream that may not have it', async () => {
    const [one, other] = [await logOf(5), await logOf(5)]
    const checkpoint = folder.file()
    const first = ctStream({ logs: [one.spec], checkpoint, start: 'beginning' })
    await first[Symbol.asyncIterator]().next()
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) }
    const second = ctStream({ logs: [other.spec], checkpoint, logger, contact: 'https://example.org' })
    await expect(second[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    expect(warnings).toEqual([])
    await first.close()
    expect((await seen(checkpoint)).conditions.map(({ log }) => log.id)).toEqual([one.logId])
  })
})

it('a store that fails to keep how logs fare ends nothing, and says so once', async () => {
  const log = await logOf(300)
  const checkpoint = new SqliteCheckpointStore(folder.file())
  checkpoint.putConditions = () => {
    throw new Error('the disk is full')
  }
  const warnings: string[] = []
  const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) }
  const options = { logs: [log.spec], start: 'beginning', end: 'head', logger, checkpoint } as const
  expect(await take(ctStream(options))).toHaveLength(300)
  expect(warnings).toEqual([
    'the checkpoint store failed to keep the state of the logs; `ct-stream status` does not show it: the disk is full',
  ])
})

describe('what a log is waited for that is read as far as it goes', () => {
  it('is a head that shows that nothing earlier is to come, until there is one', async () => {
    const clock = new VirtualClock()
    const log = await logOf(5, { clock })
    const time = new Date(clock.now() + 60_000)
    const checkpoint = folder.file()
    const options = {
      logs: [log.spec],
      end: { time },
      mergeDelayMs: 30_000,
      acknowledge: 'manual',
      checkpoint,
    } as const
    const reader = await readOn(clock, options)
    await reader.until(({ certificates }) => certificates.length === 5)
    const status = () => reader.stream.status().logs[0]
    const waitsFor = { kind: 'head', signedAt: time.getTime() + 30_000 }
    expect(status()).toMatchObject({ state: 'live', waitsFor })
    await clock.pass(20_000)
    grow(log, 1)
    await passUntil(clock, () => reader.certificates.length === 6, 60_000)
    reader.stream.acknowledge()
    await clock.pass(5_000)
    expect((await seen(checkpoint)).conditions).toMatchObject([{ state: 'live', waitsFor }])
    await clock.pass(90_000)
    log.publish()
    await passUntil(clock, () => reader.state(log.logId) === 'finished', 60_000)
    expect(status()?.waitsFor).toBeUndefined()
  })

  it('is the last entry before the end', async () => {
    const clock = new VirtualClock()
    const log = await logOf(5, { clock })
    const reader = await readOn(clock, { logs: [log.spec], end: { index: 7 }, acknowledge: 'manual' })
    await reader.until(({ certificates }) => certificates.length === 5)
    reader.stream.acknowledge()
    const status = () => reader.stream.status().logs[0]
    expect(status()?.waitsFor).toEqual({ kind: 'entry', index: 6 })
    grow(log, 2)
    await passUntil(clock, () => reader.certificates.length === 7, 60_000)
    expect(status()?.waitsFor).toBeUndefined()
  })

  it('is nothing where a stream has no end, or the log is not reached', async () => {
    const clock = new VirtualClock()
    const [log, dead] = [await logOf(5, { clock }), await logOf(5, { clock })]
    dead.fault({ on: '*', status: 503 })
    const endless = await readOn(clock, { logs: [log.spec] })
    const waiting = await readOn(clock, { logs: [dead.spec], end: { index: 7 } })
    await endless.until(({ certificates }) => certificates.length === 5)
    await clock.pass(5_000)
    expect(endless.stream.status().logs[0]).toMatchObject({ state: 'live', waitsFor: undefined })
    expect(waiting.stream.status().logs[0]).toMatchObject({ state: 'waiting', waitsFor: undefined })
  })
})
