import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

export interface TunnelProxy {
  readonly url: string
  /** Where tunnels were asked for, in order: `host:port`. */
  readonly tunnels: string[]
  /** `Proxy-Authorization` of each. */
  readonly credentials: (string | undefined)[]
  /** Answer to the next instead of a tunnel; 0: none. */
  refuseWith: number
  close(): void
}

/** A proxy that tunnels (RFC 9110 section 9.3.6), and counts. */
export async function tunnelProxy(): Promise<TunnelProxy> {
  const server = createServer().on('connect', (request, socket, head) => {
    proxy.tunnels.push(request.url ?? '')
    proxy.credentials.push(request.headers['proxy-authorization'])
    if (proxy.refuseWith > 0) return void socket.end(`HTTP/1.1 ${proxy.refuseWith} No\r\nContent-Length: 0\r\n\r\n`)
    const { hostname, port } = new URL(`http://${request.url}`)
    const onward = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      onward.pipe(socket)
      socket.pipe(onward)
    })
    for (const one of [onward, socket]) one.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels: [] as string[],
    credentials: [] as (string | undefined)[],
    refuseWith: 0,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return proxy
}
