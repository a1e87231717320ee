import { describe, expect, it } from 'vitest'
import { checkBelievable } from '../../../src/loglist/belief.js'
import { type ParsedList, parseList } from '../../../src/loglist/schema.js'
import { describeReal, realJson } from '../../real-data.js'
import {
  appleLists,
  chromeAllLists,
  chromeLists,
  crtshLists,
  type LogJson,
  listJson,
  mimicList,
  mozillaLists,
  realList,
  remote,
  rfc6962Json,
} from './lists.js'

const day = 86400_000
const now = Date.parse('2026-08-17T13:38:27Z')
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'CT_LIST_INVALID', retryable: true, message: expect.stringMatching(message) })

const parsed = (json: unknown): ParsedList => parseList(json, { ...remote, name: 'test' })

describeReal('checkBelievable on published lists', () => {
  it.each([
    ['all_logs_list.json of 2026', chromeAllLists],
    ['log_list.json from 2022 to 2026', chromeLists],
  ])('believes every later one of %s after the one before', (_, paths) => {
    const lists = paths.map((path) => realList(path))
    for (const [i, list] of lists.slice(1).entries()) {
      const at = (list.timestamp as Date).getTime()
      // As if the one before had been confirmed a moment ago: the strictest case.
      expect(() => checkBelievable(list, { list: lists[i] as ParsedList, confirmedAt: at }, at)).not.toThrow()
    }
  })

  it.each([
    ['Apple', appleLists],
    ['Mozilla', mozillaLists],
    ['crt.sh active', crtshLists.slice(0, 2)],
    ['crt.sh all', crtshLists.slice(2)],
  ])('believes every later list of %s', (_, paths) => {
    const lists = paths.map((path) => realList(path))
    for (const [i, list] of lists.slice(1).entries())
      expect(() =>
        checkBelievable(list, { list: lists[i] as ParsedList, confirmedAt: now }, list.timestamp?.getTime() ?? now),
      ).not.toThrow()
  })

  it('refuses mimics', () => {
    expect(() => checkBelievable(realList(mimicList), undefined, now)).toThrow(
      refusal(/names no log: 2 placeholders, 0 skipped/),
    )
  })

  it('refuses a list that is frozen for longer than 70 days', () => {
    const list = realList(chromeAllLists.at(-1) as string)
    expect(() => checkBelievable(list, undefined, now + 70 * day)).not.toThrow()
    expect(() => checkBelievable(list, undefined, now + 71 * day)).toThrow(
      refusal(/is stale: made 2026-08-17.*71 days ago/),
    )
  })

  it('refuses an older list than the one at hand', () => {
    const [older, newer] = [realList(chromeAllLists.at(-2) as string), realList(chromeAllLists.at(-1) as string)]
    expect(() => checkBelievable(older, { list: newer, confirmedAt: now }, now)).toThrow(
      refusal(/before the copy at hand/),
    )
    expect(() => checkBelievable(newer, { list: newer, confirmedAt: now }, now)).not.toThrow()
  })

  it('refuses the newest list without most of its operators, or with most of its logs rejected at once', () => {
    type Operator = { name: string; logs: LogJson[]; tiled_logs: LogJson[] }
    const original = () => realJson<{ operators: Operator[] }>(chromeAllLists.at(-1) as string)
    const copy = { list: parsed(original()), confirmedAt: now }
    const only = {
      ...original(),
      operators: original().operators.filter(({ name }) => name === 'TrustAsia' || name === 'Geomys'),
    }
    expect(() => checkBelievable(parsed(only), copy, now)).toThrow(refusal(/has collapsed: 38 of 45 active logs/))

    const rejected = original()
    for (const log of rejected.operators.flatMap(({ logs, tiled_logs }) => [...logs, ...tiled_logs]))
      log.state = { rejected: { timestamp: '2026-08-18T00:00:00Z' } }
    expect(() => checkBelievable(parsed(rejected), copy, now)).toThrow(refusal(/has collapsed: 45 of 45/))

    for (const { name } of original().operators) {
      const without = { ...original(), operators: original().operators.filter((operator) => operator.name !== name) }
      expect(() => checkBelievable(parsed(without), copy, now), `without ${name}`).not.toThrow()
    }
  })
})

describe('checkBelievable', () => {
  /** One operator per string, with a log per digit in it. */
  const listOf = (...operators: string[]) =>
    parsed(
      listJson(
        ...operators.map((digits, i) => ({
          name: `operator ${i}`,
          logs: [...digits].map((digit) => rfc6962Json(Number(digit))),
        })),
      ),
    )

  it.each<[string, string[], string[], boolean]>([
    ['nothing lost', ['012', '345'], ['012', '345'], true],
    ['half lost over two operators', ['012', '345'], ['01', '3'], true],
    ['more than half lost over two operators', ['012', '345'], ['0', '3'], false],
    ['everything lost, others added', ['012', '345'], ['678'], false],
    ['the larger of two operators gone', ['01234', '5'], ['', '5'], true],
    ['most of one operator', ['01234', '5'], ['0', '5'], true],
    ['the only operator and all but one of its logs', ['01234'], ['0'], true],
    ['the only operator', ['01234'], ['6'], false],
    ['a list of three logs', ['0', '1', '2'], ['3'], true],
    ['many added', ['0123'], ['0123', '456789'], true],
  ])('%s', (_, before, after, believed) => {
    const check = () => checkBelievable(listOf(...after), { list: listOf(...before), confirmedAt: now }, now)
    if (believed) expect(check).not.toThrow()
    else expect(check).toThrow(refusal(/has collapsed/))
  })

  it('gives in when the copy at hand is 70 days unconfirmed', () => {
    const [before, after] = [listOf('01', '23'), listOf('4')]
    expect(() => checkBelievable(after, { list: before, confirmedAt: now - 70 * day }, now)).toThrow(
      refusal(/collapsed/),
    )
    expect(() => checkBelievable(after, { list: before, confirmedAt: now - 71 * day }, now)).not.toThrow()
  })

  describe('of a list with a date', () => {
    const made = (at: number) =>
      parsed({ ...listJson({ name: 'A', logs: [rfc6962Json(0)] }), log_list_timestamp: new Date(at).toISOString() })
    const [soon, typo] = [made(now + day), made(now + 36 * 365 * day)]

    it('refuses one of the future, which this clock or that of its maker has wrong', () => {
      const copy = { list: made(now - day), confirmedAt: now }
      const refused = refusal(
        /made 2062-08-\d\d.*13140 days ahead of the clock of this machine \(2026-08-17.*one of them is wrong/,
      )
      expect(() => checkBelievable(typo, copy, now)).toThrow(refused)
      expect(() => checkBelievable(typo, undefined, now)).toThrow(refused)
      expect(() => checkBelievable(made(now + day + 1), copy, now)).toThrow(refusal(/1 days ahead/))
      expect(() => checkBelievable(soon, copy, now)).not.toThrow()
    })

    it('believes a current one after a copy of the future, unless a signature vouches for the order', () => {
      const current = made(now - day)
      const copy = { list: typo, confirmedAt: now }
      expect(() => checkBelievable(current, copy, now)).not.toThrow()
      expect(() => checkBelievable(current, { ...copy, isSigned: false }, now)).not.toThrow()
      expect(() => checkBelievable(current, { ...copy, isSigned: true }, now)).toThrow(
        refusal(/before the copy at hand/),
      )
      expect(() => checkBelievable(current, { ...copy, list: soon }, now)).toThrow(refusal(/before the copy at hand/))
    })
  })

  it('does not mourn shards that have run out', () => {
    const ended = {
      temporal_interval: { start_inclusive: '2025-07-01T00:00:00Z', end_exclusive: '2026-01-01T00:00:00Z' },
    }
    const logs = (n: number[], fields: LogJson = {}) => n.map((i) => rfc6962Json(i, fields))
    const before = parsed(
      listJson(
        { name: 'A', logs: logs([0, 1], ended) },
        { name: 'B', logs: [...logs([2, 3, 4], ended), ...logs([5, 6, 7, 8])] },
      ),
    )
    const after = parsed(listJson({ name: 'B', logs: logs([5, 6, 7, 8]) }))
    expect(() => checkBelievable(after, { list: before, confirmedAt: now }, now)).not.toThrow()
  })

  it('compares lists without states by what they name', () => {
    const list = (n: number[]) =>
      parsed(listJson(...n.map((i) => ({ name: `o${i}`, logs: [rfc6962Json(i, { state: undefined })] }))))
    const copy = { list: list([0, 1, 2, 3]), confirmedAt: now }
    expect(() => checkBelievable(list([0, 1, 5]), copy, now)).not.toThrow()
    expect(() => checkBelievable(list([0, 5, 6, 7]), copy, now)).toThrow(refusal(/collapsed: 3 of 4/))
  })

  it('says what was wrong with a list of which nothing is left', () => {
    const list = parsed(listJson({ name: 'A', logs: [rfc6962Json(0, { url: 'https://localhost/' })] }))
    expect(() => checkBelievable(list, undefined, now)).toThrow(
      refusal(/0 placeholders, 1 skipped \(the first: .*not a public host\)/),
    )
  })
})
