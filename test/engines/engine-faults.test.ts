import { describe, expect, it, onTestFinished } from 'vitest'
import { MemoryCheckpointStore } from '../../src/checkpoint/memory.js'
import { openSink, pump } from '../../src/sinks/index.js'
import type { Sink } from '../../src/types/cluster.js'
import { backfill, logOf } from '../support/logs.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { upTo } from '../support/whole-messages.js'
import { amqpPlace, noAmqp } from './amqp-place.js'
import { mongoPlace, noMongo } from './mongo-place.js'
import { natsPlace, noNats } from './nats-place.js'
import { noOpenSearch, openSearchPlace } from './opensearch-place.js'
import { type OwnServer, startedServer } from './own-server.js'
import { noRedis, redisPlace } from './redis-place.js'

interface Place {
  readonly url: string
  readonly prefix: string
  remove(): Promise<void>
  content(): Promise<ReadonlyMap<string, readonly number[]>>
}

/** Each engine: its server, and where a sink puts things there. An entry is there once in all but one. */
const engines: readonly (readonly [
  string,
  boolean,
  Parameters<typeof startedServer>[0],
  (url: string, prefix?: string) => Promise<Place>,
])[] = [
  ['Redis', noRedis, 'redis', redisPlace],
  ['NATS', noNats, 'nats', natsPlace],
  ['RabbitMQ', noAmqp, 'amqp', amqpPlace],
  ['MongoDB', noMongo, 'ferretdb', mongoPlace],
  ['OpenSearch', noOpenSearch, 'opensearch', openSearchPlace],
]

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

/** Pumps a log into a sink until it ends; whatever fails is said. */
async function run(sink: Sink, log: Awaited<ReturnType<typeof logOf>>, onWait: () => Promise<void> = async () => {}) {
  const said: string[] = []
  const store = new MemoryCheckpointStore()
  await pump({
    sink,
    stream: (own) => backfill(log, own === undefined ? { checkpoint: store } : { checkpoint: own, commit: 'manual' }),
    logger: { info: () => {}, warn: (text) => void said.push(text) },
    // Waits are when the server is started; deadlines are real.
    clock: {
      now: () => Date.now(),
      sleep: (ms, signal) =>
        ms > 4000
          ? new Promise<void>((resolve, reject) => {
              const timer = setTimeout(resolve, ms)
              signal?.addEventListener('abort', () => {
                clearTimeout(timer)
                reject(signal.reason)
              })
            })
          : onWait(),
    },
    random: () => 0,
  })
  return said
}

async function expectAll(place: Place, { logId, head }: Awaited<ReturnType<typeof logOf>>, isOnce: boolean) {
  const found = (await place.content()).get(logId) ?? []
  expect([...new Set(found)].sort((a, b) => a - b)).toEqual(upTo(head.treeSize))
  if (isOnce) expect(found).toHaveLength(head.treeSize)
}

describe.each(engines)('faults of %s', (name, isMissing, kind, placeAt) => {
  const isOnce = name !== 'RabbitMQ'

  it.skipIf(isMissing)('has all that was written although answers were cut', { timeout: 300_000 }, async () => {
    const { port, url } = await startedServer(kind)
    const place = await placeAt(url)
    onTestFinished(() => place.remove())
    const proxy = await TcpProxy.open(port)
    onTestFinished(() => proxy.close())
    // Only what is large: not what a client says when it begins.
    let large = 0
    proxy.cutsAnswerTo = (sent) => sent.length > 4000 && [4, 11, 25].includes(++large)
    const log = await logOf(2500)
    await run(await openSink(place.url.replace(`:${port}`, `:${proxy.port}`)), log)
    expect(proxy.cuts).toBeGreaterThanOrEqual(2)
    await expectAll(place, log, isOnce)
  })

  it.skipIf(isMissing)('goes on when its server is killed and started again', { timeout: 400_000 }, async () => {
    const server: OwnServer & { readonly url: string } = await startedServer(kind)
    // Its own connection would not live through this.
    const { url, prefix, remove } = await placeAt(server.url)
    await remove()
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
