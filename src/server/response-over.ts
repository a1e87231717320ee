import type { ServerResponse } from 'node:http'

/**
 * Calls back once, when a response or its connection has been closed. A response alone does not always say so: when a client asks for
 * several at once (HTTP pipelining) and leaves, Node.js 20 emits `close` for the first of them and never for those that wait behind it.
 */
export function whenOver(response: ServerResponse, callback: () => void): void {
  const { socket } = response.req
  let isOver = false
  const over = () => {
    if (isOver) return
    isOver = true
    socket.removeListener('close', over)
    callback()
  }
  // Any number of responses may wait on one connection, so many listeners are no leak.
  socket.setMaxListeners(0)
  socket.once('close', over)
  response.once('close', over)
}
