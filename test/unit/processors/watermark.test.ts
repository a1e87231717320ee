import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge } from '../../../src/processors/watermark.js'
import type { Watermark } from '../../../src/types/queue.js'

interface Message {
  readonly epoch: number
  readonly index: number
}

/**
 * What a queue may hold of one log: each owner writes on from where its predecessor was stored, so that it repeats what was not stored, and
 * an owner that was replaced may still write a little afterwards.
 */
const written = fc
  .record({
    first: fc.nat(20),
    owners: fc.array(fc.record({ length: fc.integer({ min: 1, max: 12 }), unstored: fc.nat(6), late: fc.nat(4) }), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ first, owners }) => {
    const messages: Message[] = []
    let stored = first
    let most = first
    let late: Message[] = []
    owners.forEach(({ length, unstored, late: lateCount }, epoch) => {
      // The last one goes beyond what all before it had written.
      const end = (epoch === owners.length - 1 ? most : stored) + length
      most = Math.max(most, end)
      for (let index = stored; index < end; index++) {
        messages.push({ epoch, index })
        // Between the messages of the one that has replaced it.
        const straggler = late.shift()
        if (straggler !== undefined) messages.push(straggler)
      }
      late = Array.from({ length: lateCount }, (_, i) => ({ epoch, index: end + i }))
      stored = epoch === owners.length - 1 ? end : Math.max(stored, end - unstored)
    })
    return { first, end: stored, messages }
  })

/** A consumer that is killed now and then, and is given again what came behind its stored watermark, and some of what came before. */
const reader = fc.array(fc.record({ reads: fc.integer({ min: 1, max: 15 }), rewinds: fc.nat(10) }), { maxLength: 12 })

function consume(messages: readonly Message[], first: number, lives: readonly { reads: number; rewinds: number }[]) {
  const effects: Message[] = []
  const jumps: { start: number; end: number }[] = []
  let stored: { mark: Watermark; at: number } = { mark: { epoch: 0, next: first }, at: 0 }
  const live = (from: number, upTo: number) => {
    let { mark } = stored
    for (let at = from; at < upTo; at++) {
      const message = messages[at] as Message
      const judgement = judge(mark, message)
      mark = judgement.mark
      if (judgement.kind === 'drop') continue
      effects.push(message)
      if (judgement.jump !== undefined) jumps.push(judgement.jump)
      // Effects and watermark are stored together.
      stored = { mark, at: at + 1 }
    }
  }
  for (const { reads, rewinds } of lives)
    live(Math.max(0, stored.at - rewinds), Math.min(messages.length, stored.at + reads))
  live(Math.max(0, stored.at - 3), messages.length)
  return { effects, jumps, mark: stored.mark }
}

describe('a watermark', () => {
  it('takes each index once and in order, whatever is delivered again, by whichever owner', () => {
    fc.assert(
      fc.property(written, reader, ({ first, end, messages }, lives) => {
        const { effects, jumps, mark } = consume(messages, first, lives)
        expect(effects.map(({ index }) => index)).toEqual(Array.from({ length: end - first }, (_, i) => first + i))
        expect(jumps).toEqual([])
        expect(mark.next).toBe(end)
      }),
    )
  })

  it('never takes a message of an owner after one of its successor', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ epoch: fc.nat(5), index: fc.nat(30) })), reader, (messages, lives) => {
        const { effects } = consume(messages, 0, lives)
        for (let i = 1; i < effects.length; i++) {
          expect(effects[i]?.epoch).toBeGreaterThanOrEqual(effects[i - 1]?.epoch ?? 0)
          expect(effects[i]?.index).toBeGreaterThan(effects[i - 1]?.index ?? -1)
        }
      }),
    )
  })

  it('reports what was passed over, all of it and nothing else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60), { minLength: 1 }), fc.nat(60), (kept, first) => {
        const indexes = kept.filter((index) => index >= first).sort((a, b) => a - b)
        const { effects, jumps } = consume(
          indexes.map((index) => ({ epoch: 1, index })),
          first,
          [],
        )
        const passed = jumps.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
        const seen = [...effects.map(({ index }) => index), ...passed].sort((a, b) => a - b)
        expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => first + i))
        expect(effects.map(({ index }) => index)).toEqual(indexes)
      }),
    )
  })

  it('says why it drops a message', () => {
    const mark = { epoch: 3, next: 10 }
    expect(judge(mark, { epoch: 2, index: 10 })).toEqual({ kind: 'drop', why: 'stale', mark })
    expect(judge(mark, { epoch: 3, index: 9 })).toEqual({ kind: 'drop', why: 'repeated', mark })
    expect(judge(mark, { epoch: 4, index: 9 })).toMatchObject({ why: 'repeated', mark: { epoch: 4, next: 10 } })
    expect(judge(mark, { epoch: 4, index: 12 })).toEqual({
      kind: 'accept',
      mark: { epoch: 4, next: 13 },
      jump: { start: 10, end: 12 },
    })
  })
})
