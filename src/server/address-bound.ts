import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type ClientAddresses, clientKey, plainAddress } from './client-address.js'

/**
 * Cuts connections of an address that has too many. Connections that have sent no request yet do not count as clients, so without this
 * bound one address could take all places.
 *
 * @param most - Most connections of one address.
 * @param proxies - Trusted proxies, which are exempt: they carry the connections of many clients.
 */
export function boundByAddress(server: Server, most: number, proxies: Pick<ClientAddresses, 'isTrusted'>): void {
  const counts = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '')
    if (proxies.isTrusted(address)) return
    const key = clientKey(address)
    const count = (counts.get(key) ?? 0) + 1
    if (count > most) {
      socket.destroy()
      return
    }
    counts.set(key, count)
    socket.once('close', () => {
      const left = (counts.get(key) ?? 1) - 1
      if (left === 0) counts.delete(key)
      else counts.set(key, left)
    })
  })
}
