import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FetchedPartition } from '../../../src/kafka/committed-records.js'
import type { GroupMarks, LogMark } from '../../../src/kafka/group-marks.js'
import { type KafkaClaim, KafkaPartition } from '../../../src/processors/kafka/partition.js'
import type { LogInfo } from '../../../src/types/log.js'

const logs = ['a', 'b', 'c'].map((id): LogInfo => ({ id, description: id, operator: '', kind: 'rfc6962', url: '' }))

/** Where a group would go on: what was stored last. */
function partition() {
  const stored: { offset: bigint | undefined } = { offset: undefined }
  const marks = {
    store: async (_logs: readonly LogMark[], offset: bigint | undefined) => {
      if (offset !== undefined) stored.offset = offset
    },
  } as unknown as GroupMarks
  return {
    stored,
    it: new KafkaPartition(
      0,
      marks,
      { logs: new Map(), offset: undefined, entriesId: undefined, owner: '', group: undefined },
      { topicId: '1', earliest: 0n, latest: 0n },
    ),
  }
}

/** Batches of one record each, without a transaction. */
const fetched = (from: number, count: number): FetchedPartition => ({
  partition: 0,
  topicId: '1',
  end: BigInt(from + count),
  batches: Array.from({ length: count }, (_, i) => ({
    firstOffset: BigInt(from + i),
    lastOffsetDelta: 0,
    attributes: 0,
    producerId: -1n,
    records: [{ offsetDelta: 0, key: null, value: null, headers: [] }],
  })) as unknown as FetchedPartition['batches'],
})

describe('a partition of a group', () => {
  it('never stores an offset behind a message that is not finished with, and in the end one behind all', async () => {
    const run = fc.array(
      fc.record({ log: fc.nat(2), acknowledge: fc.nat(2), upTo: fc.nat(100), store: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 40,
      },
    )
    await fc.assert(
      fc.asyncProperty(run, async (steps) => {
        const { it: one, stored } = partition()
        const claims = logs.map((log): KafkaClaim => one.claim({ log }))
        const next = [0, 0, 0]
        const finished = [0, 0, 0]
        /** By offset: whose message it is. */
        const messages: { log: number; index: number }[] = []
        const check = async (marks: readonly LogMark[]) => {
          await one.store(marks)
          const open = messages.findIndex(({ log, index }) => index >= (finished[log] as number))
          expect(stored.offset ?? 0n).toBeLessThanOrEqual(BigInt(open < 0 ? messages.length : open))
        }
        for (const { log, acknowledge, upTo, store } of steps) {
          const from = messages.length
          const records = one.take(fetched(from, 3))
          // Somebody stores while they are made into pages.
          await check([])
          const start = next[log] as number
          for (let i = 0; i < 3; i++) messages.push({ log, index: start + i })
          next[log] = start + 3
          one.handOut(claims[log] as KafkaClaim, records[0]?.offset ?? 0n, start + 3)
          one.taken()
          finished[acknowledge] = Math.max(finished[acknowledge] as number, Math.min(upTo, next[acknowledge] as number))
          const mark = { epoch: 1, next: finished[acknowledge] as number }
          if (store) await check([{ log: logs[acknowledge] as LogInfo, mark }])
        }
        next.forEach((end, log) => {
          finished[log] = end
        })
        await check(logs.map((log, i) => ({ log, mark: { epoch: 1, next: next[i] as number } })))
        expect(stored.offset).toBe(BigInt(messages.length))
      }),
      { numRuns: 300 },
    )
  })

  it('stores no offset behind messages that could not be made into pages', async () => {
    const { it: one, stored } = partition()
    one.take(fetched(0, 5))
    one.taken()
    await one.store([])
    expect(stored.offset).toBe(5n)
    one.take(fetched(5, 5))
    await one.store([])
    expect(stored.offset).toBe(5n)
  })
})
