import { describe, expect, it } from 'vitest'
import { anchorBelow, logRecord, type NatsClaim, recordText } from '../../../src/processors/nats/claim.js'

describe('the record of a log in NATS', () => {
  const record = { owner: 'p', term: 3, mark: { epoch: 0, next: 7 }, anchor: { sequence: 12, index: 6 } }

  it('is read as it was written', () => {
    expect(logRecord('key', recordText(record))).toEqual(record)
    const begun = { ...record, anchor: { sequence: 0, index: undefined } }
    expect(logRecord('key', recordText(begun))).toEqual(begun)
  })

  it.each(['', '{}', '{"owner":1,"term":1}', recordText({ ...record, term: 0.5 }), 'null'])(
    'is refused when another program wrote it: %j',
    (text) => {
      expect(() => logRecord('key', text)).toThrow(expect.objectContaining({ code: 'CT_CHECKPOINT_UNUSABLE' }))
    },
  )

  it('is behind the last message of the pages that are finished with', () => {
    const pages = [10, 20, 30].map((end) => ({ end, last: { sequence: 2 * end, index: end - 1 } }))
    const claim = { storedAnchor: { sequence: 1, index: undefined }, pages } as unknown as NatsClaim
    expect(anchorBelow(claim, 9)).toEqual({ sequence: 1, index: undefined })
    expect(anchorBelow(claim, 25)).toEqual({ sequence: 40, index: 19 })
    expect(claim.pages.map(({ end }) => end)).toEqual([30])
  })
})
