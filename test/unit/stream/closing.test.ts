import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { CtStreamEvents } from '../../../src/types/stream-events.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, logOf } from '../../support/logs.js'
import { passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

describe('a stream that is closed by a listener', () => {
  it.each(
    (['rfc6962', 'static-ct'] as const).flatMap((kind) =>
      (['full', 'signatures-only'] as const).flatMap((verify) =>
        (['log', 'head', 'commit'] as const).map((event) => [kind, verify, event] as const),
      ),
    ),
  )('of a %s log (%s) on the event `%s` ends', async (kind, verify, event: keyof CtStreamEvents) => {
    const log = await logOf(600, { kind })
    const stream = backfill(log, { verify })
    let closed: Promise<void> | undefined
    stream.on(event, () => {
      closed ??= stream.close()
    })
    await take(stream)
    await closed
    expect(stream.status().bufferedBytes).toBe(0)
  })
})

describe('a stream that ended', () => {
  it('leaves no timer behind, also after requests of it failed', async () => {
    const clock = new VirtualClock()
    const log = await logOf(600)
    log.fault({ on: 'get-entries', times: 2, status: 500 })
    const reader = await readOn(clock, { logs: [log.spec], end: 'head' })
    await passUntil(clock, () => reader.certificates.length === 600, 300_000)
    await reader.done
    expect(clock.slept).toContain(15_000)
    // A process would live on until the last of them is over.
    expect(clock.nextIn).toBeUndefined()
  })
})

describe('a stream that is closed while its log lists are on their way', () => {
  const silentServer = async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing({
      close: async () => {
        server.closeAllConnections()
        server.close()
      },
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.json`
  }

  it('ends without waiting for them', async () => {
    const stream = ctStream({ logList: await silentServer(), checkpoint: false })
    const reading = take(stream)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await stream.close()
    expect(await reading).toEqual([])
  })

  it('rejects with the reason of the signal', async () => {
    const stop = new AbortController()
    const checkpoint = new MemoryCheckpointStore()
    const reading = take(ctStream({ logList: await silentServer(), checkpoint, signal: stop.signal }))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(reading).rejects.toBe(reason)
    // Nobody holds the store any more.
    checkpoint.open()
  })
})

describe('a checkpoint store that is in use', () => {
  it('is left to the stream that has it', async () => {
    const log = await logOf(600)
    const checkpoint = new MemoryCheckpointStore()
    const first = backfill(log, { checkpoint })
    const indexes: number[] = []
    for await (const { index } of first) {
      indexes.push(index)
      if (index === 10)
        await expect(take(backfill(log, { checkpoint }))).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    }
    expect(indexes).toEqual(range(0, 600))
  })
})

describe('a signal', () => {
  it('does not keep streams that were closed', async () => {
    const log = await logOf(5)
    const { signal } = new AbortController()
    const listeners = new Set<unknown>()
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = function (...args: Parameters<typeof addEventListener>) {
      listeners.add(args[1])
      return addEventListener.apply(this, args)
    }
    signal.removeEventListener = function (...args: Parameters<typeof removeEventListener>) {
      listeners.delete(args[1])
      return removeEventListener.apply(this, args)
    }
    expect(indexesOf(await take(backfill(log, { signal, clock: fastClock() })))).toEqual(range(0, 5))
    expect(listeners.size).toBe(0)
  })
})
