import { describe, expect, it } from 'vitest'
import { pump } from '../../src/sinks/index.js'
import { kafkaSink } from '../../src/sinks/kafka.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { sinkContract } from '../support/sink-contract.js'
import { upTo } from '../support/whole-messages.js'
import { otherClient, readIndependently } from './independent-reader.js'
import { headerOf, kafkaPlace, noKafka } from './kafka-place.js'

describe.skipIf(noKafka)('Kafka', () => {
  sinkContract('Kafka, alone', async () => {
    const place = kafkaPlace()
    return { sink: () => kafkaSink(place.url), content: () => place.content(), remove: () => place.remove() }
  })

  sinkContract('Kafka, with leases', async () => {
    const place = kafkaPlace()
    let epoch = 0
    return {
      sink: () => kafkaSink(place.url),
      content: () => place.content(),
      lease: async () => ({ unit: 'one', epoch: ++epoch, until: Number.POSITIVE_INFINITY }),
      remove: () => place.remove(),
    }
  })

  it('does not let an owner that has lost its lease shut out the one that has it', async () => {
    const place = kafkaPlace()
    const lease = (epoch: number) => ({ unit: 'one', epoch, until: Number.POSITIVE_INFINITY })
    const log = await logOf(600)
    const zombie = kafkaSink(place.url)
    await zombie.open(lease(1))
    const owner = kafkaSink(place.url)
    const tried: unknown[] = []
    await pump({
      sink: owner,
      lease: lease(2),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', logger: undefined }),
    })
    await zombie.open(lease(1)).catch((error) => tried.push(error))
    expect(tried).toMatchObject([{ code: 'CT_LEASE_LOST' }])
    const records = await place.records()
    expect(records.map((record) => headerOf(record, 'ct-epoch'))).toEqual(Array(600).fill('2'))
    await place.remove()
  })

  it('lets a second sink of the same lease go on, as when the logs of a shard change', async () => {
    const place = kafkaPlace()
    const lease = { unit: 'one', epoch: 7, until: Number.POSITIVE_INFINITY }
    const logs = [await logOf(100), await logOf(200)]
    for (const log of logs)
      await pump({
        sink: kafkaSink(place.url),
        lease,
        stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      })
    const content = await place.content()
    expect(logs.map((log) => content.get(log.logId)?.length)).toEqual([100, 200])
    await place.remove()
  })

  it('does not set back a position that another sink of the same lease has moved on, as after a rollback', async () => {
    const place = kafkaPlace()
    const lease = { unit: 'one', epoch: 7, until: Number.POSITIVE_INFINITY }
    const log = await logOf(100)
    const write = () =>
      pump({
        sink: kafkaSink(place.url),
        lease,
        stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      })
    await write()
    const late = kafkaSink(place.url)
    await late.open(lease)
    const rows = (await late.store?.load()) ?? []
    expect(rows).toMatchObject([{ position: 100 }])
    grow(log, 100)
    await write()
    // It was shut out, and takes the shard back: the epoch is its own.
    await expect(late.store?.commit(rows)).rejects.toMatchObject({ code: 'CT_SINK_FAILED', retryable: true })
    await expect(late.store?.commit(rows)).rejects.toMatchObject({ code: 'CT_SINK_FAILED', retryable: true })
    await late.close()
    grow(log, 100)
    await write()
    expect((await place.content()).get(log.logId)).toEqual(upTo(300))
    await place.remove()
  })

  it.skipIf(otherClient === undefined)('is read the same by a client of others (confluent-kafka)', async () => {
    const place = kafkaPlace()
    const log = await logOf(700)
    await pump({
      sink: kafkaSink(place.url),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })
    expect(await readIndependently(place.servers, place.topic)).toEqual(await place.content())
    expect((await place.content()).get(log.logId)).toHaveLength(700)
    await place.remove()
  })

  it('writes pages that are larger than a batch may be', async () => {
    const place = kafkaPlace()
    const log = await logOf(1500)
    await pump({
      sink: kafkaSink(place.url),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })
    const records = await place.records()
    expect(records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)).toBeGreaterThan(2 ** 21)
    expect((await place.content()).get(log.logId)).toEqual(Array.from({ length: 1500 }, (_, index) => index))
    await place.remove()
  })

  it('says that no broker is there', async () => {
    const clock = { now: () => 0, sleep: async () => {} }
    await expect(kafkaSink('kafka://user:secret@127.0.0.1:1', { clock }).open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: true,
      message: expect.not.stringContaining('secret'),
    })
  })
})
