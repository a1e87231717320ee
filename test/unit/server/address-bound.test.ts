import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { boundByAddress } from '../../../src/server/address-bound.js'

async function bounded(most: number) {
  const server = createServer()
  boundByAddress(server, most, { isTrusted: (address) => address === '127.0.0.2' })
  server.listen(0, '::')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  onTestFinished(() => void server.close().closeAllConnections())
  /** A connection; `undefined`: the server cut it at once. */
  const open = async (localAddress: string): Promise<Socket | undefined> => {
    const accepted = once(server, 'connection')
    const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true }).resume()
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    const [served] = (await accepted) as [Socket]
    return served.destroyed ? undefined : socket
  }
  return { server, open }
}

it('a server bounds the connections of one address; other addresses and trusted proxies are not affected', async () => {
  const { server, open } = await bounded(3)
  const kept: (Socket | undefined)[] = []
  for (let i = 0; i < 5; i++) kept.push(await open('127.0.0.1'))
  expect(kept.map((socket) => socket !== undefined)).toEqual([true, true, true, false, false])
  expect(await open('127.0.0.3')).toBeDefined()
  for (let i = 0; i < 5; i++) expect(await open('127.0.0.2')).toBeDefined()
  // A place that was left is free again.
  const counted = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
  const before = await counted()
  kept[0]?.destroy()
  await expect.poll(counted).toBe(before - 1)
  expect(await open('127.0.0.1')).toBeDefined()
  expect(await open('127.0.0.1')).toBeUndefined()
})
