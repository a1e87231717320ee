import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { CtStreamError } from '../../../src/errors.js'
import { pump } from '../../../src/sinks/index.js'
import { type CtStream, ctStream } from '../../../src/stream/ct-stream.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { CheckpointStore, LogCheckpoint } from '../../../src/types/checkpoint.js'
import type { Lease, Sink } from '../../../src/types/cluster.js'
import { abortable } from '../../../src/util/abort.js'
import { systemClock } from '../../../src/util/clock.js'
import { fastClock } from '../../support/fast-clock.js'
import { backfill, logOf } from '../../support/logs.js'
import { sinkContract } from '../../support/sink-contract.js'

/** An engine in memory, as simple as one can be: what a sink has to do, in few lines. */
class MemoryEngine {
  readonly content = new Map<string, number[]>()
  readonly positions = new MemoryCheckpointStore()
  epoch = 0

  add(logId: string, index: number): void {
    const list = this.content.get(logId) ?? []
    this.content.set(logId, list)
    list.push(index)
  }

  lease = async (): Promise<Lease> => ({ unit: 'one', epoch: ++this.epoch, until: Number.POSITIVE_INFINITY })

  atLeastOnce(): Sink {
    let mine = 0
    return {
      guarantee: 'at-least-once',
      open: async (lease) => {
        mine = lease?.epoch ?? 0
        this.epoch = Math.max(this.epoch, mine)
        return undefined
      },
      write: async (page) => {
        if (mine < this.epoch) throw new CtStreamError('CT_LEASE_LOST', 'another one has it')
        for (const { log, index } of page) this.add(log.id, index)
      },
      close: async () => {},
    }
  }

  exactlyOnce(): Sink {
    const staged: CtCertificate[] = []
    const { positions } = this
    const sink = this.atLeastOnce()
    let write = sink.write
    return {
      ...sink,
      guarantee: 'exactly-once',
      open: async (lease) => {
        write = sink.write
        await sink.open(lease)
        return undefined
      },
      write: async (page) => void staged.push(...page),
      close: async () => void staged.splice(0),
      store: Object.create(positions, {
        // What it has is a list.
        ordered: { value: true },
        commit: {
          async value(this: MemoryCheckpointStore, rows: Parameters<typeof positions.commit>[0]) {
            const next = new Map(rows.map((row) => [row.log.id, row.position]))
            const isCovered = ({ log, index }: CtCertificate) => index < (next.get(log.id) ?? 0)
            await write(staged.filter(isCovered))
            const rest = staged.filter((certificate) => !isCovered(certificate))
            staged.splice(0, staged.length, ...rest)
            MemoryCheckpointStore.prototype.commit.call(this, rows)
          },
        },
      }),
    }
  }
}

sinkContract('memory, without positions', async () => {
  const engine = new MemoryEngine()
  return { sink: () => engine.atLeastOnce(), content: async () => engine.content, lease: engine.lease }
})

sinkContract('memory, with positions', async () => {
  const engine = new MemoryEngine()
  return { sink: () => engine.exactlyOnce(), content: async () => engine.content, lease: engine.lease }
})

describe('the pump', () => {
  it('opens the sink again after an error that may pass, and resends nothing over the old connection', async () => {
    const log = await logOf(600)
    const checkpoint = new MemoryCheckpointStore()
    const calls: string[] = []
    let failures = 2
    await pump({
      clock: fastClock(20_000),
      stream: () => backfill(log, { checkpoint }),
      sink: {
        guarantee: 'at-least-once',
        open: async () => void calls.push('open'),
        write: async (page) => {
          const isFailing = (page[0]?.index ?? 0) > 0 && failures-- > 0
          calls.push(`${isFailing ? 'failed' : 'write'} ${page[0]?.index}`)
          if (isFailing) throw new CtStreamError('CT_SINK_FAILED', 'the connection was cut', { retryable: true })
        },
        close: async () => void calls.push('close'),
      },
    })
    const again = calls.indexOf('close')
    const failed = calls[again - 1]?.replace('failed', '').trim()
    expect(calls.filter((call) => call === 'open')).toHaveLength(3)
    expect(calls[again + 1]).toBe('open')
    expect(calls[again + 2]).toBe(`failed ${failed}`)
    expect(calls.at(-1)).toBe('close')
  })

  it('ends with an error that cannot pass, and with any error of the stream', async () => {
    const log = await logOf(10)
    const sink = (code: 'CT_LEASE_LOST' | 'CT_SINK_FAILED'): Sink => ({
      guarantee: 'at-least-once',
      open: async () => undefined,
      write: async () => Promise.reject(new CtStreamError(code, 'for good')),
      close: async () => {},
    })
    for (const code of ['CT_LEASE_LOST', 'CT_SINK_FAILED'] as const)
      await expect(pump({ sink: sink(code), stream: () => backfill(log) })).rejects.toMatchObject({ code })
  })

  it('leaves out entries that the engine already has', async () => {
    const log = await logOf(300)
    const written: number[] = []
    await pump({
      stream: () => backfill(log),
      sink: {
        guarantee: 'exactly-once',
        open: async () => new Map([[log.logId, 290]]),
        write: async (page) => void written.push(...page.map(({ index }) => index)),
        close: async () => {},
      },
    })
    expect(written).toEqual([290, 291, 292, 293, 294, 295, 296, 297, 298, 299])
  })

  /** A sink that says where it is, and may go back to where it was. */
  function placedSink() {
    const written: number[] = []
    let logId = ''
    const sink: Sink = {
      guarantee: 'exactly-once',
      open: async () => new Map(written.length === 0 ? [] : [[logId, (written.at(-1) ?? 0) + 1]]),
      write: async (page) => {
        logId = page[0]?.log.id ?? ''
        written.push(...page.map(({ index }) => index))
      },
      close: async () => {},
    }
    return { sink, written }
  }
  const upTo = (end: number) => Array.from({ length: end }, (_, index) => index)
  const warnings = (said: string[]) => ({
    debug() {},
    info() {},
    error() {},
    warn: (text: string) => void said.push(text),
  })

  it.each([30, 0])('begins a log where the sink is after it went back between two runs: to %d', async (start) => {
    const log = await logOf(100)
    const checkpoint = new MemoryCheckpointStore()
    const { sink, written } = placedSink()
    const said: string[] = []
    await pump({ sink, stream: () => backfill(log, { checkpoint, end: { index: 60 } }) })
    expect(written).toEqual(upTo(60))
    written.splice(start)
    const places = async () => new Map([[log.logId, start]])
    await pump({
      sink: { ...sink, open: places },
      stream: () => backfill(log, { checkpoint, logger: warnings(said) }),
    })
    expect(written).toEqual(upTo(100))
    expect(said.filter((text) => text.startsWith('the sink has less'))).toHaveLength(1)
    checkpoint.open()
    expect(checkpoint.load()).toMatchObject([{ position: 100, learned: { readFrom: 0 } }])
  })

  it('reads nothing from before where a log was begun, wherever the sink is', async () => {
    const log = await logOf(100)
    const checkpoint = new MemoryCheckpointStore()
    const { sink, written } = placedSink()
    await pump({ sink, stream: () => backfill(log, { checkpoint, start: { index: 50 } }) })
    written.splice(0)
    const places = async () => new Map([[log.logId, 20]])
    await pump({ sink: { ...sink, open: places }, stream: () => backfill(log, { checkpoint }) })
    expect(written).toEqual(upTo(100).slice(50))
  })

  it('takes no sink for one that went back because the filter dropped what came last', async () => {
    const log = await logOf(100)
    const checkpoint = new MemoryCheckpointStore()
    const { sink, written } = placedSink()
    const looked: number[] = []
    const filter = { match: ({ index }: CtCertificate) => looked.push(index) > 0 && index % 60 < 30 }
    const run = (end: number) =>
      pump({ sink, stream: () => backfill(log, { checkpoint, filter, end: { index: end } }) })
    await run(55)
    await run(100)
    expect(written).toEqual([...upTo(30), ...upTo(90).slice(60)])
    expect(looked).toEqual(upTo(100))
  })

  it.each(['a part of what it had', 'all that it had'])(
    'writes again what a sink lost while it is pumped to, also where a filter drops entries: %s',
    async (what) => {
      const log = await logOf(600)
      const checkpoint = new MemoryCheckpointStore()
      const { sink, written } = placedSink()
      let isBack = false
      const isWanted = (index: number) => index % 3 === 0
      await pump({
        clock: fastClock(20_000),
        sink: {
          ...sink,
          write: async (page) => {
            if (!isBack && written.length > 100) {
              isBack = true
              written.splice(what.startsWith('all') ? 0 : 20)
              throw new CtStreamError('CT_SINK_ROLLED_BACK', 'it is shorter than it was')
            }
            await sink.write(page)
          },
        },
        stream: () => backfill(log, { checkpoint, filter: { match: ({ index }) => isWanted(index) } }),
      })
      expect(isBack).toBe(true)
      expect(written).toEqual(upTo(600).filter(isWanted))
    },
  )

  /** A sink that stages pages, whose commits take as long as is said. */
  function stagingSink(commit: (positions: readonly number[]) => Promise<void>) {
    const written: number[] = []
    const sink: Sink = {
      guarantee: 'exactly-once',
      store: Object.create(new MemoryCheckpointStore(), {
        commit: {
          value: async (rows: readonly LogCheckpoint[]) => {
            // The first one says only where the log is begun.
            if (rows.some(({ position }) => position > 0)) await commit(rows.map(({ position }) => position))
          },
        },
      }),
      open: async () => undefined,
      write: async (page) => void written.push(...page.map(({ index }) => index)),
      close: async () => {},
    }
    return { sink, written }
  }

  it('reads on during a commit, and commits those pages with the next one', async () => {
    const log = await logOf(2000)
    const commits: number[] = []
    let goOn = () => {}
    const { sink, written } = stagingSink(async ([position = 0]) => {
      commits.push(position)
      // The first takes until everything is there.
      if (commits.length === 1) await new Promise<void>((resolve) => (goOn = resolve))
    })
    const done = pump({
      sink,
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })
    while (written.length < 2000) await new Promise(setImmediate)
    expect(commits).toHaveLength(1)
    goOn()
    await done
    expect(commits).toEqual([commits[0], 2000])
    expect(written).toEqual(Array.from({ length: 2000 }, (_, index) => index))
  })

  it('commits all pages together that came during the commit before, again and again', async () => {
    const log = await logOf(6000)
    const ends: number[] = []
    const { sink, written } = stagingSink(async ([position = 0]) => {
      ends.push(position)
      // Each takes until as much is staged as may be.
      const full = Math.min(6000, (ends.at(-2) ?? 0) + 2048)
      while (written.length < full) await new Promise(setImmediate)
    })
    await pump({ sink, stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }) })
    expect(ends.at(-1)).toBe(6000)
    expect(ends.length).toBeLessThan(10)
  })

  it('waits for a commit when 2,048 entries and a page are staged', async () => {
    const log = await logOf(4000)
    const committed: number[] = [0]
    let most = 0
    const { sink, written } = stagingSink(async ([position = 0]) => {
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
      most = Math.max(most, written.length - (committed.at(-1) ?? 0))
      committed.push(position)
    })
    await pump({ sink, stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }) })
    expect(committed.at(-1)).toBe(4000)
    expect(most).toBeGreaterThan(1000)
    expect(most).toBeLessThanOrEqual(2048 + 256)
  })

  const nothing = { domains: ['nothing.example'] }

  it('commits what the filter dropped when it is stopped', async () => {
    const log = await logOf(300)
    const ends: number[] = []
    const { sink, written } = stagingSink(async ([position = 0]) => void ends.push(position))
    const stop = new AbortController()
    let stream: CtStream | undefined
    const done = pump({
      sink,
      signal: stop.signal,
      // So that nothing is committed by the time.
      clock: { ...systemClock, sleep: (_ms, signal) => abortable(new Promise(() => {}), signal ?? stop.signal) },
      stream: (checkpoint) => {
        stream = backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', end: 'never', filter: nothing })
        return stream
      },
    })
    while (stream?.status().logs[0]?.position !== 300) await new Promise(setImmediate)
    expect(ends).toEqual([])
    stop.abort()
    await done
    expect(ends).toEqual([300])
    expect(written).toEqual([])
  })

  it('commits what the filter dropped of the other logs when one cannot be read to its end', async () => {
    const log = await logOf(300)
    const away = await logOf(300)
    await away.close()
    const ends: number[] = []
    const { sink } = stagingSink(async (positions) => void ends.push(...positions))
    await expect(
      pump({
        sink,
        stream: (checkpoint) =>
          backfill(log, {
            logs: [log.spec, away.spec],
            ...{ checkpoint: checkpoint ?? false, commit: 'manual', filter: nothing, endPatienceMs: 100 },
          }),
      }),
    ).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    expect(ends.at(-1)).toBe(300)
  })

  it('ends with the error of a commit of what the filter dropped', async () => {
    const log = await logOf(300)
    const { sink } = stagingSink(() => Promise.reject(new CtStreamError('CT_LEASE_LOST', 'another one has it')))
    const stream = (checkpoint: CheckpointStore | undefined) =>
      ctStream({
        logs: [log.spec],
        start: 'beginning',
        checkpoint: checkpoint ?? false,
        commit: 'manual',
        filter: nothing,
      })
    await expect(pump({ sink, stream, clock: fastClock(20_000) })).rejects.toMatchObject({ code: 'CT_LEASE_LOST' })
  })

  it('says once that the sink takes entries again, when it has taken some', async () => {
    const log = await logOf(300)
    const said: string[] = []
    const clock = fastClock(20_000)
    const { sink } = stagingSink(async () => {})
    let failures = 2
    await pump({
      sink: {
        ...sink,
        write: async (page) => {
          if (failures-- <= 0) return sink.write(page)
          // Meanwhile there is nothing to commit, again and again.
          await clock.sleep(200_000)
          throw new CtStreamError('CT_SINK_FAILED', 'the connection was cut', { retryable: true })
        },
      },
      clock,
      logger: { warn: () => {}, info: (message) => void said.push(message) },
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })
    expect(said.filter((message) => message.includes('takes'))).toEqual(['the sink takes entries again'])
  })

  it('ends with the error of a commit although the log has nothing new', async () => {
    const log = await logOf(100)
    const { sink } = stagingSink(() => Promise.reject(new CtStreamError('CT_LEASE_LOST', 'another one has it')))
    const stream = (checkpoint: CheckpointStore | undefined) =>
      ctStream({ logs: [log.spec], start: 'beginning', checkpoint: checkpoint ?? false, commit: 'manual' })
    await expect(pump({ sink, stream })).rejects.toMatchObject({ code: 'CT_LEASE_LOST' })
  })

  it('finishes the page that is being written when it is stopped, and acknowledges it', async () => {
    const log = await logOf(600)
    const stop = new AbortController()
    const checkpoint = new MemoryCheckpointStore()
    let next = 0
    await pump({
      signal: stop.signal,
      stream: () => backfill(log, { checkpoint }),
      sink: {
        guarantee: 'at-least-once',
        open: async () => undefined,
        write: async (page) => {
          stop.abort()
          next = (page.at(-1)?.index ?? 0) + 1
        },
        close: async () => {},
      },
    })
    checkpoint.open()
    expect(checkpoint.load()).toMatchObject([{ position: next }])
    expect(next).toBeLessThan(600)
  })
})
