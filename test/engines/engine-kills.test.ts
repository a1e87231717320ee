import { describe, expect, it, onTestFinished } from 'vitest'
import { openSink } from '../../src/sinks/index.js'
import type { Sink } from '../../src/types/cluster.js'
import { logOf } from '../support/logs.js'
import { engines, expectAll, run } from './fault-rows.js'
import { type OwnServer, startedServer } from './own-server.js'

/** Calls `before` before some of the writes of a sink, counted over all of them. */
function interrupted(sink: Sink, writes: ReadonlySet<number>, before: () => Promise<void>): Sink {
  let count = 0
  return {
    guarantee: sink.guarantee,
    get store() {
      return sink.store as NonNullable<Sink['store']>
    },
    open: (lease) => sink.open(lease),
    async write(page) {
      if (writes.has(++count)) await before()
      await sink.write(page)
    },
    close: () => sink.close(),
  }
}

describe.each(engines)('faults of %s', (name, isMissing, kind, placeAt) => {
  const isOnce = name !== 'RabbitMQ'

  it.skipIf(isMissing)('goes on when its server is killed and started again', { timeout: 400_000 }, async () => {
    const server: OwnServer & { readonly url: string } = await startedServer(kind)
    // Its own connection would not live through this.
    const { url, prefix, remove } = await placeAt(server.url)
    await remove()
    // RabbitMQ 3.10 keeps the members of a new queue in memory for minutes; killed before, it has the queue, and nobody who leads it.
    const first = await openSink(url)
    await first.open(undefined)
    await first.close()
    await server.stop()
    await server.start()
    let isDead = false
    let kills = 0
    const sink = interrupted(await openSink(url), new Set([3, 7]), async () => {
      await server.kill()
      isDead = true
      kills++
    })
    const log = await logOf(2500)
    const said = await run(sink, log, async () => {
      if (isDead) await server.start()
      isDead = false
    })
    // One wait may cover both.
    expect(said.length).toBeGreaterThanOrEqual(1)
    expect(kills).toBe(2)
    const place = await placeAt(server.url, prefix)
    onTestFinished(() => place.remove())
    await expectAll(place, log, isOnce)
  })
})
