import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { queueSource } from '../../src/processors/index.js'
import { openSink } from '../../src/sinks/index.js'
import { logOf } from '../support/logs.js'
import { upTo } from '../support/whole-messages.js'
import { amqpPlace, noAmqp } from './amqp-place.js'
import { expectAll, interrupted, type Place, run } from './fault-rows.js'
import { natsPlace, noNats } from './nats-place.js'
import { threeServers } from './own-server.js'
import { reading } from './queue-use.js'

const PAGE = 256
/** More than a sink may have read and not written. */
const APART = 10

interface Row {
  readonly engine: string
  readonly isMissing: boolean
  readonly kind: 'nats' | 'amqp'
  readonly parameters: string
  readonly isOnce: boolean
  /** Whether a processor reads from the servers, too. */
  readonly hasProcessor: boolean
  readonly placeAt: (url: string, prefix: string) => Promise<Place & { close(): Promise<unknown> }>
}

const rows: readonly Row[] = [
  {
    engine: 'NATS',
    isMissing: noNats,
    kind: 'nats',
    parameters: '&replicas=3',
    isOnce: true,
    placeAt: natsPlace,
    hasProcessor: true,
  },
  {
    engine: 'RabbitMQ',
    isMissing: noAmqp,
    kind: 'amqp',
    parameters: '',
    isOnce: false,
    placeAt: amqpPlace,
    hasProcessor: false,
  },
]

describe.each(rows)('three servers of $engine', ({ isMissing, kind, parameters, placeAt, isOnce, hasProcessor }) => {
  it.skipIf(isMissing)(
    `lose nothing that they acknowledged when each is killed in its turn, ${hasProcessor ? 'give a processor all of it, ' : ''}and wait while they have no majority`,
    async () => {
      const servers = await threeServers(kind)
      onTestFinished(() => servers.remove())
      const prefix = `t${randomUUID().slice(0, 8)}`
      const log = await logOf((7 * APART + 5) * PAGE)
      const before = new Map<number, () => Promise<unknown>>()
      // With one away the next writes have to succeed: otherwise it would never be started again.
      for (const [i, node] of [1, 2, 3].entries()) {
        before.set((2 * i + 1) * APART, () => servers.kill(node))
        before.set((2 * i + 2) * APART, () => servers.restart(node))
      }
      const said: string[] = []
      let areBack: Promise<unknown> | undefined
      before.set(7 * APART, async () => {
        for (const node of [2, 3]) await servers.kill(node)
        said.splice(0)
        areBack = (async () => {
          while (said.length === 0) await wait(50)
          await Promise.all([2, 3].map(servers.restart))
        })()
      })
      const url = `${servers.url}?prefix=${prefix}${parameters}`
      const source = hasProcessor
        ? await queueSource(url, { group: 'g', leaseMs: 3000, commitIntervalMs: 50 })
        : undefined
      onTestFinished(() => source?.close())
      const processor = source && reading(source)
      const sink = interrupted(await openSink(`${url}&body=leaf`), before)
      // Without a majority it waits, and says so: otherwise nothing would come back.
      await run(sink, log, () => wait(200), said)
      expect(areBack).toBeDefined()
      await areBack
      // A server that has just come back may not have heard who leads a stream.
      const place = await patiently(() => placeAt(servers.url.replace(/,.*/, ''), prefix))
      onTestFinished(() => place.close().then(() => {}))
      const raw = await patiently(() => place.content())
      await expectAll({ ...place, content: async () => raw }, log, isOnce)
      if (processor === undefined) return
      const given = () => [...new Set(processor.found)]
      let isOver = false
      const over = processor.ended.finally(() => {
        isOver = true
      })
      // Closed where this took too long: a loop that goes on would keep the run from ending.
      while (given().length < log.size && !isOver) await Promise.race([wait(50), over])
      expect(given().sort((a, b) => a - b)).toEqual(upTo(log.size))
      // What it had acknowledged, and stored, did not come again.
      expect(processor.found.length).toBeLessThan(log.size * 1.5)
    },
    400_000,
  )
})

/** Tries again until it works; the time of the test is the limit. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch {
      await wait(200)
    }
  }
}
