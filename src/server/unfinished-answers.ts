import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Most answers of one connection that its client has not taken yet. Node.js parses every request in what it has received before it stops
 * reading: 64 KiB hold nearly two thousand, and the answers to all of them would wait in memory for a client that never reads.
 */
export const MOST_UNFINISHED = 8

/** The answers that are not yet sent, by connection. */
export class UnfinishedAnswers {
  private readonly answers = new WeakMap<Socket, Set<ServerResponse>>()

  /** @returns Whether to answer. Otherwise the connection has been destroyed: its client asks for more than it takes. */
  begin(response: ServerResponse): boolean {
    const { socket } = response.req
    // What was received together with the request that was one too many is parsed, too.
    if (socket.destroyed) return false
    const unfinished = this.answers.get(socket) ?? new Set()
    if (unfinished.size >= MOST_UNFINISHED) {
      socket.destroy()
      return false
    }
    this.answers.set(socket, unfinished.add(response))
    response.once('close', () => unfinished.delete(response))
    return true
  }

  /**
   * Destroys a connection on which nothing moved for a while, unless its client is waiting for us: for an answer that is being made, or on an
   * event stream, which ends never and is watched by itself.
   */
  onTimeout(socket: Socket): void {
    const [first] = this.answers.get(socket) ?? []
    if (first === undefined || first.writableEnded) socket.destroy()
  }
}
