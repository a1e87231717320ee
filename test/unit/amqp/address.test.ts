import { describe, expect, it } from 'vitest'
import { amqpAddress, groupQueues } from '../../../src/amqp/address.js'

describe('the URL of RabbitMQ', () => {
  it('names the queues of groups', () => {
    const address = amqpAddress('amqp://host/v%2Fh?prefix=p&groups=one,two.b')
    expect(address).toMatchObject({ virtualHost: 'v/h', queue: 'p.entries', groups: ['one', 'two.b'] })
    expect(groupQueues(address, 'two.b')).toEqual({
      entries: 'p.entries.two.b',
      parked: 'p.parked.two.b',
      marks: 'p.marks.two.b',
    })
    expect(amqpAddress('amqp://host').groups).toEqual([])
  })

  it.each(['a b', 'a/b', '', 'ä', 'x'.repeat(101)])('refuses a group that is no part of a name: %j', (group) => {
    const address = amqpAddress('amqp://host')
    expect(() => groupQueues(address, group)).toThrow(/source\.group` must be for RabbitMQ a name of 1 to 100/)
    const url = `amqp://host?groups=${encodeURIComponent(`a,${group}`)}`
    expect(() => amqpAddress(url)).toThrow(/the RabbitMQ URL has groups/)
  })
})
