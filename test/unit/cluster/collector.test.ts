import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { runCollector } from '../../../src/cluster/index.js'
import { CtStreamError } from '../../../src/errors.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { TestLog } from '../../../src/testing/index.js'
import type { Coordinator, Lease, Sink } from '../../../src/types/cluster.js'
import type { LogInfo } from '../../../src/types/log.js'
import { quietController } from '../../../src/util/abort.js'
import { backfill, logOf } from '../../support/logs.js'
import { VirtualClock } from '../../support/virtual-clock.js'

/** A coordinator in memory whose turns are told beforehand: which units are still held, and how many are to be. */
function toldCoordinator(
  told: readonly { readonly held: readonly string[]; readonly share: number }[],
  end: () => void,
) {
  const free = ['a', 'b', 'c']
  const released: string[] = []
  const claimed: string[] = []
  let retired = 0
  let turns = 0
  const coordinator: Coordinator = {
    join: async () => {},
    assign: async (_log, shard) => shard,
    claim: async (want, except) => {
      const units = free.filter((unit) => !except?.has(unit)).slice(0, want)
      for (const unit of units) free.splice(free.indexOf(unit), 1)
      claimed.push(...units)
      return units.map((unit): Lease => ({ unit, epoch: 1, until: Number.POSITIVE_INFINITY }))
    },
    renew: async (leases) => {
      const { held, share } = told[turns] ?? { held: [], share: 0 }
      return { held: leases.filter(({ unit }) => held.includes(unit)), holders: new Map(), share }
    },
    release: async ({ unit }) => {
      released.push(unit)
    },
    retire: async () => void retired++,
    store: () => {
      throw new Error('nothing is read')
    },
    wait: async () => {
      if (++turns === told.length) end()
      // Lets the work on shards begin and end.
      await turn()
    },
    close: async () => {},
  }
  return { coordinator, free, released, claimed, retirements: () => retired }
}

const nothingIsRead = {
  member: 'me',
  // Shards without logs: held, and not read.
  logs: async () => [],
  sink: (): Sink => ({
    guarantee: 'exactly-once',
    store: new MemoryCheckpointStore(),
    open: async () => undefined,
    write: async () => {
      throw new Error('nothing is written')
    },
    close: async () => {},
  }),
  stream: () => {
    throw new Error('nothing is read')
  },
}

async function collect(...turns: { readonly held: readonly string[]; readonly share: number }[]) {
  const stop = new AbortController()
  const { coordinator, released, claimed } = toldCoordinator(turns, () => stop.abort())
  const held: string[][] = []
  await runCollector({
    ...nothingIsRead,
    coordinator,
    handOverMs: 0,
    onTurn: (leases) => held.push((leases ?? []).map(({ unit }) => unit)),
    signal: stop.signal,
  })
  return { held, released, claimed }
}

it('gives no shard away for one that it has lost', async () => {
  const { held, released } = await collect({ held: [], share: 2 }, { held: ['a'], share: 1 }, { held: ['a'], share: 1 })
  expect(held.at(-1)).toEqual(['a'])
  // At its end, that is.
  expect(released).toEqual(['a'])
})

it('takes another shard for one that it has lost, also one that was not read', async () => {
  const { held, claimed } = await collect(
    { held: [], share: 2 },
    { held: ['b'], share: 2 },
    { held: ['b', 'c'], share: 2 },
  )
  expect(claimed).toEqual(['a', 'b', 'c'])
  expect(held.at(-1)).toEqual(['b', 'c'])
})

it('renews its leases while the logs are listed, however long that takes', async () => {
  const stop = new AbortController()
  const { coordinator } = toldCoordinator(Array(5).fill({ held: ['a'], share: 1 }), () => stop.abort())
  const renew = vi.fn(coordinator.renew)
  let listed = 0
  await runCollector({
    ...nothingIsRead,
    coordinator: { ...coordinator, renew },
    logs: () => (++listed === 1 ? Promise.resolve([]) : new Promise<never>(() => {})),
    refreshMs: 0,
    signal: stop.signal,
  })
  expect(renew).toHaveBeenCalledTimes(5)
  expect(listed).toBe(2)
})

it('lists the logs again a minute after that has failed, and not at each turn', async () => {
  const clock = new VirtualClock()
  const stop = new AbortController()
  const { coordinator } = toldCoordinator(Array(32).fill({ held: ['a'], share: 1 }), () => stop.abort())
  const warnings: string[] = []
  let listed = 0
  await runCollector({
    ...nothingIsRead,
    coordinator: {
      ...coordinator,
      wait: async () => {
        await clock.pass(5000)
        await coordinator.wait(0, stop.signal)
      },
    },
    logs: async () => {
      if (++listed > 1) throw new Error('no answer')
      return []
    },
    refreshMs: 90_000,
    clock,
    logger: { info: () => {}, warn: (message) => warnings.push(message) },
    signal: stop.signal,
  })
  // After 90 seconds, and a minute later.
  expect(warnings).toEqual(Array(listed - 1).fill('the logs cannot be listed: no answer'))
  expect(listed).toBe(3)
})

it('gives a shard away when it has more than its share', async () => {
  const { released } = await collect({ held: [], share: 3 }, { held: ['a', 'b', 'c'], share: 2 })
  expect(released).toEqual(['a', 'b', 'c'])
})

/** Sinks whose opening is what `opened` says, as of when each unit is opened. */
const sinkThat = (opened: (unit: string) => Promise<void>) => (): Sink => ({
  ...nothingIsRead.sink(),
  open: async (lease) => {
    await opened(lease?.unit ?? '')
    return undefined
  },
})

describe('a member that meets the schema of a newer version', () => {
  const isNewer = new CtStreamError('CT_CHECKPOINT_VERSION', 'a newer version made the tables')

  /** A collector that holds `a`, which it has opened, and cannot open the other two; `a` goes on until `turns` turns are over. */
  async function upgrade(turns: number, change: (coordinator: Coordinator) => Coordinator = (same) => same) {
    const stop = new AbortController()
    const told = Array(20).fill({ held: ['a', 'b', 'c'], share: 3 })
    const { coordinator, free, released, claimed, retirements } = toldCoordinator(told, () => stop.abort())
    const running = quietController()
    const logs: string[][] = []
    let waits = 0
    const collected = runCollector({
      ...nothingIsRead,
      coordinator: change({
        ...coordinator,
        release: async (lease) => {
          await coordinator.release(lease)
          free.push(lease.unit)
        },
        wait: async (ms, signal) => {
          if (++waits === turns) running.abort()
          await coordinator.wait(ms, signal)
          logs.push([...released])
        },
      }),
      sink: sinkThat(async (unit) => {
        if (unit !== 'a') throw isNewer
        await new Promise<void>((resolve) => running.signal.addEventListener('abort', () => resolve()))
      }),
      signal: stop.signal,
    })
    return { collected, stop, claimed, released, retirements, releasedAfter: logs }
  }

  it('leaves shards to others that it cannot open in this version', async () => {
    const { collected, claimed, releasedAfter, retirements, stop } = await upgrade(6)
    await expect(collected).rejects.toBe(isNewer)
    // Each once, though they are free again.
    expect(claimed).toEqual(['a', 'b', 'c'])
    expect(releasedAfter.slice(0, 5)).toEqual(Array(5).fill(['b', 'c']))
    expect(releasedAfter.at(-1)).toEqual(['b', 'c', 'a'])
    expect(retirements()).toBeGreaterThan(0)
    expect(stop.signal.aborted).toBe(false)
  })

  it('gives all of them away where the coordinator would count it on', async () => {
    const log = await logOf(3)
    const stop = new AbortController()
    const { coordinator, released } = toldCoordinator([], () => {})
    const { retire: _, ...without } = coordinator
    let isReading = false
    let turns = 0
    const collected = runCollector({
      ...nothingIsRead,
      coordinator: {
        ...without,
        renew: async (held) => ({ held, holders: new Map(), share: 2 }),
        wait: async () => {
          // One that does not end is to fail.
          if (++turns === 100_000) stop.abort()
          await turn()
        },
      },
      shardOf: () => 'a',
      logs: async () => [{ ...log.spec, id: log.logId } as LogInfo],
      // It follows the log until it is told to end.
      stream: (_logs, checkpoint) => {
        isReading = true
        return ctStream({ logs: [log.spec], checkpoint, commit: 'manual' })
      },
      sink: sinkThat(async (unit) => {
        if (unit !== 'b') return
        while (!isReading) await turn()
        throw isNewer
      }),
      signal: stop.signal,
    })
    await expect(collected).rejects.toBe(isNewer)
    expect(released).toEqual(['b', 'a'])
    expect(stop.signal.aborted).toBe(false)
  })

  it('ends well when it is told to before', async () => {
    const { collected, released } = await upgrade(20)
    await expect(collected).resolves.toBeUndefined()
    expect(released).toEqual(['b', 'c', 'a'])
  })

  it('ends when it holds nothing and the coordinator itself meets it', async () => {
    const stop = new AbortController()
    const { coordinator } = toldCoordinator(Array(5).fill({ held: [], share: 0 }), () => stop.abort())
    const collected = runCollector({
      ...nothingIsRead,
      coordinator: { ...coordinator, renew: () => Promise.reject(isNewer) },
      signal: stop.signal,
    })
    await expect(collected).rejects.toBe(isNewer)
  })
})

it('releases a shard that fails, and claims it again ever later', async () => {
  const clock = new VirtualClock()
  const stop = new AbortController()
  const turns = 240
  const { coordinator, free, claimed, released } = toldCoordinator(
    Array(turns).fill({ held: ['a', 'b', 'c'], share: 3 }),
    () => stop.abort(),
  )
  await runCollector({
    ...nothingIsRead,
    coordinator: {
      ...coordinator,
      release: async (lease) => {
        await coordinator.release(lease)
        free.push(lease.unit)
      },
      wait: async (ms, signal) => {
        await clock.pass(5000)
        await coordinator.wait(ms, signal)
      },
    },
    sink: sinkThat(async (unit) => {
      if (unit === 'b') throw new CtStreamError('CT_SINK_FAILED', 'no space left')
    }),
    clock,
    signal: stop.signal,
  })
  const times = claimed.filter((unit) => unit === 'b').length
  // Within 20 minutes: a few times at first, then every five minutes.
  expect(times).toBeGreaterThan(4)
  expect(times).toBeLessThan(16)
  expect(released.filter((unit) => unit === 'b')).toHaveLength(times)
  expect(claimed.filter((unit) => unit !== 'b')).toEqual(['a', 'c'])
})

it('releases a shard that fails while it is given away', async () => {
  const stop = new AbortController()
  const { coordinator, released } = toldCoordinator(
    [{ held: [], share: 1 }, ...Array(4).fill({ held: ['a'], share: 0 })],
    () => stop.abort(),
  )
  await runCollector({
    ...nothingIsRead,
    coordinator,
    handOverMs: 0,
    sink: sinkThat(async () => {
      for (let i = 0; i < 4; i++) await turn()
      throw new CtStreamError('CT_SINK_FAILED', 'no space left')
    }),
    signal: stop.signal,
  })
  expect(released).toEqual(['a'])
})

it('takes a shard that was lost again at once', async () => {
  const stop = new AbortController()
  const { coordinator, free, claimed, released } = toldCoordinator(Array(4).fill({ held: ['a'], share: 1 }), () =>
    stop.abort(),
  )
  let isFirst = true
  await runCollector({
    ...nothingIsRead,
    coordinator,
    sink: sinkThat(async () => {
      if (!isFirst) return
      isFirst = false
      free.unshift('a')
      throw new CtStreamError('CT_LEASE_LOST', 'another owner has this lease now')
    }),
    signal: stop.signal,
  })
  expect(claimed).toEqual(['a', 'a'])
  // At its end.
  expect(released).toEqual(['a'])
})

/** An engine that lets in one sink of each epoch of a unit, as those do that keep no leases themselves. */
function epochEngine() {
  const owners = new Map<string, { epoch: number; sink: Sink }>()
  const entries: string[] = []
  const sink = (): Sink => {
    const it: Sink = {
      guarantee: 'at-least-once',
      store: undefined,
      open: async (lease) => {
        const { unit, epoch } = lease as Lease
        const owner = owners.get(unit)
        if (owner !== undefined && owner.sink !== it && owner.epoch >= epoch)
          throw new CtStreamError('CT_LEASE_LOST', 'another owner has this lease now')
        owners.set(unit, { epoch, sink: it })
        return undefined
      },
      write: async (page) => void entries.push(...page.map(({ log, index }) => `${log.id} ${index}`)),
      close: async () => {},
    }
    return it
  }
  return { sink, entries }
}

it('reads a log that came to a shard at once, under the lease that it has', async () => {
  const both = [await logOf(3), await logOf(2)]
  const infos = both.map(({ logId: id, spec }) => ({ ...spec, id }) as LogInfo)
  const stop = new AbortController()
  const { coordinator } = toldCoordinator(Array(4).fill({ held: ['a'], share: 1 }), () => stop.abort())
  const { sink, entries } = epochEngine()
  const store = new MemoryCheckpointStore()
  const warnings: string[] = []
  let listed = 0
  const whenRead = async (count: number) => {
    while (entries.length < count && warnings.length === 0) await turn()
  }
  await runCollector({
    coordinator: {
      ...coordinator,
      store: () => store,
      wait: async () => {
        // What was listed third is what the turn takes in which it is listed for the fourth time.
        await whenRead(listed < 4 ? 3 : 5)
        await coordinator.wait(0, stop.signal)
      },
    },
    member: 'me',
    shardOf: () => 'a',
    logs: async () => infos.slice(0, ++listed < 3 ? 1 : 2),
    refreshMs: 0,
    sink,
    stream: (logs, checkpoint) =>
      backfill(both[0] as TestLog, {
        logs: both.filter(({ logId }) => logs.some(({ id }) => id === logId)).map(({ spec }) => spec),
        checkpoint,
      }),
    logger: { info: () => {}, warn: (message) => warnings.push(message) },
    signal: stop.signal,
  })
  expect(warnings).toEqual([])
  expect(new Set(entries).size).toBe(5)
})

/** A collector whose engine takes the first page of shard `a` only after six turns. */
async function collectSlowly(
  told: Parameters<typeof toldCoordinator>[0],
  shards: readonly string[],
  logsAt: (turn: number) => number,
) {
  const logs = [await logOf(3), await logOf(2)]
  const infos = logs.map(({ logId: id, spec }) => ({ ...spec, id }) as LogInfo)
  const shardOf = (log: LogInfo) => shards[infos.findIndex(({ id }) => id === log.id)] ?? ''
  const stop = new AbortController()
  const { coordinator } = toldCoordinator(told, () => stop.abort())
  const { sink: engine, entries } = epochEngine()
  const stores = new Map<string, MemoryCheckpointStore>()
  const events: string[] = []
  const warnings: string[] = []
  let turns = 0
  // Bounded: a collector that does not come to its next turn is to fail, not to hang.
  const whenHolds = async (holds: () => boolean) => {
    for (let i = 0; i < 2000 && !holds(); i++) await turn()
  }
  let isFirst = true
  const sink = (): Sink => {
    const made = engine()
    return {
      ...made,
      write: async (page) => {
        if (page[0]?.log.id === infos[0]?.id && isFirst) {
          isFirst = false
          events.push('writing')
          await whenHolds(() => turns >= 7)
          events.push('written')
        }
        await made.write(page)
      },
    }
  }
  await runCollector({
    member: 'me',
    coordinator: {
      ...coordinator,
      renew: (leases) => {
        events.push(`renews ${leases.map(({ unit }) => unit)}`)
        return coordinator.renew(leases)
      },
      release: async ({ unit }) => void events.push(`releases ${unit}`),
      store: ({ unit }) => {
        const store = stores.get(unit) ?? new MemoryCheckpointStore()
        stores.set(unit, store)
        return store
      },
      wait: async () => {
        turns++
        if (turns === 1) await whenHolds(() => events.includes('writing'))
        if (turns >= 7) await whenHolds(() => entries.length === 5)
        await coordinator.wait(0, stop.signal)
      },
    },
    shardOf,
    logs: async () => infos.slice(0, logsAt(turns)),
    refreshMs: 0,
    handOverMs: 0,
    sink,
    stream: (mine, checkpoint) =>
      backfill(logs[0] as TestLog, {
        logs: logs.filter(({ logId }) => mine.some(({ id }) => id === logId)).map(({ spec }) => spec),
        checkpoint,
      }),
    onTurn: (leases) => events.push(`holds ${leases?.map(({ unit }) => unit)}`),
    logger: { info: () => {}, warn: (message) => warnings.push(message) },
    signal: stop.signal,
  })
  return { events, entries, warnings }
}

/** What happened while the first page was written. */
const whileWritten = (events: readonly string[]) =>
  events.slice(events.indexOf('writing') + 1, events.indexOf('written'))

const times = (count: number, ...what: readonly string[]) => Array.from({ length: count }, () => what).flat()

it('renews its leases while a shard that is given away finishes its page', async () => {
  const both = { held: ['a', 'b'], share: 1 }
  const { events, entries, warnings } = await collectSlowly(
    [{ held: [], share: 2 }, ...Array(8).fill(both)],
    ['a', 'b'],
    () => 2,
  )
  expect(warnings).toEqual([])
  expect(whileWritten(events).filter((event) => event !== 'holds a,b')).toEqual(times(6, 'renews a,b'))
  expect(whileWritten(events)).toContain('holds a,b')
  // Then another member has it, long before this one ends; and nothing else was given away for it.
  expect(events.indexOf('releases a')).toBeGreaterThan(events.indexOf('written'))
  expect(events.indexOf('releases a')).toBeLessThan(events.indexOf('renews b'))
  expect(events.filter((event) => event.startsWith('releases'))).toEqual(['releases a', 'releases b'])
  expect(new Set(entries).size).toBe(5)
})

it('renews its leases while a shard to which a log came finishes its page', async () => {
  const { events, entries, warnings } = await collectSlowly(
    [{ held: [], share: 1 }, ...Array(8).fill({ held: ['a'], share: 1 })],
    ['a', 'a'],
    (turns) => (turns < 1 ? 1 : 2),
  )
  expect(warnings).toEqual([])
  expect(whileWritten(events).filter((event) => event.startsWith('renews'))).toEqual(times(6, 'renews a'))
  // Under the lease that it has.
  expect(events.filter((event) => event.startsWith('releases'))).toEqual(['releases a'])
  expect(entries).toHaveLength(5)
})

it('ends when the page of a shard to which a log came is written, and does not begin it again', async () => {
  const { events } = await collectSlowly(
    [{ held: [], share: 1 }, ...Array(2).fill({ held: ['a'], share: 1 })],
    ['a', 'a'],
    (turns) => (turns < 1 ? 1 : 2),
  )
  expect(events.indexOf('written')).toBeGreaterThan(0)
  expect(events.slice(events.indexOf('written'))).toEqual(['written', 'releases a'])
})

it('lists the logs again in time, and gives shards away, where the clock is set back', async () => {
  const clock = new VirtualClock()
  const stop = new AbortController()
  const turns = [{ held: [], share: 3 }, ...Array(8).fill({ held: ['a', 'b', 'c'], share: 1 })]
  const { coordinator, released } = toldCoordinator(turns, () => stop.abort())
  let listed = 0
  let waits = 0
  let releasedBefore: string[] = []
  await runCollector({
    ...nothingIsRead,
    coordinator: {
      ...coordinator,
      wait: async () => {
        // One shard is given away.
        if (++waits === 2) clock.set(-3_600_000)
        await clock.pass(5000)
        releasedBefore = [...released]
        await coordinator.wait(0, stop.signal)
      },
    },
    logs: async () => {
      listed++
      return []
    },
    refreshMs: 20_000,
    clock,
    signal: stop.signal,
  })
  expect(listed).toBe(3)
  expect(releasedBefore).toEqual(['a', 'b'])
})
