import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { BEGUN, backfillJobs, begunValue, ENDED, endedValue } from '../../../src/kafka/backfill-jobs.js'
import type { CommittedRecord } from '../../../src/kafka/committed-records.js'
import type { BackfillJob } from '../../../src/types/backfill.js'
import type { LogInfo } from '../../../src/types/log.js'

const TOPIC = 'ct.backfills'
const log: LogInfo = {
  ...{ id: Buffer.alloc(32, 1).toString('base64'), description: 'a', operator: 'o' },
  ...({ kind: 'rfc6962', url: 'https://log.example/' } as const),
}
const head = { treeSize: 9000, timestamp: 5, rootHash: new Uint8Array(32), signature: new Uint8Array(70) }
const record = (offset: number, key: string, value: unknown): CommittedRecord => ({
  ...{ offset: BigInt(offset), key: Buffer.from(key), headers: [] },
  value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
})
const begun = (offset: number, start = 0, end = 9000, isOpen = false) =>
  record(offset, BEGUN, begunValue({ log, start, end, step: 4096, head, isOpen }, 1000 + offset))
const ended = (offset: number, id: string, reason?: string) =>
  record(offset, ENDED, endedValue({ id, rangesDone: 3, entries: 9000 } as BackfillJob, reason, 2000 + offset))
const shown = (records: readonly CommittedRecord[]) =>
  backfillJobs(TOPIC, records).map(({ id, state, reason }) => [id, state, reason])

describe('the list of backfills in Kafka', () => {
  it('has each with its log, its head and its ranges', () => {
    expect(backfillJobs(TOPIC, [begun(0, 300)])).toEqual([
      {
        ...{ id: '1', log, start: 300, end: 9000, step: 4096, head, state: 'running', reason: undefined },
        ...{ createdAt: new Date(1000), endedAt: undefined, ranges: 3, rangesDone: 0, entries: 0 },
      },
    ])
  })

  it('has the first of several that were begun at once, and another one when that has ended', () => {
    expect(shown([begun(0), begun(1), begun(2, 300)])).toEqual([
      ['1', 'running', undefined],
      ['3', 'running', undefined],
    ])
    expect(shown([begun(0), begun(1), ended(2, '1'), begun(3)])).toEqual([
      ['1', 'done', undefined],
      ['4', 'running', undefined],
    ])
  })

  it('has none without an end of its own while another from the same index is running', () => {
    expect(shown([begun(0, 0, 8000, true), begun(1, 0, 9000, true), begun(2, 300, 9000, true)])).toEqual([
      ['1', 'running', undefined],
      ['3', 'running', undefined],
    ])
    expect(shown([begun(0, 0, 8000), begun(1, 0, 9000, true)])).toHaveLength(1)
    expect(shown([begun(0, 0, 8000, true), begun(1, 0, 9000)])).toHaveLength(2)
    expect(shown([begun(0, 0, 8000, true), ended(1, '1'), begun(2, 0, 9000, true)])).toHaveLength(2)
  })

  it('has the first end of each, and none of one that it does not know', () => {
    expect(shown([begun(0), ended(1, '1', 'two\u001b[2J trees'), ended(2, '1'), ended(3, '7')])).toEqual([
      ['1', 'failed', 'two\\x1b[2J trees'],
    ])
  })

  it('refuses what another program has written, whatever it is', () => {
    const values = fc.oneof(fc.json(), fc.string(), fc.constant('{"first":{},"start":0,"end":1,"step":1,"at":1}'))
    fc.assert(
      fc.property(fc.constantFrom(BEGUN, ENDED, 'other', ''), values, (key, value) => {
        try {
          backfillJobs(TOPIC, [begun(0), record(1, key, value)])
        } catch (error) {
          expect(CtStreamError.is(error) && error.code).toBe('CT_CHECKPOINT_UNUSABLE')
        }
      }),
    )
    for (const value of ['null', '[]', '{"start":1e300}'])
      expect(() => backfillJobs(TOPIC, [record(0, BEGUN, value)])).toThrow(/use another prefix/)
  })

  it('refuses a backfill of more ranges than a log can have', () => {
    const value = { ...begunValue({ log, start: 0, end: 9000, step: 4096, head }, 1), end: 2 ** 52, step: 1 }
    expect(() => backfillJobs(TOPIC, [record(0, BEGUN, value)])).toThrow(/use another prefix/)
  })
})
