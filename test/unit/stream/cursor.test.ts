import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { cursorKey, decodeCursor, encodeCursor } from '../../../src/stream/cursor.js'
import type { TestLog } from '../../../src/testing/index.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, certificates, grow, logOf } from '../../support/logs.js'
import { Reader } from '../../support/reader.js'

const keyOf = (id: Uint8Array) => cursorKey(Buffer.from(id).toString('base64'))
const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(keyOf)
const anyKey = keyOf(Buffer.alloc(32, 1))
/** A range that is not of any tree, but has a root. */
const rangeOf = (size: number) => {
  const bits = size.toString(2).replaceAll('0', '').length
  return new CompactRange(
    size,
    range(0, bits).map((i) => createHash('sha256').update(`${size} ${i}`).digest()),
  )
}
const invalid = (message?: RegExp) =>
  expect.objectContaining({ code: 'CT_CURSOR_INVALID', ...(message && { message: expect.stringMatching(message) }) })
/** A cursor of these bytes, with its checksum in order. */
const sealed = (body: Uint8Array) =>
  Buffer.concat([body, createHash('sha256').update(body).digest().subarray(0, 4)]).toString('base64url')

describe('a cursor', () => {
  it('says the position of every log, however large, and the start of the root before it', () => {
    const places = fc
      .uniqueArray(fc.tuple(key, fc.oneof(fc.maxSafeNat(), fc.nat(300)), fc.boolean(), fc.boolean()), {
        selector: ([key]) => key,
      })
      .map((all) =>
        all.map(([key, next, isProven, finished]) => ({
          key,
          next,
          before: isProven ? rangeOf(next) : undefined,
          finished,
        })),
      )
    fc.assert(
      fc.property(places, (places) => {
        const expected = places.map(({ key, next, before, finished }) => {
          return [key, { next, root: before && Uint8Array.from(before.root().subarray(0, 16)), finished }] as const
        })
        expect(decodeCursor(encodeCursor(places))).toEqual(new Map(expected))
      }),
    )
    const next = Number.MAX_SAFE_INTEGER
    for (const finished of [false, true])
      expect(decodeCursor(encodeCursor([{ key: anyKey, next, before: undefined, finished }]))).toEqual(
        new Map([[anyKey, { next, root: undefined, finished }]]),
      )
  })

  it.each([
    ['1, which had no roots', 1, 17],
    ['2, which had no finished logs', 2, 33],
  ])('of version %s, is read', (_, version, size) => {
    const record = Buffer.alloc(size)
    record[0] = version
    record.write(anyKey, 1, 'hex')
    record.writeBigUInt64BE(77n, 9)
    expect(decodeCursor(sealed(record))).toEqual(new Map([[anyKey, { next: 77, root: undefined, finished: false }]]))
  })

  it('of an index that no log has is refused', () => {
    const { length } = Buffer.from(
      encodeCursor([{ key: anyKey, next: 0, before: undefined, finished: false }]),
      'base64url',
    )
    for (const index of [2n ** 53n, 2n ** 60n, 2n ** 63n - 1n, 2n ** 64n - 1n])
      for (const [version, size] of [
        [1, 17],
        [2, length - 4],
        [3, length - 4],
      ] as const) {
        // There, the highest bit says that the log is finished, and the rest is the index.
        const told = version === 3 ? BigInt.asUintN(63, index) : index
        const record = Buffer.alloc(size)
        record[0] = version
        record.write(anyKey, 1, 'hex')
        record.writeBigUInt64BE(index, 9)
        expect(() => decodeCursor(sealed(record))).toThrow(
          invalid(new RegExp(`entry ${told} of the log 0101010101010101…: no index is above 2\\^53 - 1`)),
        )
      }
  })

  it('of a later version is refused as such, and one with half a record as damaged', () => {
    expect(() => decodeCursor(sealed(Buffer.of(4)))).toThrow(invalid(/version 4 is newer/))
    for (const version of [0, 1, 2, 3])
      expect(() => decodeCursor(sealed(Buffer.concat([Buffer.of(version), Buffer.alloc(15)])))).toThrow(
        invalid(/damaged/),
      )
  })

  it('that is anything else is refused by its own error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.uint8Array().map((b) => Buffer.from(b).toString('base64url')),
        ),
        (text) => {
          expect(() => decodeCursor(text)).toThrow(invalid())
        },
      ),
    )
  })

  it('with one bit changed is refused', () => {
    const cursor = Buffer.from(
      encodeCursor([{ key: anyKey, next: 1234, before: rangeOf(1234), finished: true }]),
      'base64url',
    )
    for (let bit = 0; bit < cursor.length * 8; bit++) {
      const changed = Buffer.from(cursor)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(() => decodeCursor(changed.toString('base64url'))).toThrow(invalid())
    }
  })
})

const keyOfLog = (log: TestLog) => cursorKey(log.logId)
const rootOf = (log: TestLog, size: number) => Uint8Array.from(log.root(size).subarray(0, 16))

describe.each(['rfc6962', 'static-ct'] as const)('the cursors of a stream with a %s log', (kind) => {
  it('have the root of each log where it is, in whatever order they are asked for', async () => {
    const [log, other] = [await logOf(700, { kind }), await logOf(300)]
    const all = await take(backfill(log, { logs: [log.spec, other.spec] }))
    expect(all).toHaveLength(1000)
    // Backwards: the pages are long given back.
    for (const { cursor, index, log: from } of all.toReversed()) {
      const positions = decodeCursor(cursor)
      const own = from.id === log.logId ? log : other
      expect(positions.get(keyOfLog(own))).toEqual({ next: index + 1, root: rootOf(own, index + 1), finished: false })
      for (const any of [log, other]) {
        const { next, root } = positions.get(keyOfLog(any)) ?? { next: 0, root: rootOf(any, 0) }
        expect(root).toEqual(rootOf(any, next))
      }
    }
  })

  it('have none where nothing is proven', async () => {
    const log = await logOf(3, { kind })
    const [first] = await take(backfill(log, { verify: 'signatures-only' }))
    expect(decodeCursor(first?.cursor ?? '')).toEqual(
      new Map([[keyOfLog(log), { next: 1, root: undefined, finished: false }]]),
    )
  })

  it('show a fork below them', async () => {
    const log = await logOf(300, { kind })
    const all = await take(backfill(log))
    const fork = log.fork(100)
    fork.add(certificates(400))
    fork.publish()
    log.fault({ on: '*', from: fork })
    for (const at of [100, 150, 255, 256, 299]) {
      const checkpoint = new MemoryCheckpointStore()
      const reader = closing(
        new Reader(backfill(log, { resume: all[at]?.cursor ?? '', checkpoint, endPatienceMs: 600_000 })),
      )
      await expect(reader.done).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
      expect([at, reader.certificates.length]).toEqual([at, 0])
      expect(reader.misbehaviour.map(({ error }) => error.code)).toEqual(['CT_HEAD_CONFLICT'])
      expect(reader.misbehaviour[0]?.error.message).toContain('fork: ')
      await checkpoint.open()
      const [evidence] = checkpoint.evidence()
      expect(evidence?.detail).toMatchObject({
        error: { index: at + 1, expected: Buffer.from(rootOf(log, at + 1)).toString('hex') },
        head: { tree_size: 500 },
        provenRange: { size: at + 1 },
      })
      await checkpoint.close()
    }
    // What is the same in both is gone on from.
    expect(indexesOf(await take(backfill(log, { resume: all[99]?.cursor ?? '' })))).toEqual(range(100, 500))
  })

  it('go on by the checkpoint, or else the start, in logs they do not name', async () => {
    const [log, kept, added] = [await logOf(20, { kind }), await logOf(20), await logOf(20)]
    const checkpoint = new MemoryCheckpointStore()
    await take(backfill(kept, { checkpoint }))
    grow(kept, 3)
    const { cursor: resume = '' } = (await take(backfill(log))).at(9) ?? {}
    const logs = [log, kept, added].map(({ spec }) => spec)
    const read = await take(backfill(log, { logs, checkpoint, resume, start: { index: 15 } }))
    const of = ({ logId }: TestLog) => indexesOf(read.filter(({ log }) => log.id === logId))
    expect([of(log), of(kept), of(added)]).toEqual([range(10, 20), range(20, 23), range(15, 20)])
  })

  it.each(['automatic', 'manual'] as const)(
    'name logs not opened or not read where they were (acknowledge: %s)',
    async (acknowledge) => {
      const [log, down] = [await logOf(20, { kind }), await logOf(20, { kind })]
      const both = { logs: [log.spec, down.spec], acknowledge }
      const waiting = { next: 10, root: rootOf(down, 10), finished: false }
      let resume = (await take(backfill(down))).at(9)?.cursor ?? ''
      const fault = down.fault({ on: '*', status: 503 })
      const opened = await take(backfill(log, { ...both, resume }), 20)
      expect(opened.every(({ log: { id } }) => id === log.logId)).toBe(true)
      resume = opened.at(-1)?.cursor ?? ''
      expect(decodeCursor(resume).get(keyOfLog(down))).toEqual(waiting)

      grow(log, 5)
      resume = (await take(backfill(log, { acknowledge, resume }), 5)).at(-1)?.cursor ?? ''
      expect(decodeCursor(resume).get(keyOfLog(down))).toEqual(waiting)

      fault.clear()
      grow(down, 5)
      const read = await take(backfill(log, { ...both, resume, start: 'now' }), 15)
      expect(indexesOf(read.filter(({ log: { id } }) => id === down.logId))).toEqual(range(10, 25))
      expect(decodeCursor(read.at(-1)?.cursor ?? '').size).toBe(2)
    },
  )

  it('are refused where they are of other logs', async () => {
    const [log, other] = [await logOf(5, { kind }), await logOf(5)]
    const [first] = await take(backfill(other))
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { resume: first?.cursor ?? '', checkpoint })
    await expect(take(stream)).rejects.toEqual(invalid(/of 1 other logs: it names none of the 1 logs of this stream/))
    await checkpoint.open()
    expect(checkpoint.load()).toEqual([])
  })

  it('that are ahead of what the log shows are reported once, and waited for', async () => {
    const log = await logOf(20, { kind })
    grow(log, 10)
    const { cursor: resume = '' } = (await take(backfill(log))).at(24) ?? {}
    const old = log.fault({ on: ['get-sth', 'checkpoint'], stale: 1 })
    const told = ({ errors }: Reader) =>
      errors.flatMap(({ error }) => (error.code === 'CT_CURSOR_INVALID' ? [[error.index, error.actual]] : []))

    const ending = closing(new Reader(backfill(log, { resume })))
    await ending.done
    expect([told(ending), ending.certificates]).toEqual([[[25, 20]], []])

    const options = { logs: [log.spec], resume, checkpoint: false, clock: fastClock(20_000) } as const
    const reader = closing(new Reader(ctStream(options)))
    const heads = log.requestCount()
    await reader.until(() => log.requestCount() > heads + 5)
    old.clear()
    await reader.until(() => reader.certificates.length === 5)
    expect(told(reader)).toEqual([[25, 20]])
    expect(reader.indexes()).toEqual(range(25, 30))
  })
})
