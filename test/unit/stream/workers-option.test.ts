import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { threadsFor, workersOption } from '../../../src/stream/workers-option.js'
import { systemClock } from '../../../src/util/clock.js'

const auto = threadsFor(availableParallelism())

describe('the threads of a stream', () => {
  it('leave two cores to the others, and are four at most', () => {
    expect([1, 2, 3, 4, 6, 64].map(threadsFor)).toEqual([0, 0, 1, 2, 4, 4])
  })

  it('are there by themselves where there is an end, after some pages, and not without', () => {
    expect(workersOption({ end: 'head' }, {})).toEqual({ count: auto, after: 8 })
    expect(workersOption({ end: { index: 5 }, workers: 'auto' }, {})).toEqual({ count: auto, after: 8 })
    expect(workersOption({}, {}).count).toBe(0)
  })

  it('are as many as the caller says, with an end or without', () => {
    for (const workers of [0, 1, 16]) expect(workersOption({ workers }, {})).toEqual({ count: workers, after: 0 })
    expect(workersOption({ workers: 0, end: 'head' }, { CT_STREAM_WORKERS: '2' }).count).toBe(0)
  })

  it('are as many as the environment says where nobody else does', () => {
    expect(workersOption({}, { CT_STREAM_WORKERS: '2' })).toEqual({ count: 2, after: 0 })
    expect(workersOption({ end: 'head' }, { CT_STREAM_WORKERS: '0' }).count).toBe(0)
    expect(workersOption({}, { CT_STREAM_WORKERS: 'many' }).count).toBe(0)
  })

  it('are none beside a clock, a dispatcher or a fetch of the caller, which live in one thread', () => {
    const mine = [{ clock: systemClock }, { dispatcher: { dispatch: () => true } }, { fetch: globalThis.fetch }]
    for (const options of mine) expect(workersOption({ ...options, workers: 4, end: 'head' }, {}).count).toBe(0)
  })
})
