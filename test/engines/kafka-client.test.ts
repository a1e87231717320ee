import { Admin, Producer } from '@platformatic/kafka'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { batches } from '../../src/kafka/fenced-producer.js'
import { kafkaPlace, noKafka } from './kafka-place.js'

// Why the client is wrapped: what it does without each rule of `src/kafka`, on a real broker. A test that fails here says that a rule may go.
describe.skipIf(noKafka)('the Kafka client', () => {
  let place: ReturnType<typeof kafkaPlace>
  const open: { close(force?: boolean): Promise<void> }[] = []
  beforeEach(async () => {
    place = kafkaPlace()
    const admin = new Admin(place.client)
    await admin.createTopics({ topics: [place.topic], partitions: 3, replicas: 1 })
    await admin.close()
  })
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close(true)
    await place.remove()
  })
  const ids = { producerId: -1n, producerEpoch: -1 }
  const producer = (more: object = ids) => {
    const made = new Producer({
      ...place.client,
      ...more,
      idempotent: true,
      transactionalId: place.prefix,
      retries: 200,
    })
    open.push(made)
    return made
  }
  const message = (text: string) => ({
    topic: place.topic,
    partition: 0,
    key: Buffer.from('k'),
    value: Buffer.from(text),
  })
  const found = async () => (await place.records()).map(({ value }) => String(value))

  it('acknowledges sends at once of which not all are stored: one is in flight at a time', async () => {
    const one = producer()
    await one.send({ messages: [message('first')] })
    const texts = Array.from({ length: 10 }, (_, i) => String(i))
    const sent = await Promise.allSettled(texts.map((text) => one.send({ messages: [message(text)] })))
    expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect((await found()).length).toBeLessThan(11)
  })

  it('is fenced at its second start with its own ids: -1 asks for new ones', async () => {
    const begin = async (more: object) => {
      const one = producer(more)
      const transaction = await one.beginTransaction()
      await transaction.send({ messages: [message('one')] })
      await transaction.commit()
    }
    await begin(ids)
    await begin(ids)
    await expect(begin({})).rejects.toThrow()
    await begin(ids)
    expect(await found()).toEqual(['one', 'one', 'one'])
  })

  it('leaves records of aborted transactions to its users: they are dropped here', async () => {
    const one = producer()
    for (const [text, isCommitted] of [
      ['aborted', false],
      ['kept', true],
      ['aborted too', false],
      ['kept too', true],
    ] as const) {
      const transaction = await one.beginTransaction()
      await transaction.send({ messages: [message(text)] })
      await (isCommitted ? transaction.commit() : transaction.abort())
    }
    expect(await found()).toEqual(['kept', 'kept too'])
  })

  it('loses what was committed between aborted transactions, one without a record: markers decide here', async () => {
    const one = producer()
    const aborted = await one.beginTransaction()
    await aborted.send({ messages: [message('aborted')] })
    await aborted.abort()
    const kept = await one.beginTransaction()
    await kept.send({ messages: [message('kept')] })
    await kept.commit()
    // The partition is in the transaction, the record is refused.
    const empty = await one.beginTransaction()
    await expect(empty.send({ messages: [message('x'.repeat(2_000_000))] })).rejects.toThrow()
    await empty.abort()
    expect(await found()).toEqual(['kept'])
  })

  it('shows nothing of a transaction that is open, and the next producer ends it', async () => {
    const zombie = producer()
    const left = await zombie.beginTransaction()
    await left.send({ messages: [message('left open')] })
    expect(await place.records({ whileOpen: true })).toEqual([])
    const next = await producer().beginTransaction()
    await expect(left.commit()).rejects.toThrow()
    await next.send({ messages: [message('next')] })
    await next.commit()
    expect(await found()).toEqual(['next'])
  })

  it('has a batch for each send refused above 1 MiB: they are cut by bytes', async () => {
    const messages = Array.from({ length: 40 }, () => message('x'.repeat(50_000)))
    const one = producer()
    await expect(one.send({ messages })).rejects.toThrow()
    const two = producer()
    for (const batch of batches(messages)) await two.send({ messages: [...batch] })
    expect(await found()).toHaveLength(40)
  })
})
