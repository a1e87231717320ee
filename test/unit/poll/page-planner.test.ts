import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PagePlanner } from '../../../src/poll/page-planner.js'

/** Reads `[start, end)` from a server with its own rule of how much it gives; returns the answers. */
function read(planner: PagePlanner, start: number, end: number, give: (start: number, asked: number) => number) {
  const answers: { start: number; asked: number; received: number }[] = []
  for (let at = start; at < end; ) {
    const window = planner.next(at, end)
    expect(window.start).toBe(at)
    expect(window.end).toBeGreaterThan(at)
    expect(window.end).toBeLessThanOrEqual(end)
    const received = Math.min(give(at, window.end - at), window.end - at)
    planner.observe(window, received)
    answers.push({ start: at, asked: window.end - at, received })
    at += received
  }
  return answers
}

/** As Google's and Trillian's logs: an answer ends at the next multiple of the page size. */
const cutAt = (page: number) => (start: number) => page - (start % page)
const fullAligned = (answers: { start: number; received: number }[], page: number) =>
  answers.filter((a) => a.received === page && a.start % page === 0).length / answers.length

describe('PagePlanner', () => {
  it.each([32, 64, 256, 1000])(
    'learns a log that cuts at multiples of %i: 98 % of a backlog is full aligned pages',
    (page) => {
      const planner = new PagePlanner()
      read(planner, 1_500_100, 1_510_000 + page * 150, cutAt(page)) // learning
      const answers = read(planner, 3_000_000, 3_000_000 + page * 1000, cutAt(page))
      expect(fullAligned(answers, page)).toBeGreaterThan(0.98)
      expect(planner.pageSize).toBe(page)
    },
  )

  it('asks for aligned pages of 256 until it knows better', () => {
    expect(new PagePlanner().next(100, 10_000)).toEqual({ start: 100, end: 256 })
    expect(new PagePlanner().next(512, 600)).toEqual({ start: 512, end: 600 })
  })

  it('does not take one short answer for a rule', () => {
    const planner = new PagePlanner()
    planner.observe({ start: 0, end: 256 }, 8)
    planner.observe({ start: 8, end: 256 }, 169)
    expect(planner.pageSize).toBe(256)
  })

  it('finds a page that became larger again', () => {
    const planner = new PagePlanner()
    read(planner, 0, 32 * 50, cutAt(32))
    expect(planner.pageSize).toBe(32)
    read(planner, 32 * 50, 256 * 400, cutAt(256))
    expect(planner.pageSize).toBe(256)
  })

  it('covers every index once whatever the log gives', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.array(fc.integer({ min: 1, max: 1024 }), { minLength: 1, maxLength: 50 }),
        (start, length, gifts) => {
          let turn = 0
          const answers = read(new PagePlanner(), start, start + length, () => gifts[turn++ % gifts.length] as number)
          let at = start
          for (const answer of answers) {
            expect(answer.start).toBe(at)
            at += answer.received
          }
          expect(at).toBe(start + length)
        },
      ),
    )
  })

  it.each([0, -5, Number.NaN, 1e9, 0.5])('survives a learned size of %d', (learned) => {
    const { pageSize } = new PagePlanner(learned)
    expect(Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= 1024).toBe(true)
  })
})
