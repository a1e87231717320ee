import {
  Admin,
  Consumer,
  compatibilityPartitioner,
  describeProducersV0,
  kGetConnection,
  type MessageRecord,
  Producer,
  produceV9,
} from '@platformatic/kafka'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { kafkaAddress } from '../../src/kafka/address.js'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { marksName } from '../../src/kafka/group-marks.js'
import { kafkaQueueSource } from '../../src/processors/kafka/index.js'
import { openSink, pump } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { range } from '../support/follow.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { otherClient, readIndependently } from './independent-reader.js'
import { headerOf, kafkaPlace, noKafka } from './kafka-place.js'
import { Wire } from './wires.js'

type Place = ReturnType<typeof kafkaPlace>

const ENTRIES = 1000
/** How many are written before. */
const WRITTEN = 600

/**
 * A broker that is started again in the middle of a commit may take it as ended without a marker in the partitions, though rarely. That state is
 * made here with a broker that takes records of a transaction which it was not told of.
 */
describe.skipIf(noKafka)('a sink whose last transaction the broker took as ended, and left open', () => {
  let place: Place
  let log: TestLog
  /** What a sink would have written next. */
  let next: { readonly entries: MessageRecord[]; readonly positions: MessageRecord[] }

  beforeEach(async () => {
    log = await logOf(WRITTEN)
    place = placeOfTest()
    await run(place, log)
    grow(log, ENTRIES - WRITTEN)
    const other = placeOfTest()
    await run(other, log)
    next = await recordsFor(other, log, place, WRITTEN)
  })

  it('writes again what was left open with its positions', async () => {
    await leaveOpen(place, [...next.entries, ...next.positions])
    await expectEachOnce(place, log)
  })

  it('writes again what was left open without its positions', async () => {
    await leaveOpen(place, next.entries)
    await expectEachOnce(place, log)
  })

  it('writes nothing again where the positions have ended: what was left open takes effect', async () => {
    await leaveOpen(place, next.entries)
    await commit(place, next.positions)
    await expectEachOnce(place, log)
  })
})

it.skipIf(noKafka)(
  'a sink that goes on over a new connection loses none of what was left open when its next transaction is aborted',
  async () => {
    const [place, other] = [placeOfTest(), placeOfTest()]
    const log = await logOf(WRITTEN)
    const left = await logWhere((of) => partitionOf(of) !== partitionOf(log), ENTRIES - WRITTEN)
    const grown = await logWhere((of) => partitionOf(of) === partitionOf(left), 0)
    await run(other, left)
    const next = await recordsFor(other, left, place, 0)
    const wire = await Wire.open([portOf(place)])
    onTestFinished(() => wire.close())
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const following = pump({
      sink: await openSink(`${wire.through(place.url)}&body=leaf`),
      signal: stop.signal,
      stream: (checkpoint) =>
        backfill(log, {
          logs: [log, grown].map(({ spec }) => spec),
          checkpoint: checkpoint ?? false,
          commit: 'manual',
          end: 'never',
        }),
    })
    await vi.waitFor(async () => expect((await place.content()).get(log.logId)).toHaveLength(WRITTEN), WAIT)
    // As if the sink had written them, and its broker had forgotten to end them: of a third log, so that it has nothing of them in memory.
    await leaveOpenOf(place, partitionOf(log), next.entries)
    await put(place, next.positions)
    wire.cut()
    const written = new Promise<void>((resolve) => {
      wire.cutAnswers(portOf(place), (sent) => {
        if (sent.length < 6 || sent.readInt16BE(4) !== PRODUCE) return false
        wire.hold()
        resolve()
        return false
      })
    })
    grow(grown, ENTRIES)
    await written
    // Takes over, by which the broker aborts what is under way.
    await run(place, grown)
    wire.release()
    await expect(following).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    expect(await place.content()).toEqual(
      new Map([
        [log.logId, range(0, WRITTEN)],
        [left.logId, range(0, ENTRIES - WRITTEN)],
        [grown.logId, range(0, ENTRIES)],
      ]),
    )
  },
  60_000,
)

it.skipIf(noKafka)('a processor whose last watermark the broker left open hands out nothing again', async () => {
  const log = await logOf(WRITTEN)
  const [place, other] = [placeOfTest(), placeOfTest()]
  for (const each of [place, other]) await run(each, log)
  await acknowledged(other, WRITTEN)
  await acknowledged(place, 1)
  const name = (of: Place) => marksName(kafkaAddress(of.url), GROUP)
  const consumer = new Consumer({ ...other.client, groupId: other.prefix })
  const marks: MessageRecord[] = []
  for (const partition of PARTITIONS)
    for await (const record of committedRecords(consumer, name(other), partition))
      if (String(record.key) === `log:${log.logId}`) marks.push({ ...messageOf(record), topic: name(place), partition })
  await consumer.close(true)
  const [last] = marks.slice(-1)
  if (last === undefined) throw new Error('no watermark')
  await leaveOpen(place, [last], `${last.topic}.${last.partition}`)
  grow(log, 1)
  await run(place, log)
  expect(await acknowledged(place, 1)).toEqual([WRITTEN])
})

const GROUP = 'one'
/** API key of the Kafka protocol. */
const PRODUCE = 0
/** Of the entries' topic. */
const PARTITIONS = [0, 1, 2]
const WAIT = { timeout: 30_000, interval: 50 }

/** The partition of a log's entries. */
const partitionOf = ({ logId }: TestLog) =>
  compatibilityPartitioner({} as never, Buffer.from(logId)) % PARTITIONS.length

async function logWhere(is: (log: TestLog) => boolean, count: number): Promise<TestLog> {
  for (;;) {
    const log = await logOf(count)
    if (is(log)) return log
  }
}

const portOf = (place: Place) => Number(new URL(place.url).port)

/** Indexes of the first entries that a processor is given, which it acknowledges. */
async function acknowledged(place: Place, count: number): Promise<readonly number[]> {
  const source = kafkaQueueSource(place.url, { group: GROUP })
  const indexes: number[] = []
  for await (const page of source.batches()) {
    for (const each of page.slice(0, count - indexes.length)) {
      indexes.push(each.index)
      source.acknowledge(each)
    }
    if (indexes.length === count) break
  }
  await source.close()
  return indexes
}

function placeOfTest(): Place {
  const place = kafkaPlace()
  onTestFinished(() => place.remove())
  return place
}

const run = async (place: Place, log: TestLog) =>
  pump({
    sink: await openSink(`${place.url}&body=leaf`),
    stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
  })

/** Messages of one place from an index on, to be written to another. */
async function recordsFor(other: Place, { logId }: TestLog, place: Place, from: number) {
  const consumer = new Consumer({ ...other.client, groupId: other.prefix })
  const all: MessageRecord[] = []
  for (const partition of PARTITIONS)
    for await (const record of committedRecords(consumer, other.topic, partition))
      if (Number(headerOf(record, 'ct-index')) >= from)
        all.push({ ...messageOf(record), topic: place.topic, partition })
  const positions: MessageRecord[] = []
  for await (const record of committedRecords(consumer, `${other.prefix}.positions.alone`))
    if (String(record.key) === `log:${logId}`)
      positions.push({ ...messageOf(record), topic: `${place.prefix}.positions.alone`, partition: 0 })
  await consumer.close(true)
  return { entries: all, positions: positions.slice(-1) }
}

const messageOf = ({
  key,
  value,
  headers,
}: {
  key: Buffer | null
  value: Buffer | null
  headers: readonly unknown[]
}) => ({
  key: key as Buffer,
  value: value as Buffer,
  headers: new Map(headers as [Buffer, Buffer][]),
})

const writer = (place: Place, transactionalId = `${place.prefix}.alone`) =>
  new Producer({ ...place.client, producerId: -1n, producerEpoch: -1, idempotent: true, transactionalId })

/** Records of a transaction that the coordinator does not know of. */
async function leaveOpen(place: Place, messages: readonly MessageRecord[], transactionalId?: string): Promise<void> {
  const producer = writer(place, transactionalId)
  // Others use this broker, too: also where this fails.
  onTestFinished(() => verifying(place, true))
  await verifying(place, false)
  const transaction = await producer.beginTransaction({ producerId: -1n, producerEpoch: -1 })
  const { producerId, producerEpoch } = producer
  if (producerId === undefined || producerEpoch === undefined) throw new Error('no producer id')
  const connection = await connectionOf(producer, place)
  const ids = { producerId, producerEpoch, transactionalId: transaction.id }
  // The broker follows its new configuration a moment later.
  await vi.waitFor(() => produceV9.api.async(connection, -1, 10_000, [...messages], ids), 10_000)
  await verifying(place, true)
  await producer.close(true)
}

/** Records of a transaction of the producer that has written a partition, after it has ended: it has written none where these belong. */
async function leaveOpenOf(place: Place, partition: number, messages: readonly MessageRecord[]): Promise<void> {
  onTestFinished(() => verifying(place, true))
  await verifying(place, false)
  const producer = new Producer(place.client)
  const connection = await connectionOf(producer, place)
  const topics = [{ name: place.topic, partitionIndexes: [partition] }]
  const [writer] =
    (await describeProducersV0.api.async(connection, topics)).topics[0]?.partitions[0]?.activeProducers ?? []
  if (writer === undefined) throw new Error('nobody has written there')
  const ids = {
    producerId: writer.producerId,
    producerEpoch: writer.producerEpoch,
    transactionalId: `${place.prefix}.alone`,
  }
  await vi.waitFor(() => produceV9.api.async(connection, -1, 10_000, [...messages], ids), 10_000)
  await verifying(place, true)
  await producer.close(true)
}

async function commit(place: Place, messages: readonly MessageRecord[]): Promise<void> {
  const producer = writer(place)
  const transaction = await producer.beginTransaction({ producerId: -1n, producerEpoch: -1 })
  await transaction.send({ messages: messages as never })
  await transaction.commit()
  await producer.close(true)
}

/** Writes records without a transaction. */
async function put(place: Place, messages: readonly MessageRecord[]): Promise<void> {
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(place.client)
  await producer.send({ messages: messages as never })
  await producer.close(true)
}

async function connectionOf(producer: Producer, place: Place): Promise<never> {
  const { brokers } = await producer.metadata({ topics: [place.topic] })
  const broker = [...brokers.values()][0]
  if (broker === undefined) throw new Error('no broker')
  return new Promise((resolve, reject) =>
    producer[kGetConnection](broker, (error, found) => (error ? reject(error) : resolve(found as never))),
  )
}

/** Whether the broker asks the coordinator of a transaction before it takes records of it. */
async function verifying(place: Place, is: boolean): Promise<void> {
  const admin = new Admin(place.client)
  const name = 'transaction.partition.verification.enable'
  const configs = [{ name, configOperation: 0, value: String(is) }]
  await admin.incrementalAlterConfigs({ resources: [{ resourceType: 4, resourceName: '1', configs }] as never })
  await admin.close()
}

async function expectEachOnce(place: Place, log: TestLog): Promise<void> {
  await run(place, log)
  const all = new Map([[log.logId, range(0, ENTRIES)]])
  expect(await place.content()).toEqual(all)
  if (otherClient !== undefined) expect(await readIndependently(place.servers, place.topic)).toEqual(all)
}
