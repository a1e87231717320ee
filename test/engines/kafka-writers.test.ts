import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { gapRecord } from '../../src/checkpoint/keyed-records.js'
import { kafkaAddress } from '../../src/kafka/address.js'
import { loadKafka } from '../../src/kafka/client.js'
import { GroupMarks, marksName } from '../../src/kafka/group-marks.js'
import { KafkaShard } from '../../src/kafka/shard.js'
import { makeTopics, marksTopic } from '../../src/kafka/topics.js'
import type { LogInfo } from '../../src/types/log.js'
import { systemClock } from '../../src/util/clock.js'
import { kafkaPlace, noKafka } from './kafka-place.js'
import { Wire } from './wires.js'

const log: LogInfo = { id: 'a', description: '', operator: '', kind: 'rfc6962', url: 'https://a.example/' }

// A connection that is left open keeps the process from ending, though nobody uses it.
describe.skipIf(noKafka)('a writer to Kafka that was closed leaves no connection', () => {
  let wire: Wire
  let url: string

  beforeEach(async () => {
    const place = kafkaPlace()
    onTestFinished(() => place.remove())
    wire = await Wire.open([Number(new URL(place.url).port)])
    onTestFinished(() => wire.close())
    url = wire.through(place.url)
  })

  const expectNone = () => vi.waitFor(() => expect(wire.connections).toBe(0), 10_000)

  it('when a shard was being opened', async () => {
    let goOn = () => {}
    const gate = new Promise<void>((open) => {
      goOn = open
    })
    const isReached = vi.fn()
    const shard = new KafkaShard(kafkaAddress(url), undefined, 'a sink', systemClock, undefined, async () => {
      isReached()
      await gate
      return []
    })
    const opened = expect(shard.open()).rejects.toMatchObject({ code: 'CT_CLOSED' })
    await vi.waitFor(() => expect(isReached).toHaveBeenCalled(), 10_000)
    await shard.close()
    goOn()
    await opened
    await expectNone()
  })

  it('when watermarks were being taken', async () => {
    const marks = await marksOf(url)
    wire.hold()
    const taken = expect(marks.take()).rejects.toMatchObject({ code: 'CT_LEASE_LOST' })
    await vi.waitFor(() => expect(wire.connections).toBeGreaterThan(0), 10_000)
    await marks.close()
    wire.release()
    await taken
    await expectNone()
  })

  it('when watermarks are still to be stored', async () => {
    const marks = await marksOf(url)
    await marks.take()
    expect(wire.connections).toBeGreaterThan(0)
    await marks.close()
    await expect(marks.store([], 1n)).rejects.toMatchObject({
      code: 'CT_LEASE_LOST',
      message: expect.stringContaining('given up the watermarks of partition 0'),
    })
    await expectNone()
  })
})

it.skipIf(noKafka)('a shard in Kafka writes what it is given at once, one after the other', async () => {
  const place = kafkaPlace()
  onTestFinished(() => place.remove())
  const open = async () => {
    const shard = new KafkaShard(kafkaAddress(place.url), undefined, 'a sink', systemClock)
    onTestFinished(() => shard.close())
    await shard.open()
    return shard
  }
  const shard = await open()
  const gaps = [1, 2, 3].map((start) => ({ log, start, end: start + 1, reason: 'left out', recordedAt: 0 }))
  await Promise.all(gaps.map((gap) => shard.put(gapRecord(gap))))
  expect((await open()).state.store.gaps()).toHaveLength(3)
})

describe.skipIf(noKafka)('watermarks in Kafka', () => {
  it('are stored beside a gap, without shutting out the one that stores them', async () => {
    const place = kafkaPlace()
    onTestFinished(() => place.remove())
    const marks = await marksOf(place.url)
    onTestFinished(() => marks.close())
    await marks.take()
    const gap = (start: number) => marks.addGap({ log, start, end: start + 1, reason: 'no longer in the queue' })
    await Promise.all([gap(0), marks.store([{ log, mark: { epoch: 1, next: 1 } }], 1n), gap(2), gap(4)])
    await marks.store([{ log, mark: { epoch: 1, next: 5 } }], 2n)
    const next = await marksOf(place.url)
    onTestFinished(() => next.close())
    expect(await next.take()).toMatchObject({ offset: 2n, logs: new Map([['a', { mark: { epoch: 1, next: 5 } }]]) })
  })
})

async function marksOf(url: string): Promise<GroupMarks> {
  const kafka = await loadKafka()
  const address = kafkaAddress(url)
  const topic = marksName(address, 'g')
  await makeTopics(kafka, address, [marksTopic(topic, 1)], systemClock)
  return new GroupMarks(kafka, address, { group: 'g', topic }, 0, systemClock)
}
