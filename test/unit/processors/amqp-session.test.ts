import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GroupConsumer } from '../../../src/amqp/group-consumer.js'
import { AmqpSession } from '../../../src/processors/amqp/session.js'

/** A session that has had messages, which are none of ct-stream and finished with one by one; and the tags that it acknowledged. */
function sessionOf(count: number) {
  const acknowledged: number[] = []
  const consumer = { acknowledge: (tag: number) => void acknowledged.push(tag) } as GroupConsumer
  const session = new AmqpSession(consumer, new Map())
  const deliveries = Array.from({ length: count }, (_, i) => ({ tag: i + 1, headers: [], body: new Uint8Array() }))
  const { foreign } = session.sort(deliveries, 0)
  return { session, acknowledged, finish: (at: number) => foreign[at]?.done() }
}

describe('messages of RabbitMQ that are finished with', () => {
  it('are acknowledged up to the first one that is not, in any order', () => {
    const order = fc.integer({ min: 1, max: 40 }).chain((count) => {
      const all = Array.from({ length: count }, (_, i) => i)
      return fc.shuffledSubarray(all, { minLength: count, maxLength: count })
    })
    fc.assert(
      fc.property(order, (finishing) => {
        const { session, acknowledged, finish } = sessionOf(finishing.length)
        const done = new Set<number>()
        for (const at of finishing) {
          finish(at)
          session.acknowledge()
          done.add(at)
          let open = 0
          while (done.has(open)) open++
          expect(acknowledged.at(-1) ?? 0).toBe(open)
          expect(session.held).toBe(finishing.length - open)
        }
        // None twice.
        expect(acknowledged).toEqual([...new Set(acknowledged)].sort((a, b) => a - b))
      }),
    )
  })

  it('are acknowledged with one request, however many they are', () => {
    const { session, acknowledged, finish } = sessionOf(100_000)
    for (let at = 0; at < 100_000; at++) finish(at)
    session.acknowledge()
    expect([acknowledged, session.held]).toEqual([[100_000], 0])
  })
})
