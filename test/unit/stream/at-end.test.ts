import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import type { CtStream } from '../../../src/stream/ct-stream.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, logOf } from '../../support/logs.js'

const manual = { acknowledge: 'manual' } as const

describe('a stream that reached its end, where the caller acknowledges', () => {
  it('stays open until all of it is acknowledged, then closes itself', async () => {
    const log = await logOf(600, { kind: 'static-ct' })
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, ...manual })
    const certificates = await take(stream)
    // Work that goes on after the loop still has the log at hand.
    expect((await certificates[0]?.chain())?.length).toBeGreaterThan(0)
    stream.acknowledge(certificates[99] as CtCertificate)
    expect(() => checkpoint.open()).toThrow(/uses this memory checkpoint store/)
    stream.acknowledge(certificates[599] as CtCertificate)
    await expect.poll(() => stream.commit().catch(({ code }) => code)).toBe('CT_CLOSED')
    await stream.close()
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual([])
  })

  it('commits what is acknowledged after the end, as it comes', async () => {
    const log = await logOf(600)
    const committed: number[] = []
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, ...manual, commit: { everyMs: 3_600_000, everyEntries: 10_000_000 } })
    stream.on('commit', ({ entries }) => committed.push(entries))
    const certificates = await take(stream)
    committed.splice(0)
    stream.acknowledge(certificates[299] as CtCertificate)
    await expect.poll(() => committed).toEqual([300])
    await stream.close()
  })

  it('gives no more to read, and ends at once when it is closed', async () => {
    const log = await logOf(300)
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, ...manual })
    const iterator = stream[Symbol.asyncIterator]()
    const certificates: CtCertificate[] = []
    for (let turn = await iterator.next(); !turn.done; turn = await iterator.next()) certificates.push(turn.value)
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(() => stream.batches()).toThrow(expect.objectContaining({ code: 'CT_CLOSED' }))
    stream.acknowledge(certificates[99] as CtCertificate)
    await stream.close()
    stream.acknowledge(certificates[199] as CtCertificate)
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(100, 300))
  })

  it('waits for the commit too, where that is the caller’s', async () => {
    const log = await logOf(300)
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, ...manual, commit: 'manual' })
    await take(stream)
    stream.acknowledge()
    await stream.commit()
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual([])
    // Nothing is left to commit.
    await stream.commit()
  })

  it.each(['a store', 'a file'])('has its checkpoint until it is closed, %s', async (what) => {
    const place = mkdtempSync(join(tmpdir(), 'ct-stream-at-end-'))
    onTestFinished(() => rmSync(place, { recursive: true, force: true }))
    const checkpoint = what === 'a file' ? join(place, 'a.db') : new MemoryCheckpointStore()
    const log = await logOf(300)
    const stream = backfill(log, { checkpoint, ...manual })
    for await (const certificate of stream) if (certificate.index === 41) stream.acknowledge(certificate)
    await expect(take(backfill(log, { checkpoint }))).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    await stream.close()
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(42, 300))
    await expect(stream.commit()).rejects.toMatchObject({ code: 'CT_CLOSED' })
  })

  it('writes nothing any more when it was closed: the store may be another stream’s', async () => {
    const log = await logOf(300)
    const checkpoint = new MemoryCheckpointStore()
    const commit = { everyMs: 3_600_000, everyEntries: 1 }
    const first = backfill(log, { checkpoint, ...manual, commit })
    const certificates = await take(first, 200)
    const second = backfill(log, { checkpoint, ...manual, commit: 'manual' })
    await second[Symbol.asyncIterator]().next()
    first.acknowledge(certificates[100] as CtCertificate)
    first.acknowledge()
    first.status()
    await second.commit()
    await second.close()
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(0, 300))
  })

  it('closes at once when everything is acknowledged already', async () => {
    const log = await logOf(300)
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, ...manual })
    for await (const certificate of stream) stream.acknowledge(certificate)
    await expect(stream.commit()).rejects.toMatchObject({ code: 'CT_CLOSED' })
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual([])
  })
})

describe('a stream that reached its end, where reading acknowledges and the caller commits', () => {
  type Read = (stream: CtStream) => AsyncIterable<CtCertificate | readonly CtCertificate[]>
  const ways: Record<string, Read> = {
    'one by one': (stream) => stream,
    'page by page': (stream) => stream.batches(),
    'in batches of a size': (stream) => stream.batches({ maxEntries: 60 }),
    'in batches of an age': (stream) => stream.batches({ maxWaitMs: 20 }),
    'as a Node stream': (stream) => stream.readable(),
  }
  const read = async (stream: CtStream, way: string, more: () => Promise<void> = async () => {}) => {
    let delivered = 0
    for await (const part of (ways[way] as Read)(stream)) {
      delivered += Array.isArray(part) ? part.length : 1
      await more()
    }
    return delivered
  }

  it.each(Object.keys(ways))('has all of it committed by the commit after the loop, %s', async (way) => {
    const log = await logOf(250)
    const checkpoint = new MemoryCheckpointStore()
    for (const want of [250, 0, 0]) {
      const stream = backfill(log, { checkpoint, commit: 'manual' })
      expect(await read(stream, way, () => stream.commit())).toBe(want)
      await stream.commit()
    }
  })

  it.each(Object.keys(ways))('stays open until it is closed, where the caller does not commit, %s', async (way) => {
    const log = await logOf(250)
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, commit: 'manual' })
    expect(await read(stream, way)).toBe(250)
    expect(() => checkpoint.open()).toThrow(/uses this memory checkpoint store/)
    await stream.close()
    await expect(stream.commit()).rejects.toMatchObject({ code: 'CT_CLOSED' })
    expect(await read(backfill(log, { checkpoint }), way)).toBe(250)
  })

  it('stays open when a commit fails, for the next one', async () => {
    const log = await logOf(50)
    const checkpoint = new MemoryCheckpointStore()
    const { commit } = checkpoint
    const stream = backfill(log, { checkpoint, commit: 'manual' })
    expect(await read(stream, 'one by one')).toBe(50)
    checkpoint.commit = () => {
      throw new Error('no room')
    }
    await expect(stream.commit()).rejects.toThrow('no room')
    checkpoint.commit = commit
    await stream.commit()
    expect(await read(backfill(log, { checkpoint }), 'one by one')).toBe(0)
  })
})
