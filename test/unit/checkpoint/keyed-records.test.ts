import { describe, expect, it } from 'vitest'
import { type KeyedRecord, KeyedState, ownerRecord, rowRecord } from '../../../src/checkpoint/keyed-records.js'
import { KeyedStore } from '../../../src/checkpoint/keyed-store.js'
import type { LogCheckpoint } from '../../../src/types/checkpoint.js'
import { checkpoint, evidence, gap } from './samples.js'

/** An engine that keeps records, and is read anew by each store. */
function engine() {
  const kept: KeyedRecord[] = []
  const store = () => {
    const state = new KeyedState('the test', kept)
    return new KeyedStore({
      state,
      async commit(rows: readonly LogCheckpoint[]) {
        kept.push(...rows.map(rowRecord))
        state.keep(rows)
      },
      async put(record: KeyedRecord) {
        kept.push(record)
      },
    })
  }
  return { kept, store }
}

describe('positions as records of an engine', () => {
  it('are found again: the last row of each log, gaps and evidence', async () => {
    const { store } = engine()
    const first = store()
    await first.commit([checkpoint(1, 10), checkpoint(2, 5)])
    await first.commit([checkpoint(1, 20)])
    await first.addGap(gap(1, 3, 7))
    await first.addGap(gap(1, 3, 7))
    await first.addEvidence(evidence(1))
    for (const each of [first, store()]) {
      const places = each.load().map(({ log, position }) => [log.id, position])
      expect(new Map(places as [string, number][])).toEqual(
        new Map([
          [checkpoint(1, 0).log.id, 20],
          [checkpoint(2, 0).log.id, 5],
        ]),
      )
      expect(each.gaps()).toEqual([gap(1, 3, 7)])
      expect(each.evidence()).toEqual([evidence(1)])
    }
  })

  it('are those that have changed, given the rows of all logs', () => {
    const [one, two] = [rowRecord(checkpoint(1, 10)), rowRecord(checkpoint(2, 5))]
    const state = new KeyedState('the test', [one])
    expect(state.changed([one, two])).toEqual([two])
    state.stored([one, two])
    expect(state.changed([one, two])).toEqual([])
    const moved = rowRecord(checkpoint(1, 11))
    expect(state.changed([moved, two])).toEqual([moved])
    // What was learned counts, too: it is read at the next start.
    const learned = rowRecord({ ...checkpoint(2, 5), learned: { listed: 'retired' } })
    expect(state.changed([learned])).toEqual([learned])
  })

  it('name the last writer', () => {
    const owners = [1, 2].map((epoch) => ownerRecord({ epoch, name: `sink ${epoch}` }))
    expect(new KeyedState('the test', owners).owner).toEqual({ epoch: 2, name: 'sink 2' })
  })

  it.each([
    { key: 'somebody', value: '1' },
    { key: 'log:x', value: '{}' },
    { key: 'log:x', value: 'not JSON' },
    { key: 'owner:', value: '{"epoch":"2"}' },
  ])('refuse $key with $value, which is of somebody else', (record) => {
    expect(() => new KeyedState('the Redis hash x', [record])).toThrow(
      expect.objectContaining({
        code: 'CT_CHECKPOINT_UNUSABLE',
        message: expect.stringMatching(/^the Redis hash x .*another prefix/),
      }),
    )
  })
})
