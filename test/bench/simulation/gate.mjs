import { connect, createServer } from 'node:net'

/** A door before a server on loopback: while it is shut, connections are refused. */
export class Gate {
  #server
  #target
  #port = 0
  #sockets = new Set()

  /** @param target - `http://127.0.0.1:<port>` */
  constructor(target) {
    this.#target = Number(new URL(target).port)
  }

  /** @returns where it stands, the same every time. */
  async open() {
    this.#server = createServer((incoming) => {
      const outgoing = connect(this.#target, '127.0.0.1')
      incoming.setNoDelay()
      outgoing.setNoDelay()
      incoming.pipe(outgoing).pipe(incoming)
      for (const socket of [incoming, outgoing]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          this.#sockets.delete(socket)
          incoming.destroy()
          outgoing.destroy()
        })
      }
    })
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#port, '127.0.0.1', resolve)
    })
    this.#port = this.#server.address().port
    return `http://127.0.0.1:${this.#port}/`
  }

  shut() {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}
