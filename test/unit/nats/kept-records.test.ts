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

  it('are due when bytes follow that are a quarter of the least a stream keeps', () => {
    const kept = new KeptRecords()
    kept.keep(record('log:a'), 1, 0)
    kept.grow(1000)
    kept.keep(record('log:b'), 1, 0)
    kept.grow(2 ** 26 - 1000)
    expect(kept.due(320, 0)).toEqual([])
    kept.grow(1)
    expect(kept.due(320, 0)).toEqual([record('log:a')])
    kept.keep(record('log:a', '2'), 320, 0)
    kept.grow(1000)
    expect(kept.due(320, 0)).toEqual([record('log:b')])
  })

  it('are due when the stream that has them was opened, as all it has may be behind them', () => {
    const large = new KeptRecords(0, 2 ** 26 + 1)
    large.keepFound(record('log:a'), 100, 0)
    large.keep(record('owner:'), 101, 0)
    expect(large.due(101, 0)).toEqual([record('log:a')])
    const small = new KeptRecords(0, 2 ** 26)
    small.keepFound(record('log:a'), 100, 0)
    expect(small.due(101, 0)).toEqual([])
  })
})
