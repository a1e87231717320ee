import { expect, it } from 'vitest'
import { atOnce, inTurns, type Steps } from '../../../src/util/turns.js'

function* counting(to: number, seen: number[]): Steps<string> {
  for (let i = 0; i < to; i++) {
    seen.push(i)
    yield
  }
  return 'done'
}

it('does all of it at once, or lets the event loop have its turn at every pause', async () => {
  expect(atOnce(counting(3, []))).toBe('done')
  const seen: number[] = []
  const others: number[] = []
  const turn = () => {
    others.push(seen.length)
    if (seen.length < 3) setImmediate(turn)
  }
  setImmediate(turn)
  expect(await inTurns(counting(3, seen))).toBe('done')
  expect(others).toEqual([1, 2, 3])
})

it('stops between two turns when it is aborted, with the reason', async () => {
  const controller = new AbortController()
  const seen: number[] = []
  const work = inTurns(counting(5, seen), controller.signal)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(work).rejects.toBe(reason)
  expect(seen).toEqual([0])
})
