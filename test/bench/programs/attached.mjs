// Clients of a server on raw sockets, in a process of their own: of each frame only the head is read, and text is counted. Says when all are
// attached, then answers `report`; `pause` and `resume` stop the first client reading and let it go on.
import { connect } from 'node:net'

const { port, path, count, watched } = JSON.parse(process.argv[2])
const TEXT = 1
/** One for all: what was read is looked at before the next read. */
const buffer = Buffer.allocUnsafe(256 * 1024)
const epoch = () => performance.timeOrigin + performance.now()
const upgrade =
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

class Client {
  messages = 0
  bytes = 0
  /** When each message came, epoch milliseconds; kept for those who are watched. */
  times = undefined
  #head = Buffer.alloc(0)
  #payload = 0
  #isOpen = false

  constructor(isWatched, onOpen) {
    if (isWatched) this.times = []
    const callback = (n) => {
      this.bytes += n
      const part = buffer.subarray(0, n)
      if (this.#isOpen) this.#frames(part)
      else if (part.indexOf('HTTP/1.1 101') === 0) {
        this.#isOpen = true
        onOpen()
        this.#frames(part.subarray(part.indexOf('\r\n\r\n') + 4))
      } else throw new Error(`not a WebSocket: ${part.toString('latin1', 0, 100)}`)
      return true
    }
    this.socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback } })
    this.socket.write(upgrade)
  }

  #frames(part) {
    let at = Math.min(this.#payload, part.length)
    this.#payload -= at
    if (at === part.length) return
    const bytes = this.#head.length === 0 ? part : Buffer.concat([this.#head, part.subarray(at)])
    if (bytes !== part) at = 0
    this.#head = Buffer.alloc(0)
    while (at < bytes.length) {
      const left = bytes.length - at
      const short = left > 1 ? bytes[at + 1] & 127 : 0
      const headLength = short === 127 ? 10 : short === 126 ? 4 : 2
      if (left < headLength) {
        this.#head = Buffer.from(bytes.subarray(at))
        return
      }
      const length =
        short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short === 126 ? bytes.readUInt16BE(at + 2) : short
      if ((bytes[at] & 15) === TEXT) {
        this.messages++
        this.times?.push(epoch())
      }
      at += headLength + length
    }
    this.#payload = at - bytes.length
  }
}

const clients = []
await Promise.all(
  Array.from(
    { length: count },
    (_, i) => new Promise((opened) => clients.push(new Client(i > 0 && i <= watched, opened))),
  ),
)
const answers = {
  report: () => {
    const { user, system } = process.cpuUsage()
    const messages = clients.map((client) => client.messages)
    const bytes = clients.reduce((sum, client) => sum + client.bytes, 0)
    return { userMs: user / 1000, systemMs: system / 1000, messages, bytes }
  },
  /** A list a watched client: the times since the last time they were asked for. */
  times: () => clients.flatMap(({ times }) => (times === undefined ? [] : [times.splice(0)])),
  pause: () => void clients[0].socket.pause(),
  resume: () => void clients[0].socket.resume(),
}
process.on('message', (name) => process.send(answers[name]() ?? {}))
process.on('disconnect', () => process.exit(0))
process.send({})
