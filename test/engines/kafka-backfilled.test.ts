import { Admin, Consumer, Producer } from '@platformatic/kafka'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { KafkaClusterView } from '../../src/cluster/kafka-view.js'
import { kafkaAddress } from '../../src/kafka/address.js'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { marksName } from '../../src/kafka/group-marks.js'
import { openParked } from '../../src/processors/index.js'
import { kafkaQueueSource } from '../../src/processors/kafka/index.js'
import { pump } from '../../src/sinks/index.js'
import { kafkaSink } from '../../src/sinks/kafka.js'
import type { TestLog } from '../../src/testing/index.js'
import type { QueueSource, QueueSourceOptions } from '../../src/types/queue.js'
import { BuiltCommand } from '../support/built-command.js'
import { fastClock } from '../support/fast-clock.js'
import { backfill, logOf } from '../support/logs.js'
import { headerOf, kafkaPlace, noKafka } from './kafka-place.js'
import { QueueProcessors } from './queue-processors.js'

/** Least size of a range. */
const STEP = 4096
/** Faults of a run, two of three kill -9; `CT_STREAM_TEST_PROCESSOR_KILLS=200 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_PROCESSOR_KILLS ?? 3)
const LEASE_MS = 6000
const PARTITIONS = 3

describe.skipIf(noKafka)('what backfills have written to Kafka, for processors', () => {
  let place: ReturnType<typeof kafkaPlace>
  beforeEach(() => {
    place = kafkaPlace()
  })
  afterEach(() => place.remove())

  const indexes = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
  /** Reads the log from an index to its end, as a collector does. */
  const collect = (log: TestLog, start: number) =>
    pump({
      sink: kafkaSink(place.url, { body: 'leaf' }),
      clock: fastClock(20_000),
      stream: (checkpoint) =>
        backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', start: { index: start } }),
    })
  const startBackfill = (log: TestLog, from: number, to: number, db = `${place.url}&backfilled=true`) => {
    const flags = ['--log', log.url, '--key', log.key, '--db', db, '--lease', '6s', '--range', `${STEP}`]
    return new BuiltCommand(['backfill', ...flags, '--from', `${from}`, '--to', `${to}`], import.meta.dirname)
  }
  const fillUp = async (...args: Parameters<typeof startBackfill>) => {
    const command = startBackfill(...args)
    expect(await command.closed, command.stderr).toBe(0)
  }
  const source = (group: string, options: Partial<QueueSourceOptions> = {}) =>
    kafkaQueueSource(`${place.url}&backfilled=true`, { group, end: 'head', leaseMs: LEASE_MS, ...options })
  /** What a group is given until there is nothing left, in the order of the indexes. */
  const read = async (from: QueueSource) => {
    const found: number[] = []
    try {
      for await (const page of from.batches()) {
        found.push(...page.map(({ index }) => index))
        const last = page.at(-1)
        if (last !== undefined) from.acknowledge(last)
      }
    } finally {
      await from.close()
    }
    return found.sort((a, b) => a - b)
  }
  const consuming = async <T>(use: (consumer: Consumer<Buffer, Buffer, Buffer, Buffer>) => Promise<T>): Promise<T> => {
    const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...place.client, groupId: `${place.prefix}.test` })
    try {
      return await use(consumer)
    } finally {
      await consumer.close(true)
    }
  }
  const backfilled = () =>
    consuming(async (consumer) => {
      const found: { partition: number; offset: bigint; index: number; key: string }[] = []
      for (let partition = 0; partition < PARTITIONS; partition++)
        for await (const record of committedRecords(consumer, `${place.prefix}.backfilled`, partition)) {
          const index = Number(headerOf(record, 'ct-index'))
          found.push({ partition, offset: record.offset, index, key: String(record.key) })
        }
      return found
    })
  const records = (topic: string, kind: string) =>
    consuming(async (consumer) => {
      const found: { key: string; value: string }[] = []
      for (let partition = 0; partition < PARTITIONS; partition++)
        for await (const { key, value } of committedRecords(consumer, topic, partition))
          if (String(key).startsWith(kind)) found.push({ key: String(key), value: String(value) })
      return found
    })

  it('come to a group that asks for them once, beside the entries of the log itself, and to none that does not', async () => {
    const log = await logOf(STEP + 900)
    await collect(log, STEP + 600)
    const live = indexes(STEP + 600, STEP + 900)
    expect(await read(source('one'))).toEqual(live)
    await fillUp(log, 0, STEP + 600)
    expect(await read(source('one'))).toEqual(indexes(0, STEP + 600))
    expect(await read(source('one'))).toEqual([])
    // One that begins now has all of it, also those of the log that are above.
    expect(await read(source('two'))).toEqual(indexes(0, STEP + 900))
    const without = kafkaQueueSource(place.url, { group: 'three', end: 'head', leaseMs: LEASE_MS })
    expect(await read(without)).toEqual(live)
    expect(await read(source('four', { start: 'now' }))).toEqual([])
  }, 120_000)

  it('are given again from what was acknowledged on, and say how far the group is', async () => {
    const log = await logOf(STEP + 300)
    await fillUp(log, 0, STEP + 300)
    const view = new KafkaClusterView(place.url)
    onTestFinished(() => view.close())
    const groups = async () =>
      (await view.groups()).map(({ name, logs }) => [name, ...logs.map(({ next, end, lag }) => [next, end, lag])])
    const first = source('one', { pageEntries: 100 })
    for await (const page of first.batches())
      for (const certificate of page)
        if (certificate.index < 250 || certificate.index >= STEP) first.acknowledge(certificate)
    expect(first.status().logs.map(({ next, lag }) => [next, lag])).toContainEqual([250, STEP - 250])
    await first.close()
    // A range that is finished with is not listed any more.
    expect(await groups()).toEqual([['one', [250, STEP, STEP - 250]]])
    expect(await read(source('one'))).toEqual(indexes(250, STEP))
    expect(await groups()).toEqual([['one']])
  }, 120_000)

  it(`reach the processors of a group, all of them, in ${KILLS} kills and stops of two`, async () => {
    const log = await logOf(STEP * 6, { operator: 'one' })
    await collect(log, STEP * 6)
    const processors = new QueueProcessors(`${place.url}&backfilled=true`, LEASE_MS)
    onTestFinished(() => processors.remove())
    processors.start()
    processors.start()
    const filling = startBackfill(log, 0, log.size)
    for (let i = 0; i < KILLS; i++) {
      const { count } = processors
      await processors.until((now) => now > count || now >= log.size)
      await processors.harm(i)
    }
    expect(await filling.closed, filling.stderr).toBe(0)
    await processors.until((count) => count >= log.size)
    await processors.stop()
    const given = processors.given().flat()
    expect(new Set(given.map(([, index]) => Number(index)))).toEqual(new Set(indexes(0, log.size)))
    // What is given again was not stored before its processor was killed: a part, not everything.
    expect(given.length).toBeLessThan(log.size * 1.7)
    const moves = new Map<string, number[]>()
    for (const { key, value } of await records(marksName(kafkaAddress(place.url), 'effects', 'backfilled'), 'range:'))
      moves.set(key, [...(moves.get(key) ?? []), JSON.parse(value).mark.next])
    expect([...moves.values()].map((each) => each.at(-1)).sort((a = 0, b = 0) => a - b)).toEqual(
      indexes(1, 7).map((n) => n * STEP),
    )
    for (const each of moves.values()) expect(each).toEqual([...each].sort((a, b) => a - b))
  }, 240_000)

  it('are set aside where nobody has written them, without skipping anything', async () => {
    const log = await logOf(200)
    await fillUp(log, 0, 200)
    const [, message] = await consuming(async (consumer) => {
      for (let partition = 0; partition < PARTITIONS; partition++)
        for await (const record of committedRecords(consumer, `${place.prefix}.backfilled`, partition))
          return [partition, record] as const
      throw new Error('nothing was backfilled')
    })
    const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(place.client)
    const headers = (index: string) =>
      new Map(
        message.headers.map(([name, text]) => [
          name as Buffer,
          String(name) === 'ct-index' ? Buffer.from(index) : (text as Buffer),
        ]),
      )
    const send = (key: string, index: string) =>
      producer.send({
        messages: [
          {
            ...{ topic: `${place.prefix}.backfilled`, partition: 0, key: Buffer.from(key) },
            ...{ value: message.value as Buffer, headers: headers(index) },
          },
        ],
      })
    await send('backfill 1 from 7', '8')
    await send('backfill 99 from 0', '0')
    await send('backfill 1 from 0', '200')
    await send('nothing of ours', '3')
    await producer.close()
    const reading = source('one')
    expect(await read(reading)).toEqual(indexes(0, 200))
    await using parked = await openParked(place.url)
    expect((await parked.list()).map(({ index }) => index).sort()).toEqual([0, 200, 3, 8])
  }, 60_000)

  it('are set aside by a module that fails on one, and replayed by the processor that has its range', async () => {
    const log = await logOf(120)
    await fillUp(log, 0, 120)
    const first = source('one')
    for await (const certificate of first) {
      if (certificate.index === 50) await first.park(certificate, { by: 'mine', message: 'no' })
      first.acknowledge(certificate)
    }
    await first.close()
    await using parked = await openParked(place.url)
    const [entry] = await parked.list()
    expect(entry).toMatchObject({ group: 'one', index: 50 })
    await parked.replay('one')
    expect(await read(source('one'))).toEqual([50])
    expect(await parked.list()).toEqual([])
  }, 60_000)

  it('are missing where retention took them, also the last ones of a range', async () => {
    const log = await logOf(300)
    await fillUp(log, 0, 300)
    const first = source('one', { pageEntries: 50 })
    for await (const page of first.batches())
      if (page[0]?.index === 0) first.acknowledge(page.at(-1) as (typeof page)[number])
    await first.close()
    const all = await backfilled()
    const { partition } = all[0] as (typeof all)[number]
    const admin = new Admin(place.client)
    const take = (offset: bigint) =>
      admin.deleteRecords({ topics: [{ name: `${place.prefix}.backfilled`, partitions: [{ partition, offset }] }] })
    const end = (all.find(({ index }) => index === 299)?.offset ?? 0n) + 1n
    await take(end)
    await admin.close()
    const reading = source('one')
    expect(await read(reading)).toEqual([])
    expect(reading.status().missing).toBe(250)
    const gaps = await records(marksName(kafkaAddress(place.url), 'one', 'backfilled'), 'gap:')
    expect(gaps.map(({ value }) => JSON.parse(value))).toMatchObject([{ start: 50, end: 300 }])
    // Once.
    const again = source('one')
    expect(await read(again)).toEqual([])
    expect(again.status().missing).toBe(0)
  }, 60_000)

  it('are refused as they are by default, with what to change', async () => {
    const log = await logOf(20)
    await fillUp(log, 0, 20, place.url)
    await expect(read(source('one'))).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      message: expect.stringContaining('body=leaf'),
    })
  }, 60_000)
})
