import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ansiStyle, noStyle } from '../../../../src/cli/terminal/style.js'
import { widthOf } from '../../../../src/cli/terminal/width.js'
import { frameOf } from '../../../../src/cli/top/frame.js'
import { RateHistory, sparkline } from '../../../../src/cli/top/rate-history.js'
import { firstView } from '../../../../src/cli/top/view.js'
import { CtStreamError } from '../../../../src/errors.js'
import { log, status } from '../sample-status.js'

const history = new RateHistory()
const lastError = new CtStreamError('CT_HTTP_STATUS', 'no \u001b[31m answer\u202e at all '.repeat(9), {})
const many = Array.from({ length: 40 }, (_, i) =>
  log({ state: i % 7 === 0 ? 'waiting' : 'live', lastError, retries: 1e6 + i, position: 1e9 + i }, `Log 名 ${i}`),
)

describe('sparkline', () => {
  it('is scaled to the largest value shown, and blank for zero', () => {
    expect(sparkline([100, 0, 1, 4, 8], 4)).toBe(' ▂▅█')
    expect(sparkline([1], 4)).toBe('   █')
    expect(sparkline([], 3)).toBe('   ')
    expect(sparkline([0, 0], 2)).toBe('  ')
  })
})

describe('rate history', () => {
  it('has a rate for each sample after the first, of a log that came later too', () => {
    const rates = new RateHistory()
    rates.add(status([log({ entries: 10 }, 'a')], { entries: 10 }), 1000)
    rates.add(status([log({ entries: 30 }, 'a'), log({ entries: 5 }, 'b')], { entries: 35 }), 3000)
    // The same moment again says nothing.
    rates.add(status([], { entries: 99 }), 3000)
    rates.add(status([log({ entries: 30 }, 'a'), log({ entries: 6 }, 'b')], { entries: 36 }), 4000)
    expect([rates.of('a'), rates.of('b'), rates.of(), rates.of('c')]).toEqual([[10, 0], [0, 1], [12.5, 1], []])
  })

  it('drops samples older than two minutes', () => {
    const rates = new RateHistory()
    for (let i = 0; i < 500; i++) rates.add(status([], { entries: i }), i * 1000)
    expect(rates.of()).toHaveLength(120)
  })
})

describe('a frame', () => {
  it('is as large as the terminal, or smaller, whatever its size and whatever is in it', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    const plain = (line: string) => line.replace(/\u001b\[\d+m/g, '')
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 200 }),
        fc.integer({ min: 4, max: 60 }),
        fc.nat(40),
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.boolean(),
        (columns, lines, count, filter, isTyping) => {
          const view = { ...firstView, filter, isTyping, offset: 3 }
          const shown = { status: status(many.slice(0, count)), history, view, style: ansiStyle, columns, lines }
          const frame = frameOf({ beginning: 'wait', ...shown, message: 'x\u001b[2J'.repeat(40) })
          expect(frame).toHaveLength(lines)
          for (const line of frame) {
            expect(widthOf(plain(line))).toBeLessThanOrEqual(columns)
            expect(plain(line)).not.toMatch(/[\p{Cc}\p{Cf}]/u)
          }
        },
      ),
    )
  })

  it('has totals, the logs in order with their state, the last message, and the keys', () => {
    const frame = frameOf({
      beginning: 'wait',
      status: status([log({ lagMs: 61_000 }, 'one'), log({ state: 'waiting', lastError, lagMs: 120_000 }, 'two')]),
      ...{ history, view: firstView, style: noStyle, columns: 160, lines: 12, message: 'no answer' },
    })
    const text = frame.join('\n')
    expect(frame[0]).toContain('56,789 entries · 2 logs: 1 live, 1 waiting')
    expect(frame[2]).toMatch(/^LOG +STATE +POSITION +LAG +RATE +LAST MINUTES +ERRORS +LAST ERROR/)
    expect(frame[3]).toMatch(/^two +waiting +10 +2 m .* CT_HTTP_STATUS no/)
    expect(frame[4]).toMatch(/^one +live +10 +1 m 1 s/)
    expect(frame.at(-2)).toBe('no answer')
    expect(text).toContain('q quit')
  })

  it('says which rows are shown where they are not all', () => {
    const shown = { status: status(many), history, style: noStyle, columns: 200, lines: 15, message: undefined }
    const view = { ...firstView, order: 'name', offset: 7 } as const
    expect(frameOf({ beginning: 'wait', ...shown, view }).at(-1)).toMatch(/^8 to 17 of 40 · by name/)
    expect(frameOf({ beginning: 'wait', ...shown, view: { ...view, filter: 'zzz' } }).join('\n')).toContain(
      'no log has "zzz" in it',
    )
  })
})
