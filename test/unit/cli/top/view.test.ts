import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keysIn } from '../../../../src/cli/top/keys.js'
import { firstView, pressed, rowsOf, type View } from '../../../../src/cli/top/view.js'
import { log } from '../sample-status.js'

const extent = { page: 10, rows: 35 }
const viewAfter = (text: string): View | undefined =>
  keysIn(text).reduce<View | undefined>((view, key) => view && pressed(view, key, extent), firstView)

describe('keys of a terminal in raw mode', () => {
  it.each([
    ['q', ['q']],
    ['\u001b[A\u001bOB', ['up', 'down']],
    ['\u001b[5~\u001b[6~\u001b[H\u001b[F', ['page-up', 'page-down', 'home', 'end']],
    ['/é世\r', ['/', 'é', '世', 'enter']],
    // A function key, the mouse and a paste mean nothing here.
    ['\u001b[15~x\u001b[<0;1;2M\u001b[200~', ['x']],
    ['\u001b', ['escape']],
    ['\u0003\u0004\u0001', ['ctrl-c', 'ctrl-d']],
  ])('%j', (text, keys) => expect(keysIn(text)).toEqual(keys))

  it('takes whatever is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(keysIn(text)).not.toContain('')
      }),
    )
  })
})

describe('what keys make of the view', () => {
  it('orders by a column, and the other way round at the second press', () => {
    expect(viewAfter('r')).toMatchObject({ order: 'rate', isReversed: false })
    expect(viewAfter('rr')).toMatchObject({ order: 'rate', isReversed: true })
    expect(viewAfter('rre')).toMatchObject({ order: 'errors', isReversed: false })
  })

  it('types into the filter until enter, and forgets it at escape', () => {
    expect(viewAfter('/qxp\r')).toMatchObject({ filter: 'qxp', isTyping: false, isPaused: false })
    expect(viewAfter('/xy\u007f')).toMatchObject({ filter: 'x', isTyping: true })
    expect(viewAfter('/xy\u001b')).toMatchObject({ filter: '', isTyping: false })
    expect(viewAfter('/xy\r\u001b')).toMatchObject({ filter: '' })
    expect(viewAfter(`/${'x'.repeat(100)}`)?.filter).toHaveLength(64)
  })

  it('scrolls no further than the rows go', () => {
    expect(viewAfter('\u001b[F')?.offset).toBe(25)
    expect(viewAfter('\u001b[F\u001b[A')?.offset).toBe(24)
    expect(viewAfter('\u001b[6~\u001b[6~\u001b[6~\u001b[6~')?.offset).toBe(25)
    expect(viewAfter('jjk\u001b[H')?.offset).toBe(0)
    expect(pressed(firstView, 'down', { page: 10, rows: 3 })?.offset).toBe(0)
  })

  it.each(['q', '\u0003', '\u0004', '/x\u0003'])('leaves at %j', (text) => expect(viewAfter(text)).toBeUndefined())

  it('pauses, and goes on', () => {
    expect(viewAfter('p')).toMatchObject({ isPaused: true })
    expect(viewAfter('p ')).toMatchObject({ isPaused: false })
  })
})

describe('rows', () => {
  const logs = [
    log({ lagMs: 5, entriesPerSecond: 1, retries: 9, state: 'live' }, 'Zebra'),
    log({ lagMs: undefined, lagEntries: undefined, entriesPerSecond: 3, retries: 0, state: 'waiting' }, 'ant'),
    log({ lagMs: 900, entriesPerSecond: 2, retries: 4, state: 'misbehaving' }, 'bee'),
  ]
  const names = (view: Partial<View>) => rowsOf(logs, { ...firstView, ...view }).map(({ log }) => log.description)

  it.each([
    ['name', ['ant', 'bee', 'Zebra']],
    ['state', ['bee', 'ant', 'Zebra']],
    ['lag', ['bee', 'Zebra', 'ant']],
    ['rate', ['ant', 'bee', 'Zebra']],
    ['errors', ['Zebra', 'bee', 'ant']],
  ] as const)('are ordered by %s, what one looks for first', (order, expected) => {
    expect(names({ order })).toEqual(expected)
    expect(names({ order, isReversed: true })).toEqual([...expected].reverse())
  })

  it('are those with the filter in a name or the state', () => {
    expect(names({ filter: 'ZEB' })).toEqual(['Zebra'])
    expect(names({ filter: 'misb' })).toEqual(['bee'])
    expect(names({ filter: 'nothing' })).toEqual([])
  })
})
