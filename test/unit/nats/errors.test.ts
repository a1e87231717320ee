import { describe, expect, it } from 'vitest'
import { natsAddress } from '../../../src/nats/address.js'
import { natsError } from '../../../src/nats/errors.js'

const address = natsAddress('nats://queue.example')
/** As the client makes them of the server's answers. */
const answer = (code: number, text: string) => Object.assign(new Error(text), { name: 'JetStreamApiError', code })

describe('an error of NATS', () => {
  it.each([
    [10004, 'incomplete results'],
    [10006, 'cluster not active'],
    [10007, 'JetStream cluster not assigned to this server'],
    [10008, 'JetStream system temporarily unavailable'],
    [10009, 'JetStream cluster can not handle request'],
    [10118, 'stream is offline'],
    [10119, 'consumer is offline'],
  ])('passes while a cluster has no leader: %i, %s', (code, text) => {
    const { retryable, message } = natsError(answer(code, text), 'renew leases', address)
    expect(retryable).toBe(true)
    expect(message).toBe(
      `could not renew leases at nats://queue.example:4222: the cluster has no leader at the moment (${text})`,
    )
  })

  it('does not pass by itself where something has to be changed', () => {
    for (const code of [10054, 10058, 10065, 10074, 10039])
      expect(natsError(answer(code, 'no'), 'write entries', address).retryable).toBe(false)
  })
})
