import { expect, it } from 'vitest'
import { type CertStream, certStream } from '../../src/certstream/index.js'
import { closing } from '../support/closing.js'
import { heldLog, newFolder, serve } from '../support/serve-command.js'
import { EventClient, SocketClient } from '../support/server-clients.js'

// A few kills in `npm test`; `CT_STREAM_TEST_SERVER_CRASHES=200` for as many as one likes.
const ROUNDS = Number(process.env.CT_STREAM_TEST_SERVER_CRASHES ?? 3)
const PER_ROUND = 60

/** Our client, which connects again by itself: the same one over all kills. */
function reader(stream: CertStream) {
  const cursors: string[] = []
  const indexes: number[] = []
  const gaps: unknown[] = []
  stream.on('gap', (gap) => gaps.push(gap))
  const run = async (count: number) => {
    for await (const { index, cursor } of stream) {
      indexes.push(index)
      cursors.push(cursor)
      if (indexes.length >= count) return
    }
  }
  return { cursors, indexes, gaps, run }
}

it(
  `loses nothing to ${ROUNDS} kills and sends nothing twice: WebSocket, Server-Sent Events and our client, all going on by id`,
  async () => {
    const count = PER_ROUND * (ROUNDS + 1)
    const place = newFolder()
    const { log, release } = await heldLog(count, { pageSize: 16 })
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
    const done = ours.run(count)
    await opened
    for (let round = 0; round <= ROUNDS; round++) {
      if (round > 0) server = await serve(place, log, ...files, '--port', port)
      const after = (ids: string[]) => (ids.length === 0 ? '' : `&after=${ids.at(-1)}`)
      const socket = new SocketClient(`${server.url}v2/stream?format=domains${after(got.socket)}`)
      const events = new EventClient(`${server.url}v2/sse?format=domains${after(got.events)}`)
      await Promise.all([socket.opened, events.status])
      if (round === 0) release()
      const isLast = round === ROUNDS
      const wanted = (ids: string[]) => (isLast ? count - ids.length : 1 + Math.floor(Math.random() * PER_ROUND))
      // Of what is left there is enough for the rounds that come.
      const most = (ids: string[]) => Math.min(wanted(ids), count - ids.length)
      await Promise.all([socket.have(most(got.socket)), events.have(most(got.events))])
      if (isLast) await done
      await server.stop(isLast ? 'SIGTERM' : 'SIGKILL')
      await Promise.all([socket.closed, events.ended])
      got.socket.push(...(socket.ids as string[]))
      got.events.push(...(events.ids as string[]))
    }
    expect(ours.indexes).toEqual(Array.from({ length: count }, (_, i) => i))
    expect(ours.gaps).toEqual([])
    expect(new Set(ours.cursors).size).toBe(count)
    expect(got.socket).toEqual(ours.cursors)
    expect(got.events).toEqual(ours.cursors)
  },
  60_000 + ROUNDS * 10_000,
)
