import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type KafkaAddress, kafkaAddress } from '../../../src/kafka/address.js'
import { clientOptions, loadKafka, retryDelay } from '../../../src/kafka/client.js'
import { withDeadline } from '../../../src/kafka/deadline.js'
import { VirtualClock } from '../../support/virtual-clock.js'

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

it('a transaction that waits for the markers of the one before asks again at once, and later more slowly', () => {
  const busy = Object.assign(new Error('busy'), { apiId: 'CONCURRENT_TRANSACTIONS' })
  const delays = Array.from({ length: 200 }, (_, i) => retryDelay(new Client(), 'addPartitions', i + 1, 1000, busy))
  expect(delays[0]).toBe(1)
  expect(delays).toEqual([...delays].sort((a, b) => a - b))
  // A broker that cannot write them for a second is asked no more than a few hundred times.
  expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeGreaterThan(900)
})

it('a client that is told of no broker for what it asks reports that, instead of ending the process', async () => {
  await loadKafka()
  const { Admin } = await loadKafka()
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: ['127.0.0.1:1'] })
  const clients = Object.getPrototypeOf(Admin.prototype) as object
  const name = Object.getOwnPropertySymbols(clients).find(({ description }) => description?.endsWith('getConnection'))
  const connect = (admin as unknown as Record<symbol, (broker: undefined, done: (error: Error) => void) => void>)[
    name as symbol
  ]
  const error = await new Promise<Error>((resolve) => connect?.call(admin, undefined, resolve))
  expect(error).toMatchObject({ code: 'PLT_KFK_NETWORK', canRetry: false })
  await admin.close()
})

it('a client is told the host and the port of a broker, of an IPv6 address without its brackets', () => {
  const told = (url: string) => clientOptions(kafkaAddress(url)).bootstrapBrokers
  expect(told('kafka://[2001:db8::1]:9094')).toEqual([{ host: '2001:db8::1', port: 9094 }])
  expect(told('kafka://[::1]')).toEqual([{ host: '::1', port: 9092 }])
  expect(told('kafka://host:9093')).toEqual([{ host: 'host', port: 9093 }])
})

describe('the clients of three brokers', () => {
  const asked = (address: KafkaAddress) =>
    clientOptions(address).bootstrapBrokers.map((broker) =>
      typeof broker === 'string' ? broker : `${broker.host}:${broker.port}`,
    )
  /** How a step ends whose client fails. */
  const failed = (address: KafkaAddress, error: Error) =>
    withDeadline(Promise.reject(error), { doing: 'test', address, clock: new VirtualClock(), giveUp: () => {} }).catch(
      () => {},
    )

  it('all ask one of them first', () => {
    const address = kafkaAddress('kafka://a:1,b:2,c:3/first')
    const first = asked(address)
    expect(first.toSorted()).toEqual(['a:1', 'b:2', 'c:3'])
    for (let i = 0; i < 50; i++) expect(asked(address)).toEqual(first)
  })

  it('ask the next one when a request to the first had no answer, also where the client gave it up by itself', async () => {
    const { NetworkError } = await loadKafka()
    const address = kafkaAddress('kafka://a:1,b:2,c:3/silent')
    const seen = [asked(address)[0]]
    for (let i = 0; i < 3; i++) {
      await failed(address, new NetworkError('Request timed out', { canRetry: false }))
      seen.push(asked(address)[0])
    }
    expect(new Set(seen.slice(0, 3)).size).toBe(3)
    expect(seen[3]).toBe(seen[0])
  })

  it('leave a broker once when several of them had no answer from it', async () => {
    const address = kafkaAddress('kafka://a:1,b:2,c:3/together')
    const [, second] = asked(address)
    await Promise.all(Array.from({ length: 3 }, () => failed(address, new Error('no answer'))))
    expect(asked(address)[0]).toBe(second)
  })

  it('stay with a broker that answered, though it refused', async () => {
    const address = kafkaAddress('kafka://a:1,b:2,c:3/refused')
    const [first] = asked(address)
    await failed(address, Object.assign(new Error('refused'), { apiId: 'CONCURRENT_TRANSACTIONS' }))
    expect(asked(address)[0]).toBe(first)
  })
})
