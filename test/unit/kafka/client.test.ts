import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { kafkaAddress } from '../../../src/kafka/address.js'
import { askAnother, clientOptions, retryDelay } from '../../../src/kafka/client.js'

/** The client that retries: an emitter that can be closed. */
class Client extends EventEmitter {
  closed = false
  closes = 0

  close(): void {
    this.closes++
    this.closed = true
  }
}

it('a request that was under way when its client was closed is not retried for ever', async () => {
  const client = new Client()
  let ended = 0
  client.on('client:close', () => ended++)
  retryDelay(client, 'metadata', 1, 1000, new Error('no answer'))
  await setImmediate()
  expect([ended, client.closes]).toEqual([0, 0])
  client.closed = true
  retryDelay(client, 'metadata', 2, 1000, new Error('no answer'))
  await setImmediate()
  expect([ended, client.closes]).toEqual([1, 0])
})

describe('the clients of three brokers', () => {
  it('all ask one of them first, and another one when it gave no answer', () => {
    const address = kafkaAddress('kafka://a:1,b:2,c:3/prefix')
    const asked = () => clientOptions(address).bootstrapBrokers as string[]
    for (let i = 0; i < 50; i++) {
      const before = asked()
      expect(before.toSorted()).toEqual(['a:1', 'b:2', 'c:3'])
      expect(asked()).toEqual(before)
      askAnother(address)
      expect(asked()[0]).not.toBe(before[0])
    }
    const alone = kafkaAddress('kafka://a:1/prefix')
    askAnother(alone)
    expect(clientOptions(alone).bootstrapBrokers).toEqual(['a:1'])
  })
})
