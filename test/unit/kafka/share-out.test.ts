import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMember, encodeMember, type GroupMember, shareOut } from '../../../src/kafka/share-out.js'

const fresh = (id: string): GroupMember => ({ id, owned: [], spared: [] })
const having = (shares: ReadonlyMap<string, readonly number[]>) =>
  [...shares].map(([id, owned]): GroupMember => ({ id, owned, spared: [] }))
const count = fc.integer({ min: 0, max: 70 })
const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 9 })

describe('shards shared out', () => {
  it('go to one member each, and nobody has two more than another', () => {
    const member = fc.record({
      id: fc.string(),
      owned: fc.array(fc.integer({ min: 0, max: 80 })),
      spared: fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 0 }),
    })
    const members = fc.uniqueArray(member, { minLength: 1, maxLength: 9, selector: ({ id }) => id })
    fc.assert(
      fc.property(members, count, (all, n) => {
        const shares = [...shareOut(all, n).values()]
        expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, number) => number))
        const sizes = shares.map(({ length }) => length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(2)
      }),
    )
  })

  it('stay where they are while the members stay', () => {
    fc.assert(
      fc.property(ids, count, (names, n) => {
        const once = shareOut(names.map(fresh), n)
        expect(shareOut(having(once).reverse(), n)).toEqual(once)
      }),
    )
  })

  it('change hands no more than they must when a member goes or comes', () => {
    fc.assert(
      fc.property(ids, count, (names, n) => {
        const before = shareOut(names.map(fresh), n)
        const [gone, ...left] = having(before)
        if (gone === undefined || left.length === 0) return
        const after = shareOut(left, n)
        for (const { id, owned } of left) expect(after.get(id)).toEqual(expect.arrayContaining([...owned]))
        const back = shareOut([...having(after), fresh(`${names.join('')} new`)], n)
        for (const [id, owned] of back)
          if (after.has(id)) expect(after.get(id)).toEqual(expect.arrayContaining([...owned]))
      }),
    )
  })

  it('go to another one when they are given back, if there is one', () => {
    const shares = shareOut(
      [
        { id: 'a', owned: [0], spared: [] },
        { id: 'b', owned: [1], spared: [1] },
      ],
      2,
    )
    expect(shares).toEqual(
      new Map([
        ['a', [0, 1]],
        ['b', []],
      ]),
    )
    expect(shareOut([{ id: 'b', owned: [0, 1], spared: [1] }], 2).get('b')).toEqual([0, 1])
  })

  it('are known from what a member says, and nothing is known from anything else', () => {
    const said = encodeMember(9, { owned: [1, 2], spared: [3] })
    expect(decodeMember('a', said)).toEqual({ id: 'a', count: 9, owned: [1, 2], spared: [3] })
    const nothing = { id: 'a', count: 0, owned: [], spared: [] }
    for (const other of ['', 'null', '[]', '{"owned":[-1,1.5,"2"],"spared":7,"count":-1}', '{'])
      expect(decodeMember('a', Buffer.from(other))).toEqual(nothing)
    expect(decodeMember('a', undefined)).toEqual(nothing)
  })
})
