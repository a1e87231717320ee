import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { runCollector } from '../../../src/cluster/index.js'
import { type CtStream, ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLogList, type TestLog } from '../../../src/testing/index.js'
import type { Gap } from '../../../src/types/checkpoint.js'
import type { Coordinator, Sink } from '../../../src/types/cluster.js'
import type { LogInfo } from '../../../src/types/log.js'
import { Notifier } from '../../../src/util/notifier.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { range, take } from '../../support/follow.js'
import { ListServer } from '../../support/list-server.js'
import { logOf } from '../../support/logs.js'
import { Reader } from '../../support/reader.js'

const DAY = 86_400_000
const SPEED = 20_000
const timing = () => ({ clock: fastClock(SPEED), random: () => 0, pollIntervalMs: 600_000 })

const infoOf = ({ logId: id, spec }: TestLog) => ({ ...spec, id }) as LogInfo

type Edit = (log: Record<string, unknown>) => void

const listOf = (logs: readonly TestLog[], edit: Edit = () => {}) => {
  const list = createTestLogList(logs, { timestamp: new Date() })
  for (const { logs, tiled_logs } of list.operators) for (const log of [...logs, ...tiled_logs]) edit(log as never)
  return list
}

const retired =
  ({ logId }: TestLog): Edit =>
  (log) => {
    if (log.log_id === logId) log.state = { retired: { timestamp: new Date().toISOString() } }
  }

const expired =
  ({ logId }: TestLog): Edit =>
  (log) => {
    if (log.log_id !== logId) return
    log.temporal_interval = {
      start_inclusive: new Date(Date.now() - 210 * DAY).toISOString(),
      end_exclusive: new Date(Date.now() - 30 * DAY).toISOString(),
    }
  }

/** A collector of one shard, which follows a list as `ct-stream run` does: by the ids of its logs. */
class Scene {
  readonly store: MemoryCheckpointStore
  readonly indexes = new Map<string, number[]>()
  readonly gaps: Gap[] = []
  readonly warnings: string[] = []
  /** The logs of each stream, in the order they were made. */
  readonly streams: (readonly string[])[] = []
  /** Of the shard, as the lists have them now. */
  logs: readonly TestLog[] = []
  /** Makes a stream in place of the one that follows the list. */
  makeStream: (() => CtStream) | undefined
  /** Called before a page is written. */
  onWrite: () => Promise<void> = async () => {}
  /** Called at each turn. */
  onRenew: () => void = () => {}
  listed = 0
  turns = 0
  private readonly lists: ListServer
  private readonly stop = new AbortController()
  private readonly changed = new Notifier()

  constructor(lists: ListServer, store = new MemoryCheckpointStore()) {
    this.lists = lists
    this.store = store
  }

  async run(): Promise<void> {
    await runCollector({
      coordinator: this.coordinator(),
      member: 'me',
      shardOf: () => 'a',
      sink: () => this.sink(),
      logs: async () => {
        this.listed++
        return this.logs.map(infoOf)
      },
      refreshMs: 0,
      stream: (mine, checkpoint) => {
        const names = mine.map(({ id }) => id)
        this.streams.push(names)
        if (this.makeStream !== undefined) return this.makeStream()
        const stream = ctStream({
          ...{ logList: this.lists.url, logs: { names }, start: 'beginning', checkpoint, commit: 'manual' },
          ...timing(),
        })
        stream.on('gap', (gap) => {
          this.gaps.push(gap)
          this.changed.notify()
        })
        return stream
      },
      signal: this.stop.signal,
      logger: {
        info: () => {},
        warn: (message) => {
          this.warnings.push(message)
          this.changed.notify()
        },
      },
    })
  }

  /** Lets it run until this holds, and then end. */
  async until(holds: () => boolean): Promise<void> {
    const running = this.run()
    while (!holds()) await Promise.race([this.changed.wait(), running])
    this.stop.abort()
    await running
  }

  readOf({ logId }: TestLog): readonly number[] {
    return this.indexes.get(logId) ?? []
  }

  private sink(): Sink {
    return {
      guarantee: 'exactly-once',
      store: this.store,
      open: async () => undefined,
      write: async (page) => {
        await this.onWrite()
        for (const { log, index } of page) this.indexes.set(log.id, [...(this.indexes.get(log.id) ?? []), index])
        this.changed.notify()
      },
      close: async () => {},
    }
  }

  private coordinator(): Coordinator {
    const free = ['a']
    return {
      join: async () => {},
      assign: async (_log, shard) => shard,
      claim: async (want) => free.splice(0, want).map((unit) => ({ unit, epoch: 1, until: Number.POSITIVE_INFINITY })),
      renew: async (held) => {
        this.turns++
        this.changed.notify()
        this.onRenew()
        return { held, holders: new Map(), share: 1 }
      },
      release: async () => {},
      store: () => {
        throw new Error('the sink keeps the positions')
      },
      wait: async () => void (await turn()),
      close: async () => {},
    }
  }
}

describe.each([
  ['the only log of its shard', false],
  ['one of two logs of its shard', true],
])('a log that leaves the lists, %s', (_, hasOther) => {
  const scene = async (edit?: (left: TestLog) => Edit) => {
    const [left, stays] = [await logOf(600, { pageSize: 100, align: 'always' }), await logOf(5)]
    const lists = closing(
      await ListServer.open(edit === undefined ? listOf([stays]) : listOf([stays, left], edit(left))),
    )
    const others = hasOther ? [stays] : []
    return { left, stays, lists, others, shard: new Scene(lists) }
  }

  /** As {@link scene}, after 200 entries of the log were read. */
  const leftBehind = async (edit?: (left: TestLog) => Edit) => {
    const made = await scene(edit)
    const { left, others, shard } = made
    await take(
      ctStream({ logs: [left.spec], start: 'beginning', checkpoint: shard.store, clock: fastClock(SPEED) }),
      201,
    )
    shard.logs = others
    return made
  }

  it('is read to its end by the stream that reads it', async () => {
    const { left, stays, lists, others, shard } = await scene(() => () => {})
    shard.logs = [left, ...others]
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    shard.onWrite = async () => {
      if (shard.logs.includes(left)) {
        lists.content = listOf([stays, left], retired(left))
        shard.logs = others
        shard.listed = 0
      }
      await released
    }
    // By then the shard has been divided without it.
    shard.onRenew = () => {
      if (shard.listed > 0 && !shard.logs.includes(left)) turn().then(turn).then(turn).then(release)
    }
    await shard.until(() => shard.readOf(left).length >= 600)
    expect(shard.readOf(left)).toEqual(range(0, 600))
    expect(shard.streams).toHaveLength(1)
    expect([shard.gaps, shard.warnings]).toEqual([[], []])
  })

  it.each([
    ['retired', retired],
    ['a shard that has expired', expired],
  ])('is read to its end after a restart where it is listed as %s', async (_, edit) => {
    const { left, shard } = await leftBehind(edit)
    await shard.until(() => shard.readOf(left).length >= 400)
    expect(shard.readOf(left)).toEqual(range(200, 600))
    expect([shard.gaps, shard.warnings]).toEqual([[], []])
  })

  it('is left alone when it was read to its end', async () => {
    const { left, lists, others, shard } = await leftBehind(retired)
    const names = [left, ...others].map(({ logId }) => logId)
    const options = { logList: lists.url, logs: { names }, checkpoint: shard.store, ...timing() }
    const reader = closing(new Reader(ctStream(options)))
    await reader.until(() => reader.state(left.logId) === 'finished' && reader.indexes(left.logId).length === 400)
    reader.stream.acknowledge()
    await reader.close()
    await shard.until(() => shard.turns > 10)
    expect(shard.streams.flat()).toEqual(others.map(({ logId }) => logId))
  })

  it('is told of where a stream cannot read it, and its shard is held', async () => {
    const { shard } = await leftBehind(retired)
    shard.logs = []
    shard.makeStream = () => ctStream({ logs: [] })
    await shard.until(() => shard.turns > 10 && shard.warnings.length > 0)
    expect(shard.warnings).toEqual([expect.stringMatching(/^logs that left shard a are not read to their end: .*logs/)])
    expect(shard.streams).toHaveLength(1)
  })

  it('leaves a gap on record after a restart where no list names it', async () => {
    const { left, lists, others, shard } = await leftBehind()
    await shard.until(() => shard.gaps.length > 0)
    expect(shard.gaps).toMatchObject([{ log: { id: left.logId }, start: 200, end: 600 }])
    const again = new Scene(lists, shard.store)
    again.logs = others
    await again.until(() => again.turns > 10)
    expect(again.streams.flat()).toEqual(expect.arrayContaining(others.map(({ logId }) => logId)))
    expect([again.gaps, again.readOf(left)]).toEqual([[], []])
  })
})
