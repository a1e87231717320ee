import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../../src/errors.js'
import { Doubt } from '../../../../src/stream/log/doubt.js'

const MINUTE = 60_000

describe('Doubt', () => {
  it('persists after five tries and five minutes, not before', () => {
    const doubt = new Doubt()
    for (const now of [0, 1, 2, 3]) doubt.contradicted(now, true)
    expect(doubt.persists(6 * MINUTE)).toBe(false)
    doubt.contradicted(6 * MINUTE, true)
    expect(doubt.persists(5 * MINUTE - 1)).toBe(false)
    expect(doubt.persists(5 * MINUTE)).toBe(true)
  })

  it('waits ever longer at first, half a minute at most, and a minute once the log is accused', () => {
    const doubt = new Doubt()
    const delays = Array.from({ length: 8 }, (_, i) => {
      doubt.contradicted(i, true)
      return doubt.delayMs(() => 1)
    })
    expect(delays).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000])
    expect(doubt.delayMs(() => 0)).toBe(15_000)
    doubt.accused = true
    expect([doubt.delayMs(() => 0), doubt.delayMs(() => 1)]).toEqual([30_000, MINUTE])
  })

  it('about entries is settled by a proof or two quiet minutes, about a head by the next one in order', () => {
    const [entries, head] = [new Doubt(), new Doubt()]
    expect(entries.isSettledAt(0)).toBe(false)
    entries.contradicted(0, true)
    head.contradicted(0, false)
    expect([entries.isSettledAt(1), head.isSettledAt(1)]).toEqual([false, true])
    expect([entries.isSettledAt(2 * MINUTE), entries.isSettledAt(2 * MINUTE + 1)]).toEqual([false, true])
    // Where nothing was proven of what was handed on, silence says nothing.
    expect([entries.isSettledAt(2 * MINUTE + 1, true), head.isSettledAt(1, true)]).toEqual([false, true])
    entries.clear()
    expect([entries.isOpen, entries.since, entries.named, entries.accused]).toEqual([
      false,
      undefined,
      undefined,
      false,
    ])
  })

  it('recognizes a new subject', () => {
    const doubt = new Doubt()
    const error = (message: string) => new CtStreamError('CT_ROOT_MISMATCH', message)
    expect([doubt.name(error('a')), doubt.name(error('a')), doubt.name(error('b'))]).toEqual([true, false, true])
  })
})
