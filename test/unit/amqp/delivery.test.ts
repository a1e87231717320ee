import { describe, expect, it } from 'vitest'
import { deliveryOf } from '../../../src/amqp/delivery.js'

describe('a delivery of RabbitMQ', () => {
  it('has headers with text, and its body as bytes', () => {
    const headers = { 'ct-index': '3', 'x-delivery-count': 2, nested: { a: 1 } }
    expect(deliveryOf({ deliveryTag: 7, headers, body: Buffer.from('x') })).toEqual({
      tag: 7,
      headers: [['ct-index', '3']],
      body: Buffer.from('x'),
    })
  })

  it.each([
    ['text', 'text'],
    [{ a: 1 }, '{"a":1}'],
    [undefined, ''],
  ])('has bytes also of a body that the client has parsed: %j', (body, bytes) => {
    expect(deliveryOf({ deliveryTag: 1, body })).toEqual({ tag: 1, headers: [], body: Buffer.from(bytes) })
  })
})
