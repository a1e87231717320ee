import { expect, it } from 'vitest'
import { noticeStalls } from '../../../../src/stream/reader/stalls.js'
import { ByteBudget } from '../../../../src/util/byte-budget.js'

it('fails with what a clock that cannot wait rejects with, and does not go on without a pause', async () => {
  const reason = new Error('this clock does not sleep')
  let slept = 0
  const clock = { now: () => 0, sleep: () => (++slept > 100 ? new Promise<void>(() => {}) : Promise.reject(reason)) }
  const options = { lanes: [], budget: new ByteBudget(100), clock, settle: () => {} }
  await expect(noticeStalls(options, new AbortController().signal)).rejects.toBe(reason)
  expect(slept).toBe(1)
})
