import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { amqpAddress } from '../../../src/amqp/address.js'
import { connect } from '../../../src/amqp/connect.js'
import { systemClock } from '../../../src/util/clock.js'

describe('connecting to RabbitMQ', () => {
  it('ends at once, with its connection, when it is aborted while the server says nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const stop = new AbortController()
    const address = amqpAddress(`amqp://127.0.0.1:${port},127.0.0.1:${port}`)
    const prepared = connect(address, systemClock, (open) => open(), { signal: stop.signal })
    prepared.catch(() => {})
    const [socket] = (await once(server, 'connection')) as [Socket]
    socket.on('error', () => {}).resume()
    const reason = new Error('closed')
    stop.abort(reason)
    await Promise.all([expect(prepared).rejects.toBe(reason), once(socket, 'close')])
    await new Promise(setImmediate)
    expect(await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0)
  })
})
