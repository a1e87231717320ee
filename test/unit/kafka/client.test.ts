import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { retryDelay } from '../../../src/kafka/client.js'

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
