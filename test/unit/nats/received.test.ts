import { describe, expect, it } from 'vitest'
import { receivedFrom } from '../../../src/nats/received.js'

const headers = { keys: () => ['ct-log', 'ct-index'], get: (name: string) => `of ${name}` }
const data = Buffer.from('x')

describe('what a NATS server delivers', () => {
  it.each([
    ['of servers before 2.11', '$JS.ACK.ct_alone.S69lnQWJ.1.6.2.1795965370032806871.7'],
    ['with domain and account', '$JS.ACK._.ACCOUNT.ct_alone.S69lnQWJ.1.6.2.1795965370032806871.7.RANDOM'],
  ])('has the place of a message in its reply subject, %s', (_what, reply) => {
    expect(receivedFrom({ subject: 's', reply, headers, data })).toEqual({
      kind: 'message',
      subject: 's',
      sequence: 6,
      delivery: 2,
      pending: 7,
      time: 1795965370032,
      headers: [
        ['ct-log', 'of ct-log'],
        ['ct-index', 'of ct-index'],
      ],
      body: data,
    })
  })

  it.each([
    [{ code: 408, ...headers }, undefined, 408],
    [undefined, undefined, 0],
    [undefined, '$JS.ACK.short', 0],
    [undefined, '_INBOX.another', 0],
  ])('is a word of the server otherwise: %#', (said, reply, code) => {
    const message = { subject: 's', data, ...(said && { headers: said }), ...(reply && { reply }) }
    expect(receivedFrom(message)).toEqual({ kind: 'status', code })
  })
})
