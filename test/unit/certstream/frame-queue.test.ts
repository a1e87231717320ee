import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameQueue } from '../../../src/certstream/frame-queue.js'

describe('a queue of frames', () => {
  it('gives what was pushed, in order, whatever came between', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string(), { nil: undefined }), { maxLength: 200 }), (steps) => {
        const queue = new FrameQueue(1e9)
        const model: string[] = []
        for (const text of steps) {
          if (text === undefined) expect(queue.take()).toBe(model.shift())
          else model.push(text)
          if (text !== undefined) queue.push(text, text.length)
          expect([...queue.newestFirst()]).toEqual([...model].reverse())
        }
        while (model.length > 0) expect(queue.take()).toBe(model.shift())
        expect([queue.take(), queue.bytes]).toEqual([undefined, 0])
      }),
    )
  })

  it('is full at its limit, and says once that more than half of it is free again', () => {
    const queue = new FrameQueue(1000)
    let rooms = 0
    queue.onRoom = () => rooms++
    const answers = Array.from({ length: 5 }, () => queue.push('x', 100))
    expect(answers).toEqual([true, true, true, true, false])
    const after = Array.from({ length: 5 }, () => {
      queue.take()
      return rooms
    })
    expect(after).toEqual([0, 0, 1, 1, 1])
  })

  it('is filled by empty frames as well', () => {
    const queue = new FrameQueue(65_536)
    let count = 1
    while (queue.push('', 0)) count++
    expect(count).toBeLessThan(1000)
  })

  it('takes a time in proportion to what goes through it', () => {
    const queue = new FrameQueue(1e12)
    const began = performance.now()
    for (let i = 0; i < 1_000_000; i++) queue.push('x', 1)
    while (queue.take() !== undefined);
    // Half a second; moving all that is left for each would take hours.
    expect(performance.now() - began).toBeLessThan(15_000)
  })
})
