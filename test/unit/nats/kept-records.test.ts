import { describe, expect, it } from 'vitest'
import { KeptRecords } from '../../../src/nats/kept-records.js'

const record = (key: string, value = '1') => ({ key, value })

describe('records that a stream throws out with the entries around them', () => {
  it('are due for being written anew when many messages follow', () => {
    const kept = new KeptRecords()
    kept.keep(record('log:a'), 10, 0)
    kept.keep(record('log:b'), 15_000, 0)
    expect(kept.due(20_010, 1e12)).toEqual([])
    expect(kept.due(20_011, 1e12)).toEqual([record('log:a')])
    kept.keep(record('log:a', '2'), 20_012, 0)
    expect(kept.due(35_001, 1e12)).toEqual([record('log:b')])
  })

  it('are due when a quarter of the time has passed for which the stream keeps them', () => {
    const kept = new KeptRecords(100_000)
    kept.keep(record('log:a'), 1, 0)
    kept.keep(record('log:b'), 1, 1)
    expect(kept.due(1, 25_000)).toEqual([])
    expect(kept.due(1, 25_001)).toEqual([record('log:a')])
  })
})
