import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { History } from '../../../src/page/history.js'
import { isInTrouble, pressed, sorted } from '../../../src/page/logs.js'
import { Model } from '../../../src/page/model.js'
import { clockTime, duration, moment, partsOf, plainText, quantity, rate } from '../../../src/page/text.js'
import type { FeedBegin, FeedLog, FeedRow, FeedTick } from '../../../src/server/ui/shapes.js'
import { harmless } from '../../../src/util/harmless.js'

const logOf = (name: string, more: Partial<FeedLog> = {}): FeedLog => ({
  ...{
    id: name,
    name,
    operator: 'one',
    kind: 'rfc6962',
    state: 'live',
    headSize: 1,
    headAgeMs: 1000,
    isHeadLate: false,
  },
  ...{ lagEntries: 0, lagMs: 0, perSecond: 1, entries: 1, retries: 0, troubleMs: null, error: null },
  ...more,
})
const rowOf = (id: string): FeedRow => ({
  ...{ id, kind: 'certificate', at: 0, names: [id], more: 0, issuer: '', log: '', isVerified: true },
})
const tickOf = (more: Partial<FeedTick> = {}): FeedTick => ({
  ...{ kind: 'tick', at: 2000, total: 0, counts: { from: 1, values: [] }, logs: [], clients: 0, viewers: 1 },
  ...{ problem: null, news: null, rows: [], matched: 0 },
  ...more,
})
const beginOf = (startedAt: number, more: Partial<FeedTick> = {}): FeedBegin => ({
  ...tickOf(more),
  ...{ kind: 'begin', version: '1', startedAt, news: { troubles: [], troubleCount: 0, findings: [], findingCount: 0 } },
})

describe('text from strangers on the page', () => {
  it('shows what would hide or reorder it by its number', () => {
    expect(plainText('a\u202ec\u0000d<b>')).toBe('a[U+202E]c[U+0000]d<b>')
    expect(partsOf('x\u200b')).toEqual([
      { text: 'x', isHidden: false },
      { text: 'U+200B', isHidden: true },
    ])
  })

  it('has nothing left that a terminal would be spared', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = plainText(text)
        expect(harmless(shown)).toBe(shown)
        if (harmless(text) === text) expect(shown).toBe(text)
      }),
    )
  })

  it('is never written as markup', () => {
    const folder = join(import.meta.dirname, '../../../src/page')
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts'))
    expect(files.length).toBeGreaterThan(10)
    for (const file of files)
      expect(readFileSync(join(folder, file), 'utf8'), file).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|srcdoc/i,
      )
  })
})

describe('figures on the page', () => {
  it('are short', () => {
    expect([0, 999, 59_000, 90_000, 3_600_000, 200_000_000].map(duration)).toEqual([
      ...['0 s', '0 s', '59 s', '1 min', '1 h', '2.3 d'],
    ])
    expect([duration(null), quantity(null), quantity(1234), quantity(12_345_678), quantity(2e9)]).toEqual([
      ...['–', '–', '1,234', '12.3 M', '2.00 G'],
    ])
    expect([rate(0), rate(0.25), rate(1023.4)]).toEqual(['0', '0.3', '1,023'])
  })

  it('have the day with a time that is not of today, for a page that is left open', () => {
    const at = new Date(2026, 10, 29, 23, 59, 30).getTime()
    expect([moment(at, at + 20_000), clockTime(at)]).toEqual(['23:59:30', '23:59:30'])
    expect(moment(at, at + 40_000)).toBe('2026-11-29 23:59:30')
    expect(moment(at, new Date(2027, 10, 29, 23, 59, 30).getTime())).toBe('2026-11-29 23:59:30')
    // The server's clock may be ahead.
    expect(moment(at, at - 86_400_000)).toBe('2026-11-29 23:59:30')
  })
})

describe('the table of logs', () => {
  const logs = [logOf('b', { lagEntries: 5 }), logOf('c', { state: 'misbehaving' }), logOf('a', { lagEntries: null })]
  const names = (...[column, isDescending]: [Parameters<typeof pressed>[1], boolean]) =>
    sorted(logs, { column, isDescending }).map(({ name }) => name)

  it('is sorted by any column, and by name where that does not decide', () => {
    expect(names('state', false)).toEqual(['c', 'a', 'b'])
    expect(names('lag', true)).toEqual(['b', 'c', 'a'])
    expect(names('rate', true)).toEqual(['a', 'b', 'c'])
    expect(names('name', true)).toEqual(['c', 'b', 'a'])
  })

  it('turns around when a column is pressed twice; numbers begin with the largest', () => {
    const once = pressed({ column: 'state', isDescending: false }, 'lag')
    expect([once, pressed(once, 'lag')]).toEqual([
      { column: 'lag', isDescending: true },
      { column: 'lag', isDescending: false },
    ])
    expect(pressed(once, 'name').isDescending).toBe(false)
  })

  it('marks what somebody should look at', () => {
    expect([...logs, logOf('d', { isHeadLate: true }), logOf('e', { troubleMs: 9000 })].map(isInTrouble)).toEqual([
      ...[false, true, false, true, false],
    ])
  })
})

describe('what the page knows', () => {
  it('keeps the seconds before a restart, and a hole where nobody told', () => {
    const history = new History()
    history.add({ from: 1000, values: [1, 2, 3] })
    history.add({ from: 1005, values: [7] })
    history.add({ from: 1002, values: [3] })
    const [times, counts] = history.series(1006)
    expect([times.length, times.at(-1), counts.slice(-7)]).toEqual([900, 1005, [null, 1, 2, 3, null, null, 7]])
    expect(history.mean(1006, 3)).toBe(7)
    expect(new History().mean(1006, 10)).toBe(0)
  })

  it('does not grow for ever', () => {
    const history = new History()
    for (let from = 0; from < 20_000; from += 10) history.add({ from, values: new Array<number>(10).fill(1) })
    expect(history.mean(20_000, 900)).toBe(1)
    expect(JSON.stringify([...(history as unknown as { counts: Map<number, number> }).counts]).length).toBeLessThan(
      30_000,
    )
  })

  it('shows no certificate twice, and says when the server is another', () => {
    const model = new Model()
    model.take(beginOf(1, { rows: [rowOf('b'), rowOf('a')], matched: 9 }))
    model.take(tickOf({ rows: [rowOf('c')], matched: 4 }))
    model.take(beginOf(1, { rows: [rowOf('c'), rowOf('b')] }))
    expect([model.rows.map(({ id }) => id), model.matched, model.restartedAt]).toEqual([['c', 'b', 'a'], 4, undefined])
    model.take(beginOf(77))
    expect(model.restartedAt).toBe(77)
    for (let i = 0; i < 100; i++) model.take(tickOf({ rows: [rowOf(`row ${i}`)] }))
    expect([model.rows.length, model.rows[0]?.id]).toEqual([60, 'row 99'])
    model.clear()
    expect([model.rows, model.matched]).toEqual([[], 0])
  })
})
