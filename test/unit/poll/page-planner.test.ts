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

  describe('of a log that fails on what is too much for it', () => {
    /** Reads `[0, end)` with several windows open at once, as a reader does; returns the counts asked for, those that failed negative. */
    function readFrom(
      planner: PagePlanner,
      [start, end]: [number, number],
      fails: (count: number, turn: number) => boolean,
      atOnce = 4,
    ) {
      const asked: number[] = []
      const open: { start: number; end: number }[] = []
      for (let next = start; next < end || open.length > 0; ) {
        while (open.length < atOnce && next < end) {
          const window = planner.next(next, end)
          next = window.end
          open.push(window)
        }
        // All are asked before the first is answered.
        const counts = open.map((window) => planner.atMost(window.end - window.start))
        for (const [i, window] of [...open].entries()) {
          const count = counts[i] as number
          const isFailure = fails(count, asked.length)
          asked.push(isFailure ? -count : count)
          if (asked.length > 100_000) throw new Error('it does not end')
          if (isFailure) planner.failed(count)
          else {
            planner.observe({ start: window.start, end: window.start + count }, count)
            open[open.indexOf(window)] = { start: window.start + count, end: window.end }
          }
        }
        for (let i = open.length - 1; i >= 0; i--) if (open[i]?.start === open[i]?.end) open.splice(i, 1)
      }
      return asked
    }
    const failures = (asked: number[]) => asked.filter((count) => count < 0)

    it.each([
      [32, 1],
      [32, 4],
      [100, 4],
      [1, 4],
    ])('reads one that gives %i with %i requests at once, and tries more ever more seldom', (most, atOnce) => {
      const planner = new PagePlanner()
      const fails = (count: number) => count > most
      readFrom(planner, [0, most * 400], fails, atOnce)
      expect(planner.pageSize).toBe(2 ** Math.floor(Math.log2(most)))
      const asked = readFrom(planner, [most * 400, most * 40_400], fails, atOnce)
      expect(failures(asked).length).toBeGreaterThan(0)
      expect(failures(asked).length).toBeLessThan(24)
    })

    it('gives up a try that fails at once', () => {
      const planner = new PagePlanner(32)
      const asked = readFrom(planner, [0, 32 * 100], (count) => count > 32)
      expect(failures(asked)).toEqual([-64])
      expect(planner.pageSize).toBe(32)
    })

    it('remembers how seldom to try, and finds a page that became larger', () => {
      const planner = new PagePlanner(32)
      readFrom(planner, [0, 32 * 1000], (count) => count > 32, 1)
      expect(planner.retryAfter).toBe(1024)
      const later = new PagePlanner(planner.pageSize, planner.retryAfter)
      expect(failures(readFrom(later, [0, 32 * 1000], (count) => count > 32, 1))).toEqual([])
      readFrom(later, [32 * 1000, 32 * 20_000], () => false)
      expect(later.pageSize).toBe(1024)
      expect(later.retryAfter).toBeUndefined()
    })

    it.each([1, 4])('asks for full pages soon after an outage, with %i requests at once', (atOnce) => {
      const planner = new PagePlanner(256)
      const asked = readFrom(planner, [0, 256 * 100], (_, turn) => turn >= 20 && turn < 200, atOnce)
      const after = asked.slice(200)
      expect(asked).toContain(-1)
      expect(after.slice(0, 60)).toContain(256)
      // What they asked for less is the rest of the windows that were open.
      expect(after.filter((count) => count < 256).length).toBeLessThan(60)
      expect(planner.pageSize).toBeGreaterThanOrEqual(256)
    })

    it('keeps its page where requests fail now and then, whatever they ask for', () => {
      const planner = new PagePlanner(256)
      let state = 1
      const random = () => {
        state = (state * 48271) % 2147483647
        return state / 2147483647
      }
      const asked = readFrom(planner, [0, 256 * 3000], () => random() < 0.2)
      expect(256 * 3000).toBeGreaterThan(150 * asked.filter((count) => count > 0).length)
    })
  })

  it.each([0, -5, Number.NaN, 1e9, 100.5])('tries larger pages in the end, with %d remembered', (remembered) => {
    const planner = new PagePlanner(32, remembered)
    read(planner, 0, 32 * 10_000, () => 10_000)
    expect(planner.pageSize).toBe(1024)
  })
})
