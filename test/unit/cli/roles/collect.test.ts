import { setImmediate as turn } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { MemoryCheckpointStore } from '../../../../src/checkpoint/memory.js'
import { Values } from '../../../../src/cli/flags/values.js'
import { collect } from '../../../../src/cli/roles/collect.js'
import { followedLogs } from '../../../../src/cli/roles/followed-logs.js'
import { ShardStreams } from '../../../../src/cli/roles/shard-streams.js'
import type { ClusterEngine } from '../../../../src/cluster/open-cluster.js'
import { ctStream } from '../../../../src/stream/ct-stream.js'
import { createTestLogList, type TestLog } from '../../../../src/testing/index.js'
import type { Clock } from '../../../../src/types/clock.js'
import type { Coordinator, Lease, Sink } from '../../../../src/types/cluster.js'
import type { LogSelection } from '../../../../src/types/log-list.js'
import { quietController } from '../../../../src/util/abort.js'
import { Notifier } from '../../../../src/util/notifier.js'
import { fastClock } from '../../../support/fast-clock.js'
import { ListServer } from '../../../support/list-server.js'
import { grow, logOf } from '../../../support/logs.js'
import { sampleIo } from '../sample-io.js'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** An engine in memory that one member has for itself. */
class MemoryEngine implements ClusterEngine {
  readonly url = 'memory:'
  /** Whether the shard may be taken. */
  isFree: (shard: string) => boolean = () => true
  joins = 0
  /** How many entries it has, by id of the log. */
  private readonly entries = new Map<string, number>()
  private readonly taken = new Set<string>()
  private readonly shards = new Set<string>()
  private readonly stores = new Map<string, MemoryCheckpointStore>()
  private readonly changed = new Notifier()
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  coordinator(): Coordinator {
    return {
      join: async () => void this.joins++,
      assign: async (_log, shard) => {
        this.shards.add(shard)
        return shard
      },
      claim: async () => {
        const free = [...this.shards].filter((shard) => !this.taken.has(shard) && this.isFree(shard))
        return free.map((unit) => {
          this.taken.add(unit)
          return { unit, epoch: 1, until: Number.POSITIVE_INFINITY }
        })
      },
      renew: async (held) => ({ held, holders: new Map(), share: this.shards.size }),
      release: async () => {},
      store: () => {
        throw new Error('the sink keeps the positions')
      },
      wait: (ms, signal) => this.clock.sleep(ms, signal).catch(() => {}),
      close: async () => {},
    }
  }

  async sink(): Promise<Sink> {
    let store = new MemoryCheckpointStore()
    return {
      guarantee: 'exactly-once',
      get store() {
        return store
      },
      open: async (lease: Lease | undefined) => {
        store = this.stores.get(lease?.unit ?? '') ?? store
        this.stores.set(lease?.unit ?? '', store)
        return undefined
      },
      write: async (page) => {
        for (const { log } of page) this.entries.set(log.id, (this.entries.get(log.id) ?? 0) + 1)
        this.changed.notify()
      },
      close: async () => {},
    }
  }

  view(): never {
    throw new Error('nobody looks')
  }

  /** Has a member that is gone read so many entries of the log, the only one of its shard. */
  async begin({ spec }: TestLog, count: number): Promise<void> {
    const shard = spec.operator ?? ''
    const store = new MemoryCheckpointStore()
    this.shards.add(shard)
    this.stores.set(shard, store)
    const stream = ctStream({ logs: [spec], start: 'beginning', end: { index: count }, checkpoint: store })
    for await (const _ of stream);
  }

  /** Resolves when it has this many entries of the log. */
  async has({ logId }: TestLog, count: number): Promise<void> {
    while ((this.entries.get(logId) ?? 0) < count) await this.changed.wait()
  }
}

/** A quarter of an hour, after which lists are read again, takes 90 milliseconds. */
const hurried = () => fastClock(10_000)

const listedAt = (clock: Clock, log: TestLog) => createTestLogList([log], { timestamp: new Date(clock.now()) })

/** Two logs on a list each, and a collector of both on an engine in memory. */
async function scene(selection: LogSelection = {}, clock: Clock = hurried()) {
  const logs = await Promise.all(
    ['one', 'two'].map((operator) => logOf(256, { operator, description: `Log ${operator}` })),
  )
  const lists = await Promise.all(logs.map((log) => ListServer.open(listedAt(clock, log))))
  onTestFinished(async () => void (await Promise.all(lists.map((list) => list.close()))))
  const engine = new MemoryEngine(clock)
  const stop = quietController()
  const urls = lists.map(({ url }) => url)
  const given = { 'log-list': urls, 'log-name': selection.names ?? [], 'no-checkpoint': true }
  const values = new Values(new Map(Object.entries(given).map(([name, value]) => [name, { value, from: `--${name}` }])))
  const { io } = sampleIo([], { changes: { clock, stop: stop.signal } })
  const context = { io, values, positionals: [] }
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const logger = { ...silent, warn, error: warn }
  const streams = new ShardStreams(logger, clock)
  const request = { logList: urls, logs: selection, start: 'beginning', pollIntervalMs: 100 } as const
  const followed = followedLogs(context, request, silent)
  const run = () =>
    collect({
      ...{ context, engine, member: 'me', leaseMs: 15_000, request, logs: followed, streams },
      onTurn: () => {},
      logger,
    })
  const read = () => streams.logs().map(({ id }) => id)
  return {
    logs: logs as [TestLog, TestLog],
    lists: lists as [ListServer, ListServer],
    engine,
    run,
    stop,
    read,
    warnings,
  }
}

/** Resolves when the list was asked for so often while it answered 503: three times are one round. */
async function refusals(list: ListServer, count: number): Promise<void> {
  while (list.requests.filter(({ status }) => status === 503).length < count) await turn()
}

it('keeps reading the logs of a list that can no longer be fetched', async () => {
  const { logs, lists, engine, run, stop, read } = await scene()
  const running = run()
  await Promise.all(logs.map((log) => engine.has(log, 256)))
  lists[0].content = 503
  await refusals(lists[0], 7)
  expect(read().sort()).toEqual(logs.map(({ logId }) => logId).sort())
  for (const log of logs) grow(log, 256)
  await Promise.all(logs.map((log) => engine.has(log, 512)))
  stop.abort()
  await running
})

it('reads the logs of such a list also in a shard that it takes over meanwhile', async () => {
  const { logs, lists, engine, run, stop } = await scene()
  engine.isFree = (shard) => shard === 'two'
  const running = run()
  await engine.has(logs[1], 256)
  lists[0].content = 503
  await refusals(lists[0], 3)
  engine.isFree = () => true
  await engine.has(logs[0], 256)
  stop.abort()
  await running
})

/** Time that stands still, with waits that take none. */
class StillClock implements Clock {
  time = 1_790_000_000_000
  now = () => this.time
  sleep = async (_ms: number, signal?: AbortSignal) => {
    signal?.throwIfAborted()
    await turn()
    signal?.throwIfAborted()
  }
}

it.each<[string, LogSelection]>([
  ['', {}],
  [' that may have the log asked for', { names: ['Log one'] }],
  [' that may have the operator asked for', { operators: ['one'] }],
])('waits, outside the cluster, for a list%s', async (_, selection) => {
  const { logs, lists, engine, run, stop } = await scene(selection, new StillClock())
  lists[0].content = 503
  for (let i = 0; i < 2; i++)
    await expect(run()).rejects.toMatchObject({
      ...{ code: 'CT_LIST_INVALID', retryable: true, url: lists[0].url },
      message: expect.stringContaining(`the log list "${lists[0].url}" is missing`),
    })
  expect(engine.joins).toBe(0)
  lists[0].content = listedAt(new StillClock(), logs[0])
  const running = run()
  await engine.has(logs[0], 256)
  stop.abort()
  await running
})

it('begins without a list that is still missing after five minutes', async () => {
  const clock = new StillClock()
  const { logs, lists, engine, run, stop, read } = await scene({}, clock)
  lists[0].content = 503
  clock.time += 299_999
  await expect(run()).rejects.toMatchObject({ code: 'CT_LIST_INVALID', message: expect.stringContaining('is missing') })
  clock.time++
  const running = run()
  await engine.has(logs[1], 256)
  expect(read()).toEqual([logs[1].logId])
  stop.abort()
  await running
})

it('reads a shard that expires with a backlog to its end, after a restart, too', async () => {
  const { logs, lists, engine, run, stop, warnings } = await scene()
  const [left] = logs
  // What was read before the restart: half of it.
  const position = 128
  await engine.begin(left, position)
  const list = createTestLogList([left], { timestamp: new Date() })
  const ended = { start_inclusive: '2025-01-01T00:00:00Z', end_exclusive: '2025-07-01T00:00:00Z' }
  for (const { logs } of list.operators) for (const log of logs) Object.assign(log, { temporal_interval: ended })
  lists[0].content = list
  const running = run()
  await engine.has(left, 256 - position)
  stop.abort()
  await running
  expect(warnings).toEqual([])
})
