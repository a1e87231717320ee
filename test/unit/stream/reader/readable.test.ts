import { PassThrough, Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../../src/checkpoint/memory.js'
import type { CtStream } from '../../../../src/stream/ct-stream.js'
import type { CtCertificate } from '../../../../src/types/certificate.js'
import { indexesOf, range, take } from '../../../support/follow.js'
import { backfill, logOf } from '../../../support/logs.js'
import { settled } from '../../../support/virtual-clock.js'

const manual = { acknowledge: 'manual' } as const

/** Gives what it gets on, a few turns of the event loop later. */
const slowly = () =>
  new Transform({
    objectMode: true,
    transform: (certificate, _, done) => void settled().then(() => done(null, certificate)),
  })

/** Finishes with each certificate some turns after it got it; `handle` may throw. */
const sink = (handle: (certificate: CtCertificate) => void, highWaterMark = 16) =>
  new Writable({
    objectMode: true,
    highWaterMark,
    write: (certificate, _, done) => {
      settled()
        .then(() => handle(certificate))
        .then(() => done(), done)
    },
  })

const rest = async (log: Parameters<typeof backfill>[0], checkpoint: MemoryCheckpointStore) =>
  indexesOf(await take(backfill(log, { checkpoint })))

describe('readable(), where the caller acknowledges', () => {
  it('loses nothing in a pipeline that fails, and stores all that was acknowledged', async () => {
    const log = await logOf(700)
    const checkpoint = new MemoryCheckpointStore()
    const handled: number[] = []
    for (let runs = 0; runs < 30; runs++) {
      const stream = backfill(log, { checkpoint, ...manual })
      let left = 61
      const handle = (certificate: CtCertificate) => {
        if (--left < 0) throw new Error('killed')
        handled.push(certificate.index)
        stream.acknowledge(certificate)
      }
      const stages = [slowly(), new PassThrough({ objectMode: true })] as const
      const failure = await pipeline(stream.readable(), ...stages, sink(handle)).catch(({ message }) => message)
      await stream.close()
      if (failure === undefined) break
      expect(failure).toBe('killed')
    }
    expect(handled).toEqual(range(0, 700))
    expect(await rest(log, checkpoint)).toEqual([])
  })

  it('lets a pipeline finish after the stream ended, then closes', async () => {
    const log = await logOf(300)
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, ...manual })
    let group: CtCertificate[] = []
    await pipeline(
      stream.readable({ highWaterMark: 64 }),
      async function* (certificates: AsyncIterable<CtCertificate>) {
        // Groups that only the end completes.
        for await (const certificate of certificates) {
          if (group.push(certificate) < 128) continue
          yield group
          group = []
        }
        yield group
      },
      new Writable({
        objectMode: true,
        write: (certificates: CtCertificate[], _, done) =>
          void settled().then(() => {
            stream.acknowledge(certificates.at(-1) as CtCertificate)
            done()
          }),
      }),
    )
    await expect.poll(() => stream.commit().catch(({ code }) => code)).toBe('CT_CLOSED')
    expect(await rest(log, checkpoint)).toEqual([])
  })
})

describe('readable(), where it acknowledges', () => {
  it.each([1, 16, 200])(
    'counts a chunk as finished when the Writable has called back (its buffer: %i)',
    async (size) => {
      const log = await logOf(600)
      const checkpoint = new MemoryCheckpointStore()
      const stream = backfill(log, { checkpoint })
      const positions: (number | undefined)[] = []
      const handle = ({ index }: CtCertificate) => {
        positions.push(stream.status().logs[0]?.position)
        if (index === 421) throw new Error('mine')
      }
      await expect(pipeline(stream.readable({ highWaterMark: 100 }), sink(handle, size))).rejects.toThrow('mine')
      await stream.close()
      expect(positions).toEqual(range(0, 422))
      expect(await rest(log, checkpoint)).toEqual(range(421, 600))
    },
  )

  it('stores all of it when the Writable has finished', async () => {
    const log = await logOf(600, { kind: 'static-ct' })
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint })
    const indexes: number[] = []
    await pipeline(
      stream.readable(),
      sink(({ index }) => indexes.push(index)),
    )
    expect(indexes).toEqual(range(0, 600))
    await expect.poll(() => stream.commit().catch(({ code }) => code)).toBe('CT_CLOSED')
    expect(await rest(log, checkpoint)).toEqual([])
  })

  const consumers: [string, (readable: Readable, until: number) => Promise<void>][] = [
    [
      'for await',
      async (readable, until) => {
        for await (const { index } of readable) {
          await settled()
          if (index === until) break
        }
        // Node destroys what a loop was left at, and does not wait for that.
        if (!readable.closed) await new Promise((resolve) => readable.once('close', resolve))
      },
    ],
    [
      'read()',
      async (readable, until) => {
        const ended = new Promise((resolve) => readable.once('close', resolve))
        readable.on('readable', () => {
          for (let chunk = readable.read(); chunk !== null; chunk = readable.read())
            if (chunk.index === until) return readable.destroy()
        })
        await ended
      },
    ],
  ]
  it.each(consumers)('counts a chunk as finished when %s asks for the next one', async (_, consume) => {
    const log = await logOf(600)
    const checkpoint = new MemoryCheckpointStore()
    await consume(backfill(log, { checkpoint }).readable(), 333)
    expect(await rest(log, checkpoint)).toEqual(range(333, 600))
    const whole = new MemoryCheckpointStore()
    // The second time there is nothing.
    for (const _ of [1, 2]) {
      await consume(backfill(log, { checkpoint: whole }).readable(), -1)
      expect(await rest(log, whole)).toEqual([])
    }
  })

  it('gives a listener every certificate, and ends', async () => {
    const log = await logOf(300)
    const checkpoint = new MemoryCheckpointStore()
    const indexes: number[] = []
    const readable = backfill(log, { checkpoint }).readable()
    readable.on('data', ({ index }) => indexes.push(index))
    await new Promise((resolve) => readable.once('close', resolve))
    expect(indexes).toEqual(range(0, 300))
    expect(await rest(log, checkpoint)).toEqual([])
  })

  it('refuses to be piped where it cannot see what becomes of a chunk', async () => {
    const log = await logOf(100)
    const checkpoint = new MemoryCheckpointStore()
    const refused = { code: 'CT_OPTION_INVALID', message: expect.stringMatching(/acknowledge: 'manual'/) }
    const through = backfill(log, { checkpoint }).readable()
    await expect(
      pipeline(
        through,
        slowly(),
        sink(() => {}),
      ),
    ).rejects.toMatchObject(refused)
    const twice = backfill(log, { checkpoint }).readable()
    const failure = new Promise((resolve) => twice.once('error', resolve))
    twice.pipe(sink(() => {}))
    twice.pipe(sink(() => {}))
    expect(await failure).toMatchObject(refused)
    expect(await rest(log, checkpoint)).toEqual(range(0, 100))
  })

  it('makes cursors that leave nothing out', async () => {
    const log = await logOf(400)
    const stream = backfill(log)
    let cursor = ''
    for await (const certificate of stream.readable()) {
      cursor = certificate.cursor
      if (certificate.index === 300) break
    }
    expect(indexesOf(await take(backfill(log, { resume: cursor })))).toEqual(range(301, 400))
  })
})

describe('readable()', () => {
  it('is a reader as any other, and is closed as one', async () => {
    const log = await logOf(300)
    const stream = backfill(log)
    for (const wrong of [{ highWaterMark: 0 }, { highWatermark: 5 }, 7] as never[])
      expect(() => stream.readable(wrong)).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
    const readable = stream.readable()
    expect(readable).toBeInstanceOf(Readable)
    readable.read(0)
    expect(() => stream.batches()).toThrow(expect.objectContaining({ code: 'CT_READER_BUSY' }))
    readable.destroy()
    await new Promise((resolve) => readable.once('close', resolve))
    await expect(stream.commit()).rejects.toMatchObject({ code: 'CT_CLOSED' })
    expect(() => stream.readable()).toThrow(expect.objectContaining({ code: 'CT_CLOSED' }))
  })

  it('fails as the stream does', async () => {
    const log = await logOf(300)
    const stop = new AbortController()
    const aborted = backfill(log, { signal: stop.signal, end: 'never' })
    const reason = new Error('enough')
    const reading = pipeline(
      aborted.readable(),
      sink(({ index }) => index === 299 && stop.abort(reason)),
    )
    await expect(reading).rejects.toBe(reason)
    const failing = (stream: CtStream) =>
      pipeline(
        stream.readable(),
        sink(() => {}),
      )
    const filter = {
      match: () => {
        throw new Error('mine')
      },
    }
    await expect(failing(backfill(log, { filter }))).rejects.toThrow('mine')
  })

  it('reads no further ahead than its high-water mark', async () => {
    const log = await logOf(600)
    let looked = 0
    const stream = backfill(log, { filter: { match: () => ++looked > 0 } })
    const readable = stream.readable({ highWaterMark: 8 })
    await new Promise((resolve) => readable.once('readable', resolve))
    await expect.poll(() => readable.readableLength).toBe(8)
    for (let i = 0; i < 20; i++) await settled()
    expect(looked).toBeLessThanOrEqual(9)
    await stream.close()
    readable.destroy()
  })
})
