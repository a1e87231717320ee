import { describe, expect, it } from 'vitest'
import { mergeLists } from '../../../src/loglist/merge.js'
import { type ParsedList, parseList } from '../../../src/loglist/schema.js'
import { canGrow, selectionOption, selectLogs, unknownNames, unknownOperators } from '../../../src/loglist/select.js'
import type { ListedLog, LogSelection } from '../../../src/types/log-list.js'
import { describeReal } from '../../real-data.js'
import {
  crtshLists,
  listedLog,
  listJson,
  local,
  mozillaLists,
  newestApple,
  newestChrome,
  realList,
  remote,
  rfc6962Json,
  staticJson,
  testId,
} from './lists.js'

const now = Date.parse('2026-08-17T13:38:27Z')

// The logs to follow on that day, id by id: usable, qualified or readonly. Compiled without this code, from Chrome's list
// of 2026-08-20 (which differs from that of 2026-08-17 in pending logs only) and Apple's v511.
const chromeActive = `
1219ENGn9XfCx+lf1wC/+YLJM1pl4dCzAXMXwMjFaXc= 1tWNqdAXU/NqSqDHV0kCr+vH3CzTjNn3ZMgMiRkenwI=
2AlVO5RPev/IFhlvlE+Fq7D4/F6HVSYPFdEucrtFSxQ= RMK9DOkUDmSlyUoBkwpaobs1lw4A7hEWiWgqHETXtWY=
utuIpG+cr6QJDoLlk1bbbni0pT9YLbCBl5UkLym2jJg= HIl0B+YBCgEpO7Z439ejaM6xjMpSHcyk04bkoy5bXQQ=
aYS3IzyydLLRRn2l4EDXH+upCiHniGU3Srn5vPhocjc= IPBfqqOkkvxqwUjMM6ICNhhrSfqpfmuzkk+yXsNrHDU=
X/nA+6QtrHjOZELrGazggaKb1OL7U68MYzB55QWCBMk= M3qex8rmqQSLdS8tk65+SyqQLSG0lxKdg+J5x1PJL4w=
yzj3FYl8hKFEX1vB3fvJbvKaWc1HCmkFhbDLFMMUWOc= TGPcmOWcHauI9h6KPd6uj6tEozd7X5uUw/uhnPzBviY=
wjF+V0UZo0XufzjespBB68fCIVoiv3/Vta12mtkOUs0= ABpdGhwtk3W2SFV4+C9xoa5u7zl9KXyK4xV7yt7hoB4=
N6oHzCFvLm2RnHCdJNj3MbAPKxR8YhzAkaX6GoTYFt0= lE5Dh/rswe+B8xkkJqgYZQHH0184AgE/cmd9VTcuGdg=
RqI5Z8YNtkaHxm89+ZmUdpOmphEghFfVVefj0KHZtkY= H7D4qS2K3aEhd2wF4qouFbrLxitlOTaVV2qqtS4R0R0=
lLHBirDQV8R74KwEDh8svI3DdXJ7yVHyClJhJoY7pzw= H1bRq5RwSkHdP+r99GmTVTAsFDG/5hNGCJ//rnldzC8=
r2eIO1ewTt2Pptl+9i6o64EKx3Fg8CReVdYML+eFhzo= YEyar3p/d18B1Ab8kg3ImesLHH34yVIb+voXdzuXi8k=
okkM3NuOM6QAMhdg1tTVGiA2GR6nfZaL4mqKAPb///c= yKPEf8ezrbk1awE/anoSbeM6TkOlxkb5l605dZkdz5o=
HJ9oLOn68EVpUPgbloqH3dsyENhM5siy44JSSsTPWZ8= A4AqwmL24F4D+Lxve5hRMk/Xaj31t1lRdeIi+46b1fY=
bP5QGUOoXqkWvFLRM+TcyR7xQRx9JYQg0XOAnhgY6zo= jspHC6zeavOiBrCkeoS3Rv4fxr+VPiXmm07kAkjzxug=
5eNiR9ku9K2jhYO1NZHbcp/C8ArktnRRdNPd/GqiU4g= qCbL4wrGNRJGUz/gZfFPGdluGQgTxB3ZbXkAsxI8VSc=
ooEAGHNOF24dR+CVQPOBulRml81jqENQcW64CU7a8Q0= ppWirZJtb5lujvxJAUJX2LvwRqfWJYm4jcLXh2x45S8=
dNudWPfUfp39eHoWKpkcGM9pjafHKZGMmhiwRQ26RLw= Jbfv3qETAZPtkweXcKoyKiZiDeNayKp8dRl94LGp4GU=
7drrgVxjITRJtHvlB3kFq9DZMUfCesUUazvFjkPptsc= VzRIzG4dLA3JS2nyh9Hv5IPHolxQxTILuzrep29usEE=
Rq+GPTs+5Z+ld96oJF02sNntIqIj9GF3QSKUUu6VUF8= WW5sM4aUsllyolbIoOjdkEp26Ag92oc7AQg4KBQ87lk=
1d5V7roItgyf/BjFE75qYLoARga8WVuWu0T2LMV9Ofo= JuNkblhpISO8ND9HJDWbN5LNJFqI2BXTkzP9mRirRyM=
ROgi/CurDpLu0On61pZkYCd20Bdg4IkFCckjobA/w38= CRV/Yy1Gx/dtlSZUk7wPALOVrF2zorJr+wQ9ukrGOJM=
Goudaw/+v4G0eTnG0jEKhtbRAtTwRuIYLJ3jX14mJe8= Gouda43XkdHNBUnttgNV1ga2T60w23H+eI8Px8j7xLE=
GoudaVNi2GSSp7niI2BuNOzp4xC6NPuTBXhdKc5XV+s=`.match(/\S+/g) as string[]
/** Raio2026h2a, 2027h1a, 2027h2a. */
const appleOnly = `uuKpKTLFwF0fpU00gTDwm/yIMxZKFaH7vvUmKDJWyAs= ijgQv0CPWs97dN4gwHGQO3F5yrDb12jv+hD2KY6gaAw=
Ia1IGvXLVPNLOr+uoP8Gmns8dm/DtpCHC7RrFS+2C/k=`.match(/\S+/g) as string[]
/** Raio2026h1a, whose interval ended on 2026-07-01. */
const raio2026h1a = '5bvNwMctaSvZWYo2AgQ86FTsb2D4AGZ4WWOIK3w4JDg='

const ids = (logs: Iterable<ListedLog>) => [...logs].map(({ id }) => id).sort()

describeReal('the union of the newest Chrome and Apple lists', () => {
  const merged = () => mergeLists([newestChrome(), newestApple()])
  const byName = (name: string) =>
    [...merged().logs.values()].find((log) => log.description.includes(name)) as ListedLog

  it('selects the 45 logs active in Chrome and the 3 only Apple has', () => {
    expect(ids(selectLogs(merged().logs.values(), {}, now))).toEqual([...chromeActive, ...appleOnly].sort())
    expect(merged().problems).toEqual([])
  })

  it('selects a shard that has run out when asked to', () => {
    const logs = selectLogs(
      merged().logs.values(),
      { shards: 'all', states: ['usable'], operators: ['Cloudflare'] },
      now,
    )
    expect(ids(logs)).toContain(raio2026h1a)
  })

  it('believes Chrome over Apple on names and merge delays', () => {
    expect(byName('Tuscolo2026h2')).toMatchObject({ mmd: 60, lists: ['chrome', 'apple'] })
    expect(byName('Gouda2026h2')).toMatchObject({ operator: 'IPng Networks', mmd: 60 })
    const appleFirst = mergeLists([newestApple(), newestChrome()]).logs.get(byName('Gouda2026h2').id)
    expect(appleFirst).toMatchObject({ operator: 'IPng GmbH', mmd: 86400, lists: ['apple', 'chrome'] })
  })

  it('takes the state of the list that wants a log most', () => {
    // Usable in Chrome, pending in Apple.
    expect(byName('Luoshu2027')).toMatchObject({ state: 'usable', stateSince: new Date('2026-02-11T18:30:00Z') })
    // Rejected in Chrome's older lists, gone from this one, usable in Apple.
    expect(byName('Raio2026h2a')).toMatchObject({ state: 'usable', lists: ['apple'] })
  })

  it('does not follow a list that still calls a log read-only which another one has retired', () => {
    expect(byName('Oak2026h2')).toMatchObject({
      state: 'retired',
      finalTreeHead: undefined,
      lists: ['chrome', 'apple'],
    })
  })

  it('keeps where a read-only log stopped', () => {
    expect(byName('Mammoth2026h2').finalTreeHead?.treeSize).toBe(57_634_084)
    expect(byName('Sabre2026h2').finalTreeHead?.treeSize).toBe(68_732_791)
  })

  it('does not select test and monitoring-only logs by default', () => {
    const stateless: LogSelection = { states: ['unlisted'] }
    const all = merged().logs.values()
    const types = selectLogs(all, { ...stateless, logTypes: ['test', 'monitoring_only'] }, now).map(
      ({ logType }) => logType,
    )
    expect(types).toContain('test')
    expect(types).toContain('monitoring_only')
    expect(selectLogs(merged().logs.values(), stateless, now).filter(({ logType }) => logType !== undefined)).toEqual(
      [],
    )
  })

  it('selects pending logs when asked to', () => {
    const pending = selectLogs(merged().logs.values(), { states: ['pending'] }, now)
    expect(pending).toHaveLength(11)
    expect(new Set(pending.map(({ operator }) => operator))).toEqual(new Set(['Geomys', 'IPng Networks']))
  })

  it("adds nothing from Mozilla's list but its name", () => {
    const mozilla = realList(mozillaLists.at(-1) as string, 'mozilla')
    const three = mergeLists([newestChrome(), newestApple(), mozilla])
    expect(ids(selectLogs(three.logs.values(), {}, now))).toEqual([...chromeActive, ...appleOnly].sort())
    expect(three.logs.get(chromeActive[0] as string)?.lists).toEqual(['chrome', 'apple', 'mozilla'])
    expect(mergeLists([mozilla]).logs.size).toBe(0)
    expect(mergeLists([mozilla]).problems).toHaveLength(mozilla.entries.size)
  })

  it("selects nothing from crt.sh's list alone unless logs without a state are asked for", () => {
    const { logs } = mergeLists([realList(crtshLists[1] as string, 'crt.sh')])
    expect(selectLogs(logs.values(), {}, now)).toEqual([])
    expect(selectLogs(logs.values(), { states: ['unlisted'] }, now).length).toBeGreaterThan(40)
  })
})

describe('mergeLists', () => {
  const list = (name: string, ...logs: object[]) =>
    parseList(listJson({ name: `${name} operator`, logs }), { ...local, name })
  const state = (name: string) => ({ [name]: { timestamp: '2026-01-01T00:00:00Z' } })
  const stateOf = (...states: (string | undefined)[]) => {
    const lists = states.map((name, i) => list(`list-${i}`, rfc6962Json(0, { state: name && state(name) })))
    return mergeLists(lists).logs.get(testId(0))?.state
  }

  it.each([
    [['usable', 'rejected'], 'usable'],
    [['rejected', 'usable'], 'usable'],
    [['retired', 'qualified'], 'qualified'],
    [['qualified', 'usable'], 'qualified'],
    [['usable', 'qualified'], 'usable'],
    [['usable', 'readonly'], 'usable'],
    [['readonly', 'usable'], 'readonly'],
    [['pending', 'retired'], 'pending'],
    [['pending', 'usable'], 'usable'],
    [['retired', 'rejected'], 'retired'],
    [['rejected', undefined], 'rejected'],
    [[undefined, 'rejected'], 'rejected'],
    [['readonly', 'rejected'], 'rejected'],
    [['rejected', 'readonly', 'retired'], 'retired'],
    [['readonly', 'pending'], 'readonly'],
    [[undefined], 'unlisted'],
  ])('%s makes %s', (states, expected) => expect(stateOf(...states)).toBe(expected))

  it('takes each fact from the first list that has it', () => {
    const bare = list('a', rfc6962Json(0, { description: undefined, mmd: undefined, url: '' }))
    const full = list('b', rfc6962Json(0, { mmd: 3600, log_type: 'prod' }))
    const late = list('c', rfc6962Json(0, { mmd: 7200, log_type: 'test', url: 'https://elsewhere.test-ca.org/' }))
    expect(mergeLists([bare, full, late]).logs.get(testId(0))).toEqual({
      id: testId(0),
      key: rfc6962Json(0).key,
      kind: 'rfc6962',
      url: 'https://ct0.logs.test-ca.org/',
      description: 'Test log 0',
      operator: 'a operator',
      mmd: 3600,
      state: 'usable',
      stateSince: new Date('2026-01-01T00:00:00Z'),
      finalTreeHead: undefined,
      temporalInterval: undefined,
      logType: 'prod',
      addressFrom: 'given',
      lists: ['a', 'b', 'c'],
    })
  })

  it('says of an address whether the list that gave it was fetched', () => {
    const silent = { url: '' }
    const from = (rule: { remote: boolean; allowHttp: boolean }, fields = {}) =>
      parseList(listJson({ logs: [rfc6962Json(0, fields)] }), { ...rule, name: 'x' })
    const fetched = from(remote)
    const addressFrom = (...lists: ParsedList[]) => mergeLists(lists).logs.get(testId(0))?.addressFrom
    expect(addressFrom(fetched)).toBe('fetched')
    expect(addressFrom(fetched, from(local))).toBe('fetched')
    expect(addressFrom(from(local), fetched)).toBe('given')
    // A list of the caller's that does not say where it is does not vouch for the one that does.
    expect(addressFrom(from(local, silent), fetched)).toBe('fetched')
    expect(addressFrom(from({ remote: true, allowHttp: true }))).toBe('given')
  })

  it('fills in what no list says', () => {
    const parsed = parseList(
      listJson({
        logs: [rfc6962Json(0, { description: undefined, mmd: undefined })],
        tiled_logs: [staticJson(1, { description: undefined, mmd: undefined })],
      }),
      { ...remote, name: 'a' },
    )
    expect([...mergeLists([parsed]).logs.values()]).toEqual([
      expect.objectContaining({
        description: 'https://ct0.logs.test-ca.org/',
        operator: 'ct0.logs.test-ca.org',
        mmd: 86400,
      }),
      expect.objectContaining({
        description: 'https://mon1.logs.test-ca.org/',
        operator: 'mon1.logs.test-ca.org',
        mmd: 60,
      }),
    ])
  })

  it('reports a log that no list gives an address for', () => {
    const { logs, problems } = mergeLists([
      list('a', rfc6962Json(0, { url: '' })),
      list('b', rfc6962Json(0, { url: undefined })),
    ])
    expect(logs.size).toBe(0)
    expect(problems).toEqual([{ list: 'a, b', kind: 'skipped', log: testId(0), message: 'no list says where it is' }])
  })
})

describe('canGrow', () => {
  const interval = { start_inclusive: '2026-01-01T00:00:00Z', end_exclusive: '2026-07-01T00:00:00Z' }
  const end = Date.parse(interval.end_exclusive)
  const week = 7 * 86400_000
  const day = listedLog(rfc6962Json(0, { temporal_interval: interval, mmd: 86400 }))

  it.each<[string, number, boolean]>([
    ['before it starts', Date.parse('2025-06-01T00:00:00Z'), true],
    ['inside', end - 1, true],
    ['a week after the end', end + week, true],
    ['a week and a merge delay after the end, less a millisecond', end + week + 86400_000 - 1, true],
    ['a week and a merge delay after the end', end + week + 86400_000, false],
  ])('%s', (_, at, expected) => expect(canGrow(day, at)).toBe(expected))

  it('always, without an interval', () =>
    expect(canGrow(listedLog(rfc6962Json(0)), Number.MAX_SAFE_INTEGER)).toBe(true))

  it('keeps a read-only shard whose interval has not ended: whether it was read to its end is for others to know', () => {
    const state = {
      readonly: { timestamp: '2026-01-01T00:00:00Z', final_tree_head: { tree_size: 1, sha256_root_hash: testId(1) } },
    }
    const log = listedLog(rfc6962Json(0, { temporal_interval: interval, state }))
    expect(selectLogs([log], {}, end)).toEqual([log])
  })
})

describe('selectLogs', () => {
  const a = listedLog(rfc6962Json(0), 'logs', 'Alpha')
  const b = listedLog(
    staticJson(1, { state: { qualified: { timestamp: '2026-01-01T00:00:00Z' } } }),
    'tiled_logs',
    "Beta's",
  )
  const c = listedLog(rfc6962Json(2, { state: { retired: { timestamp: '2026-01-01T00:00:00Z' } } }), 'logs', 'Alpha')
  const d = listedLog(rfc6962Json(3, { log_type: 'test' }), 'logs', 'Delta')

  const urlOf = (log: ListedLog) => (log.kind === 'rfc6962' ? log.url : log.monitoringUrl)

  it.each<[LogSelection, ListedLog[]]>([
    [{}, [a, b]],
    [{ states: ['retired', 'usable'] }, [a, c]],
    [{ kinds: ['static-ct'] }, [b]],
    [{ operators: ['ALPHA', "beta's"] }, [a, b]],
    [{ operators: ['alpha'], states: ['retired'] }, [c]],
    [{ operators: ['Alph'] }, []],
    [{ names: [a.id] }, [a]],
    [{ names: [b.description.toUpperCase()] }, [b]],
    [{ names: [urlOf(a), urlOf(b).replace('https://', '')] }, [a, b]],
    [{ names: [`${urlOf(a).toUpperCase()}//`] }, [a]],
    [{ names: [a.id.toLowerCase()] }, []],
    [{ names: ['///'] }, []],
    [{ names: [''] }, []],
    [{ logTypes: ['test'] }, [d]],
    [{ match: (log) => log.description.endsWith('1') }, [b]],
    [{ operators: undefined, states: undefined, kinds: undefined, match: undefined }, [a, b]],
  ])('%j', (selection, expected) => expect(selectLogs([a, b, c, d], selection, now)).toEqual(expected))

  it('asks `match` only about logs that fit otherwise', () => {
    const asked: string[] = []
    selectLogs([a, b, c, d], { kinds: ['rfc6962'], match: ({ id }) => asked.push(id) > 0 }, now)
    expect(asked).toEqual([a.id])
  })

  it('knows operators that nobody has', () => {
    expect(unknownOperators([a, b], { operators: ['alpha', 'Sectico', 'Beta'] })).toEqual(['Sectico', 'Beta'])
    expect(unknownOperators([a, b], {})).toEqual([])
  })

  it('knows names that no log has', () => {
    expect(unknownNames([a, b], { names: [a.description, 'sycamour'] })).toEqual(['sycamour'])
    expect(unknownNames([a, b], {})).toEqual([])
  })
})

describe('selectionOption', () => {
  it.each<[string, unknown, string | RegExp]>([
    ['a string', 'usable', /`logs` must be an object/],
    ['a misspelled member', { state: ['usable'] }, /`logs.state` does not exist.*`states`/],
    ['a state that does not exist', { states: ['active'] }, /`logs.states` must be a non-empty array of 'pending'/],
    ['no state', { states: [] }, /`logs.states`/],
    ['a kind that does not exist', { kinds: ['rfc9162'] }, /`logs.kinds`/],
    ['a type that does not exist', { logTypes: [''] }, /`logs.logTypes`/],
    ['operators as text', { operators: 'Google' }, /`logs.operators`/],
    ['an operator without name', { operators: [''] }, /`logs.operators`/],
    ['a name that is none', { names: [7] }, /`logs.names` must be an array of names of logs/],
    ['shards that do not exist', { shards: 'old' }, /`logs.shards`/],
    ['a match that is a RegExp', { match: /x/ }, /`logs.match` must be a function/],
  ])('refuses %s', (_, value, message) => {
    expect(() => selectionOption('logs', value)).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringMatching(message) }),
    )
  })

  it('copies what it is given', () => {
    const states = ['usable']
    const copy = selectionOption('logs', { states })
    states.push('pending')
    expect(copy.states).toEqual(['usable'])
  })
})
