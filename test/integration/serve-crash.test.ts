import { expect, it } from 'vitest'
import { type CertStream, certStream } from '../../src/certstream/index.js'
import { issueCertificates } from '../../src/testing/index.js'
import { Notifier } from '../../src/util/notifier.js'
import { closing } from '../support/closing.js'
import { heldLog, newFolder, serve } from '../support/serve-command.js'
import { EventClient, SocketClient } from '../support/server-clients.js'

// A few kills in `npm test`; `CT_STREAM_TEST_SERVER_CRASHES=200` for as many as one likes.
const ROUNDS = Number(process.env.CT_STREAM_TEST_SERVER_CRASHES ?? 3)
/** Entries that the log gets while the server is down: each run has something to send. */
const PER_ROUND = 60

/** Our client, which connects again by itself: the same one over all kills. */
function reader(stream: CertStream) {
  const cursors: string[] = []
  const indexes: number[] = []
  const gaps: unknown[] = []
  const changed = new Notifier()
  stream.on('gap', (gap) => gaps.push(gap))
  const run = async () => {
    for await (const { index, cursor } of stream) {
      indexes.push(index)
      cursors.push(cursor)
      changed.notify()
    }
  }
  const have = async (count: number) => {
    while (indexes.length < count) await changed.wait()
  }
  return { cursors, indexes, gaps, run, have }
}

it(
  `loses nothing to ${ROUNDS} kills and sends nothing twice: WebSocket, Server-Sent Events and our client, all going on by id`,
  async () => {
    const place = newFolder()
    const { log, release } = await heldLog(PER_ROUND, { pageSize: 8 })
    let count = PER_ROUND
    const files = ['--checkpoint', 'kill.db', '--keep', 'kill-kept.db']
    const got = { socket: [] as string[], events: [] as string[] }
    let server = await serve(place, log, ...files)
    const port = new URL(server.url).port
    const stream = closing(
      // No jitter: it is there again as soon as may be.
      certStream({ url: `${server.url.replace('http', 'ws')}full-stream`, random: () => 0 }),
    )
    const ours = reader(stream)
    const opened = new Promise((resolve) => stream.once('open', resolve))
    void ours.run()
    await opened
    let underWay = 0
    for (let round = 0; round <= ROUNDS; round++) {
      if (round > 0) {
        log.add(issueCertificates(PER_ROUND, { seed: `round ${round}`, kinds: 'pairs' }))
        log.publish()
        count += PER_ROUND
        server = await serve(place, log, ...files, '--port', port)
      }
      const after = (ids: string[]) => (ids.length === 0 ? '' : `&after=${ids.at(-1)}`)
      const socket = new SocketClient(`${server.url}v2/stream?format=domains${after(got.socket)}`)
      const events = new EventClient(`${server.url}v2/sse?format=domains${after(got.events)}`)
      await Promise.all([socket.opened, events.status])
      if (round === 0) release()
      const isLast = round === ROUNDS
      // At any of the messages that come first: there are more to send then.
      const share = 1 + Math.floor((Math.random() * PER_ROUND) / 2)
      const until = (had: number) => (isLast ? count - had : Math.min(share, count - had))
      const had = ours.indexes.length
      await Promise.all([
        socket.have(until(got.socket.length)),
        events.have(until(got.events.length)),
        ours.have(had + until(had)),
      ])
      await server.stop(isLast ? 'SIGTERM' : 'SIGKILL')
      await Promise.all([socket.closed, events.ended])
      got.socket.push(...(socket.ids as string[]))
      got.events.push(...(events.ids as string[]))
      const have = [got.socket.length, got.events.length, ours.indexes.length]
      // All have got on, and somebody lacks what the log had: it was killed while it sent.
      if (have.some((n) => n < count)) underWay++
    }
    // A slow machine may let everything out before the signal arrives, but not most times.
    expect(underWay).toBeGreaterThanOrEqual(ROUNDS / 2)
    expect(ours.indexes).toEqual(Array.from({ length: count }, (_, i) => i))
    expect(ours.gaps).toEqual([])
    expect(new Set(ours.cursors).size).toBe(count)
    expect(got.socket).toEqual(ours.cursors)
    expect(got.events).toEqual(ours.cursors)
  },
  60_000 + ROUNDS * 10_000,
)
