import { Admin, Consumer, kGetConnection, type MessageRecord, Producer, produceV9 } from '@platformatic/kafka'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { kafkaAddress } from '../../src/kafka/address.js'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { marksName } from '../../src/kafka/group-marks.js'
import { kafkaQueueSource } from '../../src/processors/kafka/index.js'
import { openSink, pump } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { otherClient, readIndependently } from './independent-reader.js'
import { headerOf, kafkaPlace, noKafka } from './kafka-place.js'

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
    next = await recordsFor(place, other, log)
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

it.skipIf(noKafka)('a processor whose last watermark the broker left open hands out nothing again', async () => {
  const log = await logOf(WRITTEN)
  const [place, other] = [placeOfTest(), placeOfTest()]
  for (const each of [place, other]) await run(each, log)
  await acknowledged(other, WRITTEN)
  await acknowledged(place, 1)
  const name = (of: Place) => marksName(kafkaAddress(of.url), GROUP)
  const consumer = new Consumer({ ...other.client, groupId: other.prefix })
  const marks: MessageRecord[] = []
  for (const partition of [0, 1, 2])
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

/** Messages of one place, to be written to another. */
async function recordsFor(place: Place, other: Place, { logId }: TestLog) {
  const consumer = new Consumer({ ...other.client, groupId: other.prefix })
  const all: MessageRecord[] = []
  for (const partition of [0, 1, 2])
    for await (const record of committedRecords(consumer, other.topic, partition))
      if (Number(headerOf(record, 'ct-index')) >= WRITTEN)
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
  const { brokers } = await producer.metadata({ topics: [messages[0]?.topic ?? place.topic] })
  const broker = [...brokers.values()][0]
  const { producerId, producerEpoch } = producer
  if (broker === undefined || producerId === undefined || producerEpoch === undefined) throw new Error('no producer id')
  const connection = await new Promise<never>((resolve, reject) =>
    producer[kGetConnection](broker, (error, found) => (error ? reject(error) : resolve(found as never))),
  )
  const ids = { producerId, producerEpoch, transactionalId: transaction.id }
  // The broker follows its new configuration a moment later.
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
  const all = new Map([[log.logId, Array.from({ length: ENTRIES }, (_, index) => index)]])
  expect(await place.content()).toEqual(all)
  if (otherClient !== undefined) expect(await readIndependently(place.servers, place.topic)).toEqual(all)
}
