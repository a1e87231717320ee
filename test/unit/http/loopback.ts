import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Loopback {
  readonly url: string
  /** Every request so far, and the connection it came on: 1, 2, … */
  readonly requests: { path: string; headers: IncomingMessage['headers']; connection: number }[]
  close(): Promise<void>
}

/** A server on a loopback port that answers every request with `answer`. */
export async function loopback(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Loopback> {
  const sockets = new Map<Socket, number>()
  const requests: Loopback['requests'] = []
  const server = createServer((request, response) => {
    const connection = sockets.get(request.socket) ?? 0
    requests.push({ path: request.url ?? '', headers: request.headers, connection })
    answer(request, response)
  })
  let connections = 0
  server.on('connection', (socket) => sockets.set(socket, ++connections))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.keys()) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
