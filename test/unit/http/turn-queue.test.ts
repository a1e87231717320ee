import { describe, expect, it } from 'vitest'
import { TurnQueue } from '../../../src/http/turn-queue.js'

const queueOf = (...items: [string, number][]) => {
  const queue = new TurnQueue<string>()
  for (const [item, priority] of items) queue.add(item, priority)
  return queue
}
const all = (queue: TurnQueue<string>) => Array.from({ length: queue.size }, () => queue.next())

describe('TurnQueue', () => {
  it('lets higher priority go first, then whoever came first', () => {
    expect(all(queueOf(['a', 0], ['b', 1], ['c', 0], ['d', 1], ['e', 2]))).toEqual(['e', 'b', 'd', 'a', 'c'])
    expect(queueOf().next()).toBeUndefined()
  })

  it('gives one of four turns to the longest wait of lower priority, whatever it is', () => {
    const queue = queueOf(['low 1', 1], ['lowest', 0], ['low 2', 1])
    const served = Array.from({ length: 13 }, (_, i) => {
      queue.add(`high ${i}`, 2)
      return queue.next()
    })
    expect(served.flatMap((item, i) => (item?.startsWith('low') ? [[i, item]] : []))).toEqual([
      [3, 'low 1'],
      [7, 'lowest'],
      [11, 'low 2'],
    ])
  })

  it('counts only turns in which somebody is overtaken', () => {
    const queue = queueOf(['a', 1], ['b', 1], ['c', 1], ['d', 1], ['e', 1])
    expect([queue.next(), queue.next(), queue.next(), queue.next()]).toEqual(['a', 'b', 'c', 'd'])
    queue.add('low 1', 0)
    queue.add('low 2', 0)
    for (const item of ['f', 'g', 'h']) queue.add(item, 1)
    expect(all(queue)).toEqual(['e', 'f', 'g', 'low 1', 'h', 'low 2'])
  })

  it('lets one leave before its turn', () => {
    const queue = queueOf(['a', 0], ['b', 1], ['c', 1])
    queue.remove('b')
    queue.remove('b')
    expect([queue.size, queue.next(), queue.clear(), queue.size]).toEqual([2, 'c', ['a'], 0])
  })
})
