import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ProgressMeter } from '../../../../src/cli/terminal/progress.js'
import { formatCount, formatDuration, formatRate } from '../../../../src/cli/terminal/quantities.js'
import { StatusLine } from '../../../../src/cli/terminal/status-line.js'
import {
  fitLine,
  progressText,
  statusText,
  summaryText,
  waitingText,
} from '../../../../src/cli/terminal/status-text.js'
import { noStyle } from '../../../../src/cli/terminal/style.js'
import { CtStreamError } from '../../../../src/errors.js'
import { log, status } from '../sample-status.js'

describe('quantities', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567.4, '1,234,567'],
    [2 ** 53 - 1, '9,007,199,254,740,991'],
  ])('%d is %s', (value, text) => expect(formatCount(value)).toBe(text))

  it.each([
    [0, '0/s'],
    [0.04, '0.0/s'],
    [9.94, '9.9/s'],
    [9.96, '10/s'],
    [12345.6, '12,346/s'],
  ])('%d a second is %s', (value, text) => expect(formatRate(value)).toBe(text))

  it.each([
    [-5, '0 s'],
    [999, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 m'],
    [75_000, '1 m 15 s'],
    [3_600_000 + 5000, '1 h'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text))
})

describe('the status of a stream', () => {
  it('is rate, count, logs by state, and the worst lag', () => {
    const logs = [log(), log({ lagMs: 3200 }), log({ state: 'catching-up', lagMs: 90_000 }), log({ state: 'waiting' })]
    expect(statusText(status(logs))).toBe(
      '1,234/s · 56,789 entries · 4 logs: 2 live, 1 catching-up, 1 waiting · lag 1 m 30 s',
    )
  })

  it('shows entries where no time is known, and gaps, and ignores finished logs', () => {
    const logs = [log({ lagMs: undefined, lagEntries: 5000 }), log({ state: 'failed', lagMs: 1e9 })]
    expect(statusText(status(logs, { gaps: 1 }))).toBe(
      '1,234/s · 56,789 entries · 2 logs: 1 live, 1 failed · 5,000 behind · 1 gap',
    )
    expect(statusText(status([log()], { gaps: 2 }))).toContain('1 log: 1 live · lag 0 s · 2 gaps')
    expect(statusText(status([]))).toBe('1,234/s · 56,789 entries · 0 logs')
  })

  it('tells heads that are not of their time', () => {
    const withProblem = (code: 'CT_HEAD_STALE' | 'CT_HEAD_FUTURE') => log({ headProblem: new CtStreamError(code, '') })
    const [stale, future] = [withProblem('CT_HEAD_STALE'), withProblem('CT_HEAD_FUTURE')]
    expect(statusText(status([log(), stale], { gaps: 2 }))).toContain('2 live · lag 0 s · 1 stale head · 2 gaps')
    expect(statusText(status([stale, future, stale]))).toMatch(/ · 2 stale heads · 1 head of the future$/)
    expect(statusText(status([future, future]))).toMatch(/ · 2 heads of the future$/)
  })

  it('is summed up at the end', () => {
    expect(summaryText(status([log()], { entries: 1 }))).toBe('1 entry · 1 log')
    const logs = [log(), log({ state: 'failed' }), log({ state: 'failed' }), log({ state: 'misbehaving' })]
    expect(summaryText(status(logs, { filtered: 12_000, duplicates: 3, gaps: 2 }))).toBe(
      '56,789 entries · 12,000 filtered out · 3 duplicates · 4 logs, 1 misbehaving, 2 failed · 2 gaps',
    )
  })

  it('is cut to the width of the terminal', () => {
    expect(fitLine('12345', 6)).toBe('12345')
    expect(fitLine('123456', 6)).toBe('1234…')
    expect(fitLine('漢字漢字', 8)).toBe('漢字漢…')
    expect(fitLine('12345', 0)).toBe('')
  })
})

describe('what a stream that looks finished waits for', () => {
  const end = { time: new Date(Date.UTC(2026, 10, 22, 12)) }
  const done = log({ state: 'finished' }, 'done')

  it('is a head, an entry, or a log that is not reachable', () => {
    const read = log({ waitsFor: { kind: 'head', signedAt: Date.UTC(2026, 10, 22, 12) } })
    const later = log({ waitsFor: { kind: 'head', signedAt: Date.UTC(2026, 10, 23, 12, 1) } })
    expect(waitingText(status([done, read]), end)).toBe('waiting for a head after 2026-11-22T12:00:00Z of 1 log')
    expect(waitingText(status([later, read]), end)).toBe('waiting for a head after 2026-11-23T12:01:00Z of 2 logs')
    const short = log({ waitsFor: { kind: 'entry', index: 1000 } })
    expect(waitingText(status([short]), { index: 1001 })).toBe('waiting for entry 1,000 of 1 log')
    const lost = log({ state: 'waiting', lagEntries: undefined, troubleMs: 5 }, 'b')
    expect(waitingText(status([done, lost]), 'head')).toBe('1 log not reachable')
    expect(waitingText(status([read, lost, lost]), end)).toMatch(
      /^waiting for a head .* of 1 log · 2 logs not reachable$/,
    )
  })

  it('is nothing while there is something to read, when all is over, and without an end', () => {
    const read = log({ waitsFor: { kind: 'entry', index: 5 } })
    expect(waitingText(status([read, log({ lagEntries: 3 }, 'b')]), end)).toBe('')
    expect(waitingText(status([done]), end)).toBe('')
    expect(waitingText(status([log({ troubleMs: 5 })]), 'never')).toBe('')
  })
})

describe('the progress of a backfill', () => {
  it('is a bar, a share, a rate, and the time left', () => {
    expect(progressText({ done: 670_000, total: 1_000_000 }, 12_345, 12)).toBe(
      '[████████░░░░] 67 % · 12,345/s · 670,000 of 1,000,000 · 26 s left',
    )
    expect(progressText({ done: 0, total: 10 }, 0, 4)).toBe('[░░░░] 0 % · 0/s · 0 of 10')
    expect(progressText({ done: 10, total: 10 }, 5, 4)).toBe('[████] 100 % · 5.0/s · 10 of 10')
    expect(progressText({ done: 999, total: 1000 }, 1, 4)).toContain('[███░] 99 %')
  })

  it("goes from each log's first position to the head it had then", () => {
    const meter = new ProgressMeter('head')
    expect(meter.measure([log({ position: undefined, headSize: undefined })])).toBeUndefined()
    expect(meter.measure([log({ position: 100, headSize: 200 }), log({ position: 0, headSize: 50 }, 'b')])).toEqual({
      done: 0,
      total: 150,
    })
    expect(meter.measure([log({ position: 150, headSize: 900 }), log({ position: 50, headSize: 50 }, 'b')])).toEqual({
      done: 100,
      total: 150,
    })
    expect(meter.measure([log({ position: 250, headSize: 900 })])).toEqual({ done: 100, total: 100 })
  })

  it('goes to an index, and is unknown without an end', () => {
    expect(new ProgressMeter({ index: 30 }).measure([log({ position: 10 })])).toEqual({ done: 0, total: 20 })
    expect(new ProgressMeter({ index: 5 }).measure([log({ position: 10 })])).toBeUndefined()
    expect(new ProgressMeter({ time: new Date() }).measure([log()])).toBeUndefined()
    expect(new ProgressMeter('never').measure([log()])).toBeUndefined()
  })
})

describe('the status line', () => {
  function terminal(columns = 200) {
    let text = ''
    const stream = new Writable({
      write(chunk, _, done) {
        text += String(chunk)
        done()
      },
    })
    return { stream: Object.assign(stream, { isTTY: true, columns }), text: () => text }
  }
  const erase = '\r\u001b[2K'

  it('is drawn, makes room, comes back, and goes away', async () => {
    const { stream, text } = terminal()
    const clock = { now: () => 0, sleep: () => new Promise<void>(() => {}) }
    const line = new StatusLine(stream, noStyle, clock)
    line.start(() => status([log()]), 'never')
    const drawn = `${erase}1,234/s · 56,789 entries · 1 log: 1 live · lag 0 s`
    expect(text()).toBe(drawn)
    line.hide()
    stream.write('certificate\n')
    line.show()
    expect(text()).toBe(`${drawn}${erase}certificate\n${drawn}`)
    line.stop()
    expect(text()).toBe(`${drawn}${erase}certificate\n${drawn}${erase}`)
  })

  it('goes on with a stream that is opened again', async () => {
    const { stream, text } = terminal()
    const ticks: (() => void)[] = []
    const clock = { now: () => 0, sleep: () => new Promise<void>((wake) => ticks.push(wake)) }
    const line = new StatusLine(stream, noStyle, clock)
    line.start(() => status([], { entries: 1 }), 'never')
    line.stop()
    line.start(() => status([], { entries: 2 }), 'never')
    for (const tick of ticks) tick()
    await Promise.resolve()
    await Promise.resolve()
    expect(text().match(/\d+ entr(?:y|ies)/g)).toEqual(['1 entry', '2 entries', '2 entries'])
    line.stop()
  })

  it('leaves a summary, unless there was nothing to sum up', () => {
    const { stream, text } = terminal()
    const line = new StatusLine(stream, noStyle, { now: () => 0, sleep: () => new Promise<void>(() => {}) })
    line.start(() => status([log()]), 'never')
    line.finish(status([log()], { entries: 7 }))
    expect(text().endsWith(` lag 0 s${erase}7 entries · 1 log\n`)).toBe(true)
    const before = text()
    line.finish(status([]))
    expect(text()).toBe(before)
  })

  it('is there on a terminal that does not know how wide it is', () => {
    const { stream, text } = terminal(0)
    const line = new StatusLine(stream, noStyle, { now: () => 0, sleep: () => new Promise<void>(() => {}) })
    line.start(() => status([log()]), 'never')
    expect(text()).toBe(`${erase}1,234/s · 56,789 entries · 1 log: 1 live · lag 0 s`)
    line.stop()
  })

  it('is not drawn while something else is written', async () => {
    const { stream, text } = terminal()
    let tick = () => {}
    const clock = { now: () => 0, sleep: () => new Promise<void>((wake) => (tick = wake)) }
    const line = new StatusLine(stream, noStyle, clock)
    let entries = 1
    line.start(() => status([], { entries }), 'never')
    line.hide()
    const before = text()
    entries = 2
    tick()
    await Promise.resolve()
    await Promise.resolve()
    expect(text()).toBe(before)
    line.show()
    expect(text()).toBe(`${before}${erase}1,234/s · 2 entries · 0 logs`)
    line.stop()
  })
})
