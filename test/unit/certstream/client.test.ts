import { describe, expect, it, onTestFinished } from 'vitest'
import { CertStreamClient } from '../../../src/certstream/client.js'
import { domains, testServer } from './server.js'

/** The messages and contexts that a client's callback gets from a server that sends a heartbeat and two names. */
async function called(skipHeartbeats?: boolean): Promise<[unknown, unknown][]> {
  const server = await testServer((client) => {
    for (const text of ['{"message_type":"heartbeat"}', domains('a.example'), domains('b.example')]) client.send(text)
  })
  const calls: [unknown, unknown][] = []
  await new Promise<void>((resolve) => {
    const client = new CertStreamClient((message, context) => {
      calls.push([message, context])
      if (JSON.stringify(message).includes('b.example')) resolve()
    }, skipHeartbeats)
    onTestFinished(() => client.close())
    client.connect(server.url)
  })
  return calls
}

describe('the client with the calls of certstream-js', () => {
  it('calls back with every message and one context', async () => {
    const calls = await called()
    expect(calls.map(([message]) => message)).toEqual([
      { message_type: 'heartbeat' },
      { message_type: 'dns_entries', data: ['a.example'] },
      { message_type: 'dns_entries', data: ['b.example'] },
    ])
    expect(new Set(calls.map(([, context]) => context)).size).toBe(1)
  })

  it('leaves heartbeats out where that is asked for', async () => {
    expect(await called(true)).toHaveLength(2)
  })

  it('can be closed, and connected again', async () => {
    const server = await testServer((client) => client.send(domains('a.example')))
    let resolve = () => {}
    const client = new CertStreamClient(() => resolve())
    for (let i = 0; i < 2; i++) {
      const isCalled = new Promise<void>((done) => {
        resolve = done
      })
      client.connect(server.url)
      await isCalled
      await client.close()
    }
    expect(server.clients.size).toBe(0)
  })

  it('ends with what its callback throws, which nobody swallows', async () => {
    const server = await testServer((client) => client.send(domains('a.example')))
    const client = new CertStreamClient(() => {
      throw new Error('a mistake of the caller')
    })
    // The test runner listens for these as well.
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    onTestFinished(() => {
      for (const listener of others) process.on('uncaughtException', listener)
    })
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
    client.connect(server.url)
    expect(await thrown).toMatchObject({ message: 'a mistake of the caller' })
    await client.close()
    expect(server.clients.size).toBe(0)
  })

  it('says that the public server is gone', () => {
    const client = new CertStreamClient(() => {})
    expect(() => client.connect(undefined as never)).toThrow(/certstream\.calidog\.io.* is gone/)
    expect(() => new CertStreamClient('x' as never)).toThrow(/`callback`/)
  })
})
