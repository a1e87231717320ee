import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { cursorKey, decodeCursor, encodeCursor } from '../../../src/stream/cursor.js'
import { createTestLogList, type TestLog, type TestLogList } from '../../../src/testing/index.js'
import type { Gap } from '../../../src/types/checkpoint.js'
import type { LogInfo } from '../../../src/types/log.js'
import type { ListedLog, LogSelection } from '../../../src/types/log-list.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { toBase64 } from '../../../src/util/bytes.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { ListServer } from '../../support/list-server.js'
import { grow, logOf } from '../../support/logs.js'
import { MovedLog } from '../../support/moved-log.js'
import { quiet, Reader } from '../../support/reader.js'
import { passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

type Edit = (log: Record<string, unknown>) => void

const listOf = (logs: readonly TestLog[], edit: Edit = () => {}): TestLogList => {
  const list = createTestLogList(logs, { timestamp: new Date() })
  for (const { logs, tiled_logs } of list.operators) for (const log of [...logs, ...tiled_logs]) edit(log as never)
  return list
}

const serve = async (...logs: TestLog[]) => closing(await ListServer.open(listOf(logs)))

function onAnotherCurve(): { key: string; log_id: string } {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const key = publicKey.export({ format: 'der', type: 'spki' })
  return { key: key.toString('base64'), log_id: createHash('sha256').update(key).digest('base64') }
}

const SPEED = 20_000
/** For tests in which a day has to pass: it does so in a second. */
const DAYS = 80_000
/** Lists are renewed after half an hour, which passes in 90 ms; heads are read every ten minutes. */
const timing = (speed = SPEED) => ({
  clock: fastClock(speed),
  random: () => 0,
  pollIntervalMs: 600_000,
  partialTileDelayMs: 0,
})

const follow = (lists: ListServer, options: CtStreamOptions = {}): Reader =>
  closing(new Reader(ctStream({ logList: lists.url, start: 'beginning', checkpoint: false, ...timing(), ...options })))

describe('a log list that is followed', () => {
  it('is asked for again with its ETag, and costs an empty answer while nothing changes', async () => {
    const log = await logOf(3)
    const lists = await serve(log)
    const checkpoint = new MemoryCheckpointStore()
    const reader = follow(lists, { checkpoint })
    await reader.until(() => lists.requests.length >= 4)
    await reader.close()
    const [first, ...later] = lists.requests
    expect(first).toEqual({ etag: undefined, status: 200 })
    expect(later.every(({ etag, status }) => etag !== undefined && status === 304)).toBe(true)
    expect(reader.lists[0]).toMatchObject({ selected: 1, removed: [], changed: [], failures: [] })
    for (const { added, changed, removed } of reader.lists.slice(1))
      expect([added, changed, removed]).toEqual([[], [], []])

    // The next run has the copy, and asks whether it is still good.
    const again = follow(lists, { checkpoint })
    const asked = lists.requests.length
    await again.until(() => lists.requests.length > asked)
    expect(lists.requests[asked]).toMatchObject({ status: 304 })
    await again.until(() => again.state(log.logId) === 'live')
  })

  it('brings logs while the stream runs', async () => {
    const [first, added, tiled] = [await logOf(5), await logOf(300), await logOf(20, { kind: 'static-ct' })]
    const lists = await serve(first)
    const reader = follow(lists)
    await reader.until(() => reader.certificates.length === 5)
    lists.content = listOf([first, added, tiled])
    await reader.until(() => reader.certificates.length === 325)
    grow(first, 2)
    grow(tiled, 3)
    await reader.until(() => reader.certificates.length === 330)
    expect(reader.indexes(first.logId)).toEqual(range(0, 7))
    expect(reader.indexes(added.logId)).toEqual(range(0, 300))
    expect(reader.indexes(tiled.logId)).toEqual(range(0, 23))
    expect(reader.lists.flatMap(({ added }) => added.map(({ id }) => id))).toEqual([
      first.logId,
      added.logId,
      tiled.logId,
    ])
  })

  it('names a log with a key that logs may not have, at the start and later, and the others are read', async () => {
    const [unusable, first, added] = [await logOf(3), await logOf(5), await logOf(7)]
    const key = onAnotherCurve()
    const listed = (...logs: TestLog[]) =>
      listOf([unusable, ...logs], (log) => log.log_id === unusable.logId && Object.assign(log, key))
    const lists = closing(await ListServer.open(listed(first)))
    const reader = follow(lists)
    await reader.until(() => reader.certificates.length === 5)
    expect(reader.lists[0]).toMatchObject({
      selected: 1,
      problems: [{ kind: 'skipped', message: expect.stringContaining('P-256') }],
    })
    lists.content = listed(first, added)
    await reader.until(() => reader.indexes(added.logId).length === 7)
    expect(reader.lists.map(({ problems }) => problems.length)).toEqual(reader.lists.map(() => 1))
  })

  it('begins a log that it brings at its head by default, and remembers where', async () => {
    const [first, added] = [await logOf(5), await logOf(40)]
    const lists = await serve(first)
    const checkpoint = new MemoryCheckpointStore()
    const reader = follow(lists, { start: 'now', checkpoint })
    await reader.until(() => reader.state(first.logId) === 'live')
    lists.content = listOf([first, added])
    await reader.until(() => reader.state(added.logId) === 'live')
    await reader.close()
    grow(added, 2)
    const again = follow(lists, { start: 'now', checkpoint })
    await again.until(() => again.certificates.length === 2)
    expect(again.indexes(added.logId)).toEqual([40, 41])
  })

  it('takes a log away: what it has published is read first, then it is left alone', async () => {
    const [stays, leaves] = [await logOf(5), await logOf(400, { pageSize: 4, align: 'always' })]
    leaves.fault({ on: 'get-entries', delayMs: 15 })
    const lists = await serve(stays, leaves)
    const reader = follow(lists)
    await reader.until(() => reader.indexes(leaves.logId).length > 0)
    lists.content = listOf([stays])
    await reader.until(() => reader.lists.some(({ removed }) => removed.length > 0))
    expect(reader.indexes(leaves.logId).length).toBeLessThan(400)
    await reader.until(() => reader.state(leaves.logId) === 'finished')
    await reader.until(() => reader.indexes(leaves.logId).length === 400)
    expect(reader.indexes(leaves.logId)).toEqual(range(0, 400))
    const asked = leaves.requestCount()
    grow(leaves, 10)
    grow(stays, 5)
    await reader.until(() => reader.indexes(stays.logId).length === 10)
    await quiet()
    expect(leaves.requestCount()).toBe(asked)
    expect(reader.gaps).toEqual([])
  })

  it('brings a log back: it goes on where it was', async () => {
    const [stays, leaves] = [await logOf(5), await logOf(50)]
    const lists = await serve(stays, leaves)
    const reader = follow(lists)
    await reader.until(() => reader.certificates.length === 55)
    lists.content = listOf([stays])
    await reader.until(() => reader.state(leaves.logId) === 'finished')
    grow(leaves, 20)
    lists.content = listOf([stays, leaves])
    await reader.until(() => reader.indexes(leaves.logId).length === 70)
    grow(leaves, 5)
    await reader.until(() => reader.indexes(leaves.logId).length === 75)
    expect(reader.indexes(leaves.logId)).toEqual(range(0, 75))
    expect(reader.stream.status().logs).toHaveLength(2)
  })

  describe('that brings a log back which is out of reach, and has it no more in the next run', () => {
    const backAndGone = async () => {
      const [stays, left] = [await logOf(5), await logOf(30)]
      const lists = await serve(stays, left)
      const checkpoint = new MemoryCheckpointStore()
      const reader = follow(lists, { checkpoint })
      await reader.until(() => reader.certificates.length === 35)
      lists.content = listOf([stays])
      await reader.until(() => reader.state(left.logId) === 'finished')
      const down = left.fault({ on: '*', status: 503 })
      grow(left, 7)
      lists.content = listOf([stays, left])
      await reader.until(() => reader.state(left.logId) === 'waiting')
      // Stores the rows of all logs.
      grow(stays, 1)
      await reader.until(() => reader.certificates.length === 36)
      await reader.close()
      lists.content = listOf([stays])
      return { stays, left, lists, checkpoint, down }
    }

    it('reads it to its end', async () => {
      const { left, lists, checkpoint, down } = await backAndGone()
      checkpoint.open()
      expect(checkpoint.load().find(({ log }) => log.id === left.logId)).toMatchObject({
        position: 30,
        verifiedHead: { treeSize: 30 },
        learned: { readFrom: 0, listed: { state: 'usable' } },
      })
      checkpoint.close()
      down.clear()
      const next = follow(lists, { checkpoint })
      await next.until(() => next.state(left.logId) === 'finished' && next.indexes(left.logId).length === 7)
      expect([next.indexes(left.logId), next.gaps]).toEqual([range(30, 37), []])
    })

    it('tells it as a gap where it stays out of reach', async () => {
      const { left, lists, checkpoint } = await backAndGone()
      const next = follow(lists, { checkpoint, ...timing(DAYS) })
      await next.until(() => next.gaps.length > 0)
      expect(next.gaps).toMatchObject([{ log: { id: left.logId }, start: 30, end: undefined }])
    })
  })

  it('that takes away a log which never answered does not hold the stream up', async () => {
    const [stays, dead] = [await logOf(5), await logOf(50)]
    dead.fault({ on: '*', status: 503 })
    const lists = await serve(stays, dead)
    const reader = follow(lists, timing(DAYS))
    await reader.until(() => reader.state(dead.logId) === 'waiting' && reader.certificates.length === 5)
    lists.content = listOf([stays])
    await reader.until(() => reader.state(dead.logId) === 'failed')
    grow(stays, 5)
    await reader.until(() => reader.certificates.length === 10)
    // Nothing was ever promised of it.
    expect(reader.gaps).toEqual([])
  })

  it('that takes away a log which is out of reach gives it a day, then records what is missing', async () => {
    const [stays, dying] = [await logOf(5), await logOf(600, { pageSize: 32, align: 'always' })]
    dying.fault({ on: 'get-entries', after: 4, status: 503 })
    const lists = await serve(stays, dying)
    const checkpoint = new MemoryCheckpointStore()
    const reader = follow(lists, { checkpoint, ...timing(DAYS) })
    await reader.until(() => reader.state(dying.logId) === 'waiting')
    lists.content = listOf([stays])
    await reader.until(() => reader.gaps.length > 0)
    const [gap] = reader.gaps
    expect(gap).toMatchObject({ log: { id: dying.logId }, end: 600 })
    expect(reader.indexes(dying.logId)).toEqual(range(0, gap?.start ?? -1))
    expect(reader.state(dying.logId)).toBe('failed')
    grow(stays, 5)
    await reader.until(() => reader.indexes(stays.logId).length === 10)
    await reader.close()
    checkpoint.open()
    expect(checkpoint.gaps()).toHaveLength(1)
  })

  it.each([
    ['is read on when that is recorded', true],
    ['is left alone when it leaves again before that is recorded', false],
  ])('that brings a log back while it is given up: it %s', async (_, stays) => {
    const [other, dying] = [await logOf(5), await logOf(600, { pageSize: 32, align: 'always' })]
    const down = dying.fault({ on: 'get-entries', after: 4, status: 503 })
    // The store hangs meanwhile: a list that it is to keep would wait for it, so this one is no file and no address.
    let recorded: (() => void) | undefined
    const checkpoint = new MemoryCheckpointStore()
    checkpoint.addGap = () =>
      new Promise<void>((resolve) => {
        recorded = resolve
      }) as never
    let isWanted = true
    const logs = { match: ({ id }: { id: string }) => isWanted || id === other.logId }
    const logList = listOf([other, dying])
    const reader = closing(new Reader(ctStream({ logList, logs, start: 'beginning', checkpoint, ...timing(DAYS) })))
    const changes = (what: 'added' | 'removed') => reader.lists.flatMap((list) => list[what].map(({ id }) => id))
    await reader.until(() => reader.state(dying.logId) === 'waiting')
    isWanted = false
    await reader.until(() => recorded !== undefined)
    down.clear()
    isWanted = true
    await reader.until(() => changes('added').filter((id) => id === dying.logId).length === 2)
    isWanted = stays
    if (!stays) await reader.until(() => changes('removed').length === 2)
    dying.clearRequests()
    recorded?.()
    await reader.until(() => reader.states.some(({ id, state }) => id === dying.logId && state === 'failed'))
    if (stays) await reader.until(() => reader.indexes(dying.logId).length === 600)
    else await quiet()
    expect(dying.requestCount() > 0).toBe(stays)
    if (stays) expect(reader.indexes(dying.logId)).toEqual(range(0, 600))
  })

  it.each(['rfc6962', 'static-ct'] as const)('moves a %s log to its new address', async (kind) => {
    const log = await logOf(300, { kind })
    const lists = await serve(log)
    const reader = follow(lists)
    await reader.until(() => reader.certificates.length === 300)
    const moved = closing(await MovedLog.open(log.url))
    const { pathname } = new URL(log.url)
    lists.content = listOf([log], (entry) => {
      entry[kind === 'rfc6962' ? 'url' : 'monitoring_url'] = `${moved.base}${pathname}`
    })
    await reader.until(() => moved.requests > 1)
    log.clearRequests()
    grow(log, 300)
    await reader.until(() => reader.certificates.length === 600)
    expect(log.requests.filter(({ headers }) => headers.via === undefined)).toEqual([])
    expect(reader.lists.flatMap(({ changed }) => changed.map(({ id }) => id))).toContain(log.logId)
    expect(reader.indexes()).toEqual(range(0, 600))
    // Everything that is said of the log from now on names where it is read.
    expect(reader.certificates.at(-1)?.log.url).toBe(`${moved.base}${pathname}`)
    expect(reader.stream.status().logs[0]?.log.url).toBe(`${moved.base}${pathname}`)
  })

  it.each([404, 429])(
    'asks a log at its new address at once, which said %i at the old one for hours',
    async (status) => {
      const clock = new VirtualClock()
      const log = await logOf(300, { clock })
      const listAt = (address: string) => {
        const list = listOf([log], (entry) => {
          entry.url = `${address}${new URL(log.url).pathname}`
        })
        return { ...list, log_list_timestamp: new Date(clock.now()).toISOString() }
      }
      const lists = closing(await ListServer.open(listAt(new URL(log.url).origin)))
      const reader = await readOn(clock, { logList: lists.url, pollIntervalMs: 10_000 })
      await reader.until(() => reader.certificates.length === 300)
      // So that no wait ends just when the list is renewed.
      await clock.pass(11 * 60_000)
      const headers: Record<string, string> = status === 429 ? { 'retry-after': '3600' } : {}
      log.fault({ on: '*', status, headers, when: ({ headers }) => headers.via === undefined })
      grow(log, 5)
      await clock.pass(3 * 3_600_000)
      const moved = closing(await MovedLog.open(log.url))
      lists.content = listAt(moved.base)
      await passUntil(clock, () => reader.lists.some(({ changed }) => changed.length > 0), 3_600_000, 1_000)
      await passUntil(clock, () => reader.certificates.length === 305, 10_000, 1_000)
      expect(reader.indexes()).toEqual(range(0, 305))
    },
  )

  it('goes on while no log of it is wanted: the next one may be', async () => {
    const [stays, other] = [await logOf(5, { operator: 'A' }), await logOf(6, { operator: 'B' })]
    const lists = await serve(other)
    const reader = follow(lists, { logs: { operators: ['A'] } })
    await reader.until(() => reader.lists.length >= 2)
    expect(reader.lists[0]?.problems.map(({ message }) => message).join()).toContain('fits none')
    lists.content = listOf([stays, other])
    await reader.until(() => reader.certificates.length === 5)
    lists.content = listOf([other])
    await reader.until(() => reader.state(stays.logId) === 'finished')
    lists.content = listOf([stays, other])
    grow(stays, 1)
    await reader.until(() => reader.certificates.length === 6)
    expect(reader.indexes()).toEqual(range(0, 6))
  })
})

describe('a selection that fits no log, in a stream with an end', () => {
  const toHead = { start: 'beginning', end: 'head', ...timing() } as const

  it.each([
    ['an operator', { operators: ['Exampel'] }, 'no log has the operator "Exampel"'],
    ['a name', { names: ['argon2019'] }, 'no log is called "argon2019"'],
    ['a function', { match: () => false }, 'the selection fits none of 1 logs'],
  ])('is no success: %s', async (_, logs, message) => {
    const logList = listOf([await logOf(5)])
    for (const checkpoint of [false, new MemoryCheckpointStore()] as const) {
      const stream = ctStream({ logList, logs, checkpoint, ...toHead })
      const error = await take(stream).then(
        () => undefined,
        (error) => error,
      )
      expect(error).toMatchObject({ code: 'CT_INCOMPLETE', message: expect.stringContaining(message) })
    }
  })

  it('is none where another log of the checkpoint is not selected', async () => {
    const checkpoint = new MemoryCheckpointStore()
    const logList = listOf([await logOf(5, { operator: 'A' })])
    expect(await take(ctStream({ logList, checkpoint, ...toHead }))).toHaveLength(5)
    const stream = ctStream({ logList, checkpoint, logs: { operators: ['B'] }, ...toHead })
    await expect(take(stream)).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
  })

  it('is one where the log it had left the lists: that is read to its end, and then nothing is missing', async () => {
    const [stays, left] = [await logOf(5, { operator: 'A' }), await logOf(600, { operator: 'B' })]
    const options = { checkpoint: new MemoryCheckpointStore(), logs: { operators: ['B'] }, ...toHead }
    expect(await take(ctStream({ ...options, logList: listOf([stays, left]) }))).toHaveLength(600)
    grow(left, 7)
    const logList = listOf([stays])
    expect(indexesOf(await take(ctStream({ ...options, logList })))).toEqual(range(600, 607))
    expect(await take(ctStream({ ...options, logList }))).toEqual([])
  })
})

describe('a read-only log', () => {
  const readOnly =
    (log: TestLog, treeSize: number): Edit =>
    (entry) => {
      if (entry.log_id !== log.logId) return
      const head = { tree_size: treeSize, sha256_root_hash: toBase64(log.root(treeSize)) }
      entry.state = { readonly: { timestamp: '2026-01-01T00:00:00Z', final_tree_head: head } }
    }

  it('is finished at its final head, and then only looked at now and then', async () => {
    const [frozen, other] = [await logOf(300), await logOf(5)]
    const lists = closing(await ListServer.open(listOf([frozen, other], readOnly(frozen, 300))))
    const reader = follow(lists)
    await reader.until(() => reader.state(frozen.logId) === 'finished')
    await reader.until(() => reader.indexes(frozen.logId).length === 300)
    frozen.clearRequests()
    other.clearRequests()
    await reader.until(() => other.requestCount('get-sth') >= 12)
    expect(frozen.requestCount()).toBe(frozen.requestCount('get-sth'))
    expect(frozen.requestCount()).toBeLessThanOrEqual(4)
    expect(reader.misbehaviour).toEqual([])
  })

  it('becomes one while it is read', async () => {
    const log = await logOf(300, { kind: 'static-ct' })
    const lists = await serve(log)
    const reader = follow(lists)
    await reader.until(() => reader.state(log.logId) === 'live')
    lists.content = listOf([log], readOnly(log, 300))
    await reader.until(() => reader.state(log.logId) === 'finished')
    await reader.until(() => reader.certificates.length === 300)
  })

  it('that grows all the same broke its promise: it is reported, with evidence, and what is new is read', async () => {
    const log = await logOf(300)
    const lists = closing(await ListServer.open(listOf([log], readOnly(log, 300))))
    const checkpoint = new MemoryCheckpointStore()
    const reader = follow(lists, { checkpoint })
    await reader.until(() => reader.state(log.logId) === 'finished')
    grow(log, 30)
    await reader.until(() => reader.certificates.length === 330)
    grow(log, 3)
    await reader.until(() => reader.certificates.length === 333)
    expect(reader.indexes()).toEqual(range(0, 333))
    expect(reader.misbehaviour.map(({ error }) => [error.code, error.index])).toEqual([['CT_HEAD_CONFLICT', 330]])
    await reader.close()
    checkpoint.open()
    expect(checkpoint.evidence()).toMatchObject([{ code: 'CT_HEAD_CONFLICT', detail: { head: { tree_size: 330 } } }])
  })

  it('whose final root is another one broke its promise, too', async () => {
    const log = await logOf(300)
    const lists = closing(
      await ListServer.open(
        listOf([log], (entry) => {
          const head = { tree_size: 300, sha256_root_hash: toBase64(log.root(299)) }
          entry.state = { readonly: { timestamp: '2026-01-01T00:00:00Z', final_tree_head: head } }
        }),
      ),
    )
    const reader = follow(lists)
    await reader.until(() => reader.certificates.length === 300)
    expect(reader.misbehaviour.map(({ error }) => error.code)).toEqual(['CT_HEAD_CONFLICT'])
  })
})

describe('a list that is not to be had', () => {
  it('is replaced by its last good copy, in the running stream and after a restart', async () => {
    const log = await logOf(5)
    const lists = await serve(log)
    const store = new MemoryCheckpointStore()
    const reader = follow(lists, { checkpoint: store })
    await reader.until(() => reader.certificates.length === 5)
    lists.content = 503
    await reader.until(() => reader.lists.some(({ failures }) => failures.length > 0))
    grow(log, 2)
    await reader.until(() => reader.certificates.length === 7)
    reader.stream.acknowledge()
    await reader.close()

    const again = follow(lists, { checkpoint: store })
    await again.until(() => again.lists.length > 0)
    expect(again.lists[0]).toMatchObject({
      selected: 1,
      failures: [{ error: { code: 'CT_HTTP_STATUS', status: 503 } }],
    })
    grow(log, 1)
    await again.until(() => again.certificates.length > 0)
    expect(again.indexes().at(-1)).toBe(7)
    expect(again.lists.flatMap(({ removed }) => removed)).toEqual([])
  })

  it('and was never to be had refuses the stream, saying why', async () => {
    const lists = closing(await ListServer.open({}))
    lists.content = 404
    const stream = ctStream({ logList: lists.url, checkpoint: false, ...timing() })
    await expect(take(stream)).rejects.toMatchObject({
      code: 'CT_LIST_INVALID',
      message: expect.stringContaining('404'),
    })
  })

  it('because its signature does not fit is asked for again past caches', async () => {
    const asked: [string, string | null][] = []
    const fetch = async (url: unknown, init: RequestInit = {}) => {
      asked.push([String(url).replace(/.*\//, ''), new Headers(init.headers).get('cache-control')])
      return new Response(String(url).endsWith('.sig') ? new Uint8Array(512) : '{"operators":[]}')
    }
    const logList = 'https://www.gstatic.com/ct/log_list/v3/all_logs_list.json'
    const stream = ctStream({ logList, checkpoint: false, fetch: fetch as typeof globalThis.fetch, ...timing() })
    await expect(take(stream)).rejects.toMatchObject({ code: 'CT_LIST_INVALID' })
    expect(asked).toEqual([
      ['all_logs_list.json', null],
      ['all_logs_list.sig', null],
      ['all_logs_list.json', 'no-cache'],
      ['all_logs_list.sig', 'no-cache'],
      ['all_logs_list.json', 'no-cache'],
      ['all_logs_list.sig', 'no-cache'],
    ])
  })
})

describe('a list that is not to be believed', () => {
  it('takes no log away: most are gone, or it is older than the copy at hand', async () => {
    const logs = await Promise.all(['A', 'B', 'C', 'D', 'E', 'F'].map((operator) => logOf(3, { operator })))
    const lists = closing(await ListServer.open(listOf(logs)))
    const reader = follow(lists)
    await reader.until(() => reader.certificates.length === 18)
    const older = createTestLogList(logs.slice(1), { timestamp: new Date(Date.now() - 86_400_000) })
    for (const unbelievable of [listOf(logs.slice(0, 2)), listOf([]), older]) {
      const before = reader.lists.length
      lists.content = unbelievable
      await reader.until(() => reader.lists.slice(before + 1).some(({ failures }) => failures.length > 0))
    }
    for (const log of logs) grow(log, 1)
    await reader.until(() => reader.certificates.length === 24)
    expect(reader.lists.flatMap(({ removed }) => removed)).toEqual([])
    expect(new Set(reader.lists.flatMap(({ failures }) => failures.map(({ error }) => error.code)))).toEqual(
      new Set(['CT_LIST_INVALID']),
    )
    // One that is to be believed again is obeyed.
    lists.content = listOf(logs.slice(1))
    await reader.until(() => reader.state(logs[0]?.logId ?? '') === 'finished')
  })
})

describe('a log that leaves the lists', () => {
  it.each(['rfc6962', 'static-ct'] as const)(
    'is read to the head it ends with, not to the one seen last (%s)',
    async (kind) => {
      const [stays, leaves] = [await logOf(5), await logOf(300, { kind })]
      const lists = await serve(stays, leaves)
      const reader = follow(lists, { pollIntervalMs: 86_400_000 })
      await reader.until(() => reader.indexes(leaves.logId).length === 300)
      // Nobody looks at its head for a day: what comes now is seen because it leaves.
      grow(leaves, 4)
      lists.content = listOf([stays])
      await reader.until(() => reader.state(leaves.logId) === 'finished')
      expect(reader.indexes(leaves.logId)).toEqual(range(0, 304))
    },
  )

  it.each(['rfc6962', 'static-ct'] as const)(
    'is read to its end though a front end that lags answers at that moment, and to a restart (%s)',
    async (kind) => {
      const clock = new VirtualClock(Date.now())
      const [stays, leaves] = [await logOf(5, { clock }), await logOf(300, { kind, clock })]
      const lists = await serve(stays, leaves)
      // Made after the one served first: a list that is older than the copy at hand is not believed.
      const list = listOf([stays, leaves], (log) => {
        if (log.log_id === leaves.logId) log.state = { retired: { timestamp: new Date().toISOString() } }
      })
      const checkpoint = new MemoryCheckpointStore()
      const options = { logs: undefined, logList: lists.url, checkpoint, pollIntervalMs: 60_000 } as const
      const reader = await readOn(clock, options)
      await reader.until(() => reader.indexes(leaves.logId).length === 300)
      reader.stream.acknowledge()
      // Nothing is published any more: what lags, lags by as much, for as long as it answers.
      const lags = leaves.fault({ on: ['get-sth', 'checkpoint'], stale: 2 })
      grow(leaves, 4)
      grow(leaves, 4)
      lists.content = list
      await passUntil(clock, () => lists.requests.length > 1, 2 * 3_600_000)
      await clock.pass(5 * 60_000)
      await reader.close()
      const again = await readOn(clock, options)
      await clock.pass(5 * 60_000)
      lags.clear()
      await passUntil(clock, () => again.indexes(leaves.logId).length === 8, 600_000)
      // It has an hour to show more; then nobody asks it again.
      await passUntil(clock, () => again.state(leaves.logId) === 'finished', 2 * 3_600_000)
      expect([again.indexes(leaves.logId), again.gaps]).toEqual([range(300, 308), []])
    },
  )

  it('and is out of reach from then on leaves a gap of unknown length, though all that is known of it was read', async () => {
    const [stays, leaves] = [await logOf(5), await logOf(300)]
    const lists = await serve(stays, leaves)
    const reader = follow(lists, timing(DAYS))
    await reader.until(() => reader.certificates.length === 305)
    leaves.fault({ on: '*', status: 503 })
    lists.content = listOf([stays])
    await reader.until(() => reader.state(leaves.logId) === 'failed')
    expect(reader.gaps).toMatchObject([{ log: { id: leaves.logId }, start: 300, end: undefined }])
  })
})

describe('a log that is given up before it was opened', () => {
  it('leaves a gap from where its reader was, not from the beginning', async () => {
    const [stays, dying] = [await logOf(5), await logOf(600, { pageSize: 32, align: 'always' })]
    const lists = await serve(stays, dying)
    const checkpoint = new MemoryCheckpointStore()
    expect(
      (await take(ctStream({ logs: [dying.spec], start: 'beginning', checkpoint, clock: fastClock(SPEED) }), 201))
        .length,
    ).toBe(201)
    dying.fault({ on: '*', status: 503 })
    const reader = follow(lists, { checkpoint, ...timing(DAYS) })
    await reader.until(() => reader.state(dying.logId) === 'waiting')
    lists.content = listOf([stays])
    await reader.until(() => reader.state(dying.logId) === 'failed')
    expect(reader.gaps).toMatchObject([{ log: { id: dying.logId }, start: 200, end: 600 }])
  })
})

describe.each(['full', 'signatures-only', 'none-unverified'] as const)('a retired log (verify: %s)', (verify) => {
  const retired = (log: TestLog): Edit => {
    return (entry) => {
      if (entry.log_id === log.logId) entry.state = { retired: { timestamp: new Date().toISOString() } }
    }
  }

  it.each(['never', 'head'] as const)(
    'that was received to its end is read on from where its reader was (end: %s)',
    async (end) => {
      const [stays, leaves] = [await logOf(5), await logOf(600, { kind: 'static-ct' })]
      const lists = await serve(stays, leaves)
      const options = { verify, checkpoint: new MemoryCheckpointStore(), acknowledge: 'manual' } as const
      const reader = follow(lists, options)
      await reader.until(() => reader.indexes(leaves.logId).length === 600)
      lists.content = listOf([stays, leaves], retired(leaves))
      await reader.until(() => reader.state(leaves.logId) === 'finished')
      for (const certificate of reader.certificates)
        if (certificate.log.id === stays.logId || certificate.index === 199) reader.stream.acknowledge(certificate)
      await reader.close()

      const again = follow(lists, { ...options, end })
      await again.until(() => again.indexes(leaves.logId).length === 400)
      expect(again.indexes(leaves.logId)).toEqual(range(200, 600))
      await again.until(() => again.state(leaves.logId) === 'finished')
      for (const certificate of again.certificates) again.stream.acknowledge(certificate)
      await again.close()
      // Now its reader has all of it.
      leaves.clearRequests()
      const next = follow(lists, { ...options, end })
      await next.until(() => ['live', 'finished'].includes(next.state(stays.logId) ?? ''))
      expect(leaves.requestCount()).toBe(0)
      expect([...reader.gaps, ...again.gaps, ...next.gaps]).toEqual([])
    },
  )
})

describe('a log that left the lists while nobody read', () => {
  const leftBehind = async () => {
    const [stays, left] = [await logOf(5), await logOf(600)]
    const checkpoint = new MemoryCheckpointStore()
    await take(ctStream({ logs: [left.spec], start: 'beginning', checkpoint, clock: fastClock(SPEED) }), 201)
    return { stays, left, checkpoint }
  }

  it('is read to its last known head when the lists still say where it is', async () => {
    const { stays, left, checkpoint } = await leftBehind()
    const list = listOf([stays, left], (log) => {
      if (log.log_id === left.logId) log.state = { retired: { timestamp: new Date().toISOString() } }
    })
    const lists = closing(await ListServer.open(list))
    const reader = follow(lists, { checkpoint })
    // It has finished when everything was handed on, which the reader may be behind of.
    await reader.until(() => reader.state(left.logId) === 'finished' && reader.indexes(left.logId).length === 400)
    expect(reader.indexes(left.logId)).toEqual(range(200, 600))
    expect(reader.gaps).toEqual([])
  })

  it('is read to the head it ends with, also what came after the last look', async () => {
    const { stays, left, checkpoint } = await leftBehind()
    await take(ctStream({ logs: [left.spec], start: 'beginning', end: 'head', checkpoint, clock: fastClock(SPEED) }))
    grow(left, 7)
    const list = listOf([stays, left], (log) => {
      if (log.log_id === left.logId) log.state = { retired: { timestamp: new Date().toISOString() } }
    })
    const lists = closing(await ListServer.open(list))
    const reader = follow(lists, { checkpoint })
    await reader.until(() => reader.state(left.logId) === 'finished' && reader.indexes(left.logId).length === 7)
    expect(reader.indexes(left.logId)).toEqual(range(600, 607))
    await reader.close()
    // Once is enough: nobody asks a log again that is at its end.
    left.clearRequests()
    const next = follow(lists, { checkpoint })
    await next.until(() => next.state(stays.logId) === 'live')
    expect(left.requestCount()).toBe(0)
  })

  it('is read from the cursor, whatever the checkpoint says', async () => {
    const { stays, left, checkpoint } = await leftBehind()
    const toHead = { start: 'beginning', end: 'head', ...timing() } as const
    const both = { ...toHead, logs: [stays.spec, left.spec] }
    const before = (await take(ctStream({ ...toHead, logs: [stays.spec], checkpoint: false }))).at(-1)?.cursor ?? ''
    const all = await take(ctStream({ ...both, checkpoint: false, resume: before }))
    const resume = all.find(({ log, index }) => log.id === left.logId && index === 399)?.cursor ?? ''
    await take(ctStream({ ...both, checkpoint }))

    const list = listOf([stays, left], (log) => {
      if (log.log_id === left.logId) log.state = { retired: { timestamp: new Date().toISOString() } }
    })
    const lists = closing(await ListServer.open(list))
    const read = await take(ctStream({ ...toHead, logList: lists.url, resume, checkpoint }))
    expect(indexesOf(read)).toEqual(range(400, 600))
  })

  describe.each(['rfc6962', 'static-ct'] as const)('and had been read to its head (%s)', (kind) => {
    const caughtUp = async () => {
      const [stays, left] = [await logOf(5), await logOf(600, { kind })]
      const checkpoint = new MemoryCheckpointStore()
      const logList = listOf([stays, left])
      const all = await take(ctStream({ logList, start: 'beginning', end: 'head', checkpoint, ...timing() }))
      expect(all).toHaveLength(605)
      grow(left, 7)
      return { stays, left, checkpoint, start: 'beginning', ...timing() } as const
    }
    const retired = (left: TestLog): Edit => {
      return (log) => {
        if (log.log_id === left.logId) log.state = { retired: { timestamp: new Date().toISOString() } }
      }
    }

    it.each([
      ['no list names it any more', false],
      ['it is listed as retired', true],
    ])('is read to the head it ends with, once, where %s', async (_, isListed) => {
      for (const end of ['never', 'head'] as const) {
        const { stays, left, ...options } = await caughtUp()
        const logList = isListed ? listOf([stays, left], retired(left)) : listOf([stays])
        const reader = closing(new Reader(ctStream({ ...options, logList, end })))
        await reader.until(() => reader.state(left.logId) === 'finished' && reader.indexes(left.logId).length === 7)
        expect([reader.indexes(left.logId), reader.gaps]).toEqual([range(600, 607), []])
        await reader.close()
        left.clearRequests()
        grow(stays, 1)
        const next = closing(new Reader(ctStream({ ...options, logList, end })))
        await next.until(() => next.certificates.length === 1)
        expect(left.requestCount()).toBe(0)
        await next.close()
        // A log that a list has again goes on where it was.
        grow(left, 2)
        const back = await take(ctStream({ ...options, logList: listOf([stays, left]), end: 'head' }))
        expect(indexesOf(back)).toEqual([607, 608])
      }
    })

    it('leaves a gap of unknown length, once, where it is out of reach', async () => {
      for (const end of ['never', 'head'] as const) {
        const { stays, left, ...options } = await caughtUp()
        const down = left.fault({ on: '*', status: 503 })
        const logList = listOf([stays])
        const reader = closing(new Reader(ctStream({ ...options, ...timing(DAYS), logList, end })))
        if (end === 'head') await expect(reader.done).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
        await reader.until(() => reader.gaps.length === 1).catch(() => {})
        expect(reader.gaps).toMatchObject([{ log: { id: left.logId }, start: 600, end: undefined }])
        await reader.close()
        grow(stays, 1)
        expect(await take(ctStream({ ...options, logList, end: 'head' }))).toHaveLength(1)
        expect(await gapsOf(options.checkpoint)).toHaveLength(1)
        down.clear()
        const back = await take(ctStream({ ...options, logList: listOf([stays, left]), end: 'head' }))
        expect(indexesOf(back)).toEqual(range(600, 607))
      }
    })

    it('is read on after a crash before it was at its end', async () => {
      const { stays, left, ...options } = await caughtUp()
      const logList = listOf([stays])
      const down = left.fault({ on: '*', status: 503 })
      const reader = closing(new Reader(ctStream({ ...options, logList })))
      await reader.until(() => reader.state(left.logId) === 'waiting')
      await reader.close()
      down.clear()
      const again = await take(ctStream({ ...options, logList, end: 'head' }))
      expect(indexesOf(again)).toEqual(range(600, 607))
    })

    it('is left alone where the selection no longer has it', async () => {
      const { stays, left, ...options } = await caughtUp()
      left.clearRequests()
      grow(stays, 1)
      const logs = { match: ({ id }: { id: string }) => id === stays.logId }
      const reader = closing(new Reader(ctStream({ ...options, logList: listOf([stays]), logs, end: 'head' })))
      await reader.done
      expect([reader.indexes(), reader.gaps, left.requestCount()]).toEqual([[5], [], 0])
    })

    it('leaves a gap of unknown length where what is stored of it cannot be opened', async () => {
      const { stays, left, checkpoint, ...options } = await caughtUp()
      await inStore(checkpoint, () => {
        const rows = checkpoint.load().map((row) => {
          const listed = { ...(row.learned.listed as object), key: 'AAAA' }
          return row.log.id === left.logId ? { ...row, learned: { ...row.learned, listed } } : row
        })
        checkpoint.commit(rows)
      })
      const reader = closing(new Reader(ctStream({ ...options, checkpoint, logList: listOf([stays]), end: 'head' })))
      await expect(reader.done).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
      expect(reader.gaps).toMatchObject([{ log: { id: left.logId }, start: 600, end: undefined }])
    })
  })

  describe('and is known from a cursor alone', () => {
    const gone = (left: TestLog): Edit => {
      return (log) => {
        if (log.log_id === left.logId) log.state = { retired: { timestamp: new Date().toISOString() } }
      }
    }
    const cursors = { start: 'beginning', checkpoint: false, ...timing() } as const
    /** The cursor after entry 199 of the log that leaves, and all of the one that stays. */
    const stopped = async (stays: TestLog, left: TestLog) => {
      const logList = listOf([stays, left])
      const first = (await take(ctStream({ ...cursors, logs: [stays.spec], end: 'head' }))).at(-1)?.cursor ?? ''
      const rest = await take(ctStream({ ...cursors, logList, end: 'head', resume: first }), 200)
      return rest.at(-1)?.cursor ?? ''
    }

    it.each(['never', 'head'] as const)(
      'is read to its end, once, and goes on where it was when it is back (end: %s)',
      async (end) => {
        const [stays, left] = [await logOf(5), await logOf(600)]
        const resume = await stopped(stays, left)
        grow(left, 7)
        const retired = listOf([stays, left], gone(left))
        const reader = closing(new Reader(ctStream({ ...cursors, logList: retired, resume, end })))
        await reader.until(() => reader.state(left.logId) === 'finished' && reader.indexes(left.logId).length === 407)
        expect(reader.indexes(left.logId)).toEqual(range(200, 607))
        await reader.close()

        // The cursor that says so is one of another log: here of the next run, while that is at the end of both.
        const own = reader.certificates.findLast(({ log }) => log.id === left.logId)?.cursor ?? ''
        expect(decodeCursor(own).get(cursorKey(left.logId))).toMatchObject({ next: 607, finished: true })
        const runs: string[] = [own]
        for (let run = 0; run < 3; run++) {
          left.clearRequests()
          grow(stays, 1)
          const next = closing(new Reader(ctStream({ ...cursors, logList: retired, resume: runs.at(-1) ?? '', end })))
          await next.until(() => next.certificates.length === 1)
          runs.push(next.certificates[0]?.cursor ?? '')
          await next.close()
          expect(left.requestCount()).toBe(0)
          expect(decodeCursor(runs.at(-1) ?? '').get(cursorKey(left.logId))).toMatchObject({
            next: 607,
            finished: true,
          })
        }

        grow(left, 3)
        const back = closing(
          new Reader(
            ctStream({ ...cursors, logList: listOf([stays, left]), resume: runs.at(-1) ?? '', start: 'now', end }),
          ),
        )
        await back.until(() => back.certificates.length === 3)
        expect(back.indexes(left.logId)).toEqual(range(607, 610))
        // It may grow again, and leave again.
        const again = decodeCursor(back.certificates.at(-1)?.cursor ?? '').get(cursorKey(left.logId))
        expect(again).toMatchObject({ next: 610, finished: false })
      },
    )

    it('is read on though the cursor has no other log of the stream', async () => {
      const [stays, left] = [await logOf(5), await logOf(600)]
      const resume = (await take(ctStream({ ...cursors, logs: [left.spec] }), 200)).at(-1)?.cursor ?? ''
      const logList = listOf([stays, left], gone(left))
      const read = await take(ctStream({ ...cursors, logList, resume, end: 'head' }))
      expect(indexesOf(read.filter(({ log }) => log.id === left.logId))).toEqual(range(200, 600))
    })

    it('is read on from a cursor that calls it finished before the head that the lists say it ends with', async () => {
      const [stays, left] = [await logOf(5), await logOf(600)]
      const places = [stays, left].map(({ logId }, i) => ({
        ...{ key: cursorKey(logId), next: i === 0 ? 5 : 400, before: undefined, finished: i === 1 },
      }))
      const at =
        (size: number): Edit =>
        (entry) => {
          if (entry.log_id !== left.logId) return
          const head = { tree_size: size, sha256_root_hash: toBase64(left.root(size)) }
          entry.state = { readonly: { timestamp: '2026-01-01T00:00:00Z', final_tree_head: head } }
          entry.temporal_interval = { start_inclusive: '2024-01-01T00:00:00Z', end_exclusive: '2024-06-01T00:00:00Z' }
        }
      const run = (size: number) =>
        take(
          ctStream({ ...cursors, logList: listOf([stays, left], at(size)), resume: encodeCursor(places), end: 'head' }),
        )
      expect(indexesOf(await run(600))).toEqual(range(400, 600))
      expect(await run(400)).toEqual([])
    })
  })

  describe('and is a shard that expired meanwhile', () => {
    const day = 86_400_000
    const expired = (left: TestLog, state: string): Edit => {
      return (log) => {
        if (log.log_id !== left.logId) return
        log.state = { [state]: { timestamp: new Date().toISOString() } }
        log.temporal_interval = {
          start_inclusive: new Date(Date.now() - 210 * day).toISOString(),
          end_exclusive: new Date(Date.now() - 30 * day).toISOString(),
        }
      }
    }

    it.each(['usable', 'readonly'])('is read to its end, once, when it is listed as %s', async (state) => {
      const { stays, left, checkpoint } = await leftBehind()
      const lists = closing(await ListServer.open(listOf([stays, left], expired(left, state))))
      const reader = follow(lists, { checkpoint })
      await reader.until(() => reader.state(left.logId) === 'finished')
      await reader.until(() => reader.indexes(left.logId).length === 400)
      expect(reader.indexes(left.logId)).toEqual(range(200, 600))
      expect(reader.gaps).toEqual([])
      reader.stream.acknowledge()
      await reader.close()
      left.clearRequests()
      const next = follow(lists, { checkpoint })
      await next.until(() => next.state(stays.logId) === 'live')
      expect(left.requestCount()).toBe(0)
    })

    it('is left alone when the selection would not have it anyway', async () => {
      const { stays, left, checkpoint } = await leftBehind()
      const lists = closing(await ListServer.open(listOf([stays, left], expired(left, 'usable'))))
      left.clearRequests()
      const reader = follow(lists, { checkpoint, logs: { match: ({ id }) => id === stays.logId } })
      await reader.until(() => reader.certificates.length === 5)
      expect(left.requestCount()).toBe(0)
    })
  })

  it('leaves a gap of unknown length where nothing was proven, so that no head of it is known', async () => {
    const [stays, left] = [await logOf(5), await logOf(600)]
    const options = { verify: 'signatures-only', checkpoint: new MemoryCheckpointStore() } as const
    await take(ctStream({ logs: [left.spec], start: 'beginning', clock: fastClock(SPEED), ...options }), 201)
    const lists = await serve(stays)
    const reader = follow(lists, options)
    await reader.until(() => reader.gaps.length === 1)
    expect(reader.gaps).toMatchObject([{ log: { id: left.logId }, start: 200, end: undefined }])
    await reader.close()
    // It is settled with that.
    const next = follow(lists, options)
    await next.until(() => next.state(stays.logId) === 'live')
    expect(next.gaps).toEqual([])
  })

  it('leaves a gap on record when no list names it any more', async () => {
    const { stays, left, checkpoint } = await leftBehind()
    const reader = follow(await serve(stays), { checkpoint })
    await reader.until(() => reader.gaps.length === 1)
    expect(reader.gaps).toMatchObject([{ log: { id: left.logId }, start: 200, end: 600 }])
    expect(checkpoint.gaps()).toHaveLength(1)
  })

  it('is settled once its gap is on record: later runs end well, and the record stays', async () => {
    const { stays, left, checkpoint } = await leftBehind()
    const lists = await serve(stays)
    const run = () => take(ctStream({ logList: lists.url, start: 'beginning', end: 'head', checkpoint, ...timing() }))
    await expect(run()).rejects.toMatchObject({ code: 'CT_INCOMPLETE', message: expect.stringContaining('200 to 600') })
    for (const grown of [0, 3]) {
      grow(stays, grown)
      expect(await run()).toHaveLength(grown)
      expect(await gapsOf(checkpoint)).toMatchObject([{ log: { id: left.logId }, start: 200, end: 600 }])
    }
    // A log that is back is read: nothing is given up that can be had.
    lists.content = listOf([stays, left])
    expect((await run()).map(({ index }) => index)).toEqual(range(200, 600))
  })

  it('is read after all when the lists name it again as one that is gone; where it does not answer, nothing is told twice', async () => {
    const { stays, left, checkpoint } = await leftBehind()
    const lists = await serve(stays)
    const run = (gaps: Gap[] = []) => {
      const options = { logList: lists.url, start: 'beginning', end: 'head', checkpoint, ...timing() } as const
      const stream = ctStream(options)
      stream.on('gap', (gap) => gaps.push(gap))
      return take(stream)
    }
    await expect(run()).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    lists.content = listOf([stays, left], (log) => {
      if (log.log_id === left.logId) log.state = { retired: { timestamp: new Date().toISOString() } }
    })
    const down = left.fault({ on: '*', status: 503 })
    for (const grown of [1, 2]) {
      grow(stays, grown)
      const gaps: Gap[] = []
      expect([(await run(gaps)).length, gaps]).toEqual([grown, []])
    }
    expect(await gapsOf(checkpoint)).toHaveLength(1)
    down.clear()
    expect(indexesOf(await run())).toEqual(range(200, 600))
    left.clearRequests()
    expect([await run(), left.requestCount()]).toEqual([[], 0])
  })

  describe('and that the selection does not have', () => {
    const others: [string, (stays: TestLog) => LogSelection][] = [
      ['match', ({ logId }) => ({ match: ({ id }) => id === logId })],
      ['names', ({ logId }) => ({ names: [logId] })],
      ['operators', () => ({ operators: ['Staying'] })],
      ['kinds', () => ({ kinds: ['static-ct'] })],
    ]
    const ways = ['retired', 'rejected', 'gone', 'gone since it was listed'] as const
    const cases = ways.flatMap((way) => others.map(([by, select]) => [way, by, select] as const))

    const leftIn = async (way: (typeof ways)[number]) => {
      const stays = await logOf(5, { kind: 'static-ct', operator: 'Staying' })
      const left = await logOf(600, { operator: 'Leaving' })
      const checkpoint = new MemoryCheckpointStore()
      const before = { start: 'beginning', checkpoint, ...timing() } as const
      const logs = { operators: ['Leaving'] }
      if (way === 'gone since it was listed') await take(ctStream({ ...before, logList: listOf([left]), logs }), 201)
      else await take(ctStream({ ...before, logs: [{ ...left.spec, operator: 'Leaving' }] }), 201)
      left.clearRequests()
      const logList = listOf(way.startsWith('gone') ? [stays] : [stays, left], (log) => {
        if (log.log_id === left.logId) log.state = { [way]: { timestamp: new Date().toISOString() } }
      })
      return { stays, left, checkpoint, logList }
    }

    it.each(cases)('is left alone, and no gap: it is %s, and not in `%s`', async (way, _, select) => {
      const { stays, left, ...options } = await leftIn(way)
      const logs = select(stays)
      const reader = closing(new Reader(ctStream({ ...options, logs, start: 'beginning', end: 'head', ...timing() })))
      await reader.done
      expect([reader.indexes(), reader.gaps, left.requestCount()]).toEqual([range(0, 5), [], 0])
    })

    it.each(ways)('is told apart from one that it has: that is %s, and is read or told', async (way) => {
      for (const logs of [
        { operators: ['leaving', 'staying'], logTypes: ['prod' as const, 'test' as const] },
        { names: ['ct-stream'], states: ['usable' as const] },
        { kinds: ['rfc6962' as const], match: ({ operator }: { operator: string }) => operator === 'Leaving' },
      ]) {
        const { stays: _, left, ...options } = await leftIn(way)
        const stream = ctStream({ ...options, logs, start: 'beginning', ...timing() })
        const reader = closing(new Reader(stream))
        await reader.until(() => reader.indexes(left.logId).length === 400 || reader.gaps.length > 0)
        if (way !== 'gone') expect([reader.indexes(left.logId), reader.gaps]).toEqual([range(200, 600), []])
        else expect(reader.gaps).toMatchObject([{ log: { id: left.logId }, start: 200, end: 600 }])
      }
    })

    it.each(['retired', 'usable'])('is left alone where only a cursor knows it, as %s', async (state) => {
      const [stays, left] = [await logOf(5), await logOf(600)]
      const both = { start: 'beginning', checkpoint: false, logs: [stays.spec, left.spec], ...timing() } as const
      const before = (await take(ctStream({ ...both, logs: [stays.spec], end: 'head' }))).at(-1)?.cursor ?? ''
      const resume = (await take(ctStream({ ...both, resume: before }), 200)).at(-1)?.cursor ?? ''
      const logList = listOf([stays, left], (log) => {
        if (log.log_id === left.logId) log.state = { [state]: { timestamp: new Date().toISOString() } }
      })
      grow(stays, 2)
      left.clearRequests()
      const logs = { names: [stays.logId] }
      expect(indexesOf(await take(ctStream({ ...both, logList, logs, resume, end: 'head' })))).toEqual([5, 6])
      expect(left.requestCount()).toBe(0)
    })

    it('is a warning where only `match` can tell, which it cannot by what is stored', async () => {
      const { checkpoint, logList } = await leftIn('gone')
      const warnings: string[] = []
      const logger = { debug() {}, info() {}, warn: (message: string) => warnings.push(message), error() {} }
      const logs = { match: ({ temporalInterval }: ListedLog) => temporalInterval !== undefined }
      const options = { checkpoint, logList, logs, logger, start: 'beginning', end: 'head', ...timing() } as const
      await expect(take(ctStream(options))).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
      expect(warnings.filter((message) => message.includes('`logs.match`'))).toHaveLength(1)
      expect(await gapsOf(checkpoint)).toEqual([])
    })
  })

  describe('and that a list names which is missing at the start', () => {
    const retiredIn = (log: TestLog): TestLogList =>
      listOf([log], (entry) => {
        entry.state = { retired: { timestamp: new Date().toISOString() } }
      })
    const down = async () => {
      const lists = closing(await ListServer.open({}))
      lists.content = 503
      return lists
    }

    it.each([
      ['which is retired in that list', true],
      ['which that list has', false],
    ])('is read when the list is there, and not told as a gap before: one %s', async (_, isRetired) => {
      const { stays, left, checkpoint } = await leftBehind()
      const [lists, missing] = [await serve(stays), await down()]
      const reader = follow(lists, { logList: [lists.url, missing.url], checkpoint })
      await reader.until(() => reader.lists.length >= 3)
      expect([reader.gaps, reader.indexes(left.logId)]).toEqual([[], []])
      missing.content = isRetired ? retiredIn(left) : listOf([left])
      await reader.until(() => reader.indexes(left.logId).length === 400)
      expect([reader.indexes(left.logId), reader.gaps]).toEqual([range(200, 600), []])
    })

    it('is read when the list is there, where only a cursor knows it', async () => {
      const { stays, left } = await leftBehind()
      const both = { start: 'beginning', checkpoint: false, logs: [stays.spec, left.spec], ...timing() } as const
      const before = (await take(ctStream({ ...both, logs: [stays.spec], end: 'head' }))).at(-1)?.cursor ?? ''
      const resume = (await take(ctStream({ ...both, resume: before }), 200)).at(-1)?.cursor ?? ''
      const [lists, missing] = [await serve(stays), await down()]
      const reader = follow(lists, { logList: [lists.url, missing.url], resume })
      await reader.until(() => reader.lists.length >= 3)
      missing.content = retiredIn(left)
      await reader.until(() => reader.indexes(left.logId).length === 400)
      expect(reader.indexes(left.logId)).toEqual(range(200, 600))
    })

    it('is told as a gap when the list is there and does not name it', async () => {
      const { stays, left, checkpoint } = await leftBehind()
      const [lists, missing, other] = [await serve(stays), await down(), await logOf(3)]
      const reader = follow(lists, { logList: [lists.url, missing.url], checkpoint })
      await reader.until(() => reader.lists.length >= 3)
      expect(reader.gaps).toEqual([])
      missing.content = listOf([other])
      await reader.until(() => reader.gaps.length > 0)
      expect(reader.gaps).toMatchObject([{ log: { id: left.logId }, start: 200, end: 600 }])
    })

    describe('and that its row still describes', () => {
      const followedBefore = async () => {
        const [stays, left, checkpoint] = [await logOf(5), await logOf(600), new MemoryCheckpointStore()]
        const options = { logList: listOf([stays, left]), start: 'beginning', end: 'head', checkpoint } as const
        expect(await take(ctStream({ ...options, ...timing() }))).toHaveLength(605)
        grow(left, 7)
        return { stays, left, checkpoint }
      }

      it.each([
        ['goes on when the list has it', 'usable'],
        ['ends when the list has it as retired', 'retired'],
        ['ends when the list does not name it', 'gone'],
      ])('is read meanwhile, for as long as the list is missing, and %s', async (_, becomes) => {
        const { stays, left, checkpoint } = await followedBefore()
        const [lists, missing, other] = [await serve(stays), await down(), await logOf(3)]
        const reader = follow(lists, { logList: [lists.url, missing.url], checkpoint })
        await reader.until(() => reader.indexes(left.logId).length === 7 && reader.lists.length >= 3)
        // It has not left: nothing of it ends because it shows nothing new for an hour.
        grow(left, 3)
        await reader.until(() => reader.indexes(left.logId).length === 10)
        expect(reader.states.filter(({ state }) => state === 'finished')).toEqual([])
        missing.content = { usable: listOf([left]), retired: retiredIn(left), gone: listOf([other]) }[becomes] as object
        if (becomes !== 'usable') await reader.until(() => reader.state(left.logId) === 'finished')
        await reader.until(() => reader.lists.some(({ selected }) => selected === (becomes === 'retired' ? 1 : 2)))
        const now = reader.lists.length
        await reader.until(() => reader.lists.length > now)
        grow(left, 2)
        if (becomes === 'usable') await reader.until(() => reader.indexes(left.logId).length === 12)
        else await quiet()
        expect([reader.indexes(left.logId), reader.gaps]).toEqual([range(600, becomes === 'usable' ? 612 : 610), []])
      })

      it('is read to the head of a stream with an end', async () => {
        const { stays, left, checkpoint } = await followedBefore()
        const logList = [(await serve(stays)).url, (await down()).url]
        const options = { logList, checkpoint, start: 'beginning', end: 'head', ...timing() } as const
        expect(indexesOf(await take(ctStream(options)))).toEqual(range(600, 607))
        grow(left, 2)
        expect(indexesOf(await take(ctStream(options)))).toEqual([607, 608])
      })
    })

    it('does not fail a stream with an end, which warns of it, and is read by the next run', async () => {
      const { stays, left, checkpoint } = await leftBehind()
      const [lists, missing] = [await serve(stays), await down()]
      const warnings: string[] = []
      const logger = { debug() {}, info() {}, warn: (message: string) => warnings.push(message), error() {} }
      const logList = [lists.url, missing.url]
      const options = { logList, checkpoint, start: 'beginning', end: 'head', logger, ...timing() } as const
      expect(await take(ctStream(options))).toHaveLength(5)
      expect(warnings.filter((message) => message.includes('missing log list'))).toHaveLength(1)
      missing.content = retiredIn(left)
      expect(indexesOf(await take(ctStream(options)))).toEqual(range(200, 600))
      expect(await gapsOf(checkpoint)).toEqual([])
    })
  })

  it('is not settled by a gap that was read later', async () => {
    const { stays, left, checkpoint } = await leftBehind()
    const lists = await serve(stays)
    const reader = follow(lists, { checkpoint })
    await reader.until(() => reader.gaps.length === 1)
    await reader.close()
    lists.content = listOf([stays, left])
    await take(ctStream({ logList: lists.url, end: 'head', checkpoint, ...timing() }))
    grow(left, 7)
    lists.content = listOf([stays, left], (log) => {
      if (log.log_id === left.logId) log.state = { retired: { timestamp: new Date().toISOString() } }
    })
    const again = follow(lists, { checkpoint })
    await again.until(() => again.state(left.logId) === 'finished')
    expect(again.indexes(left.logId)).toEqual(range(600, 607))
  })

  it('is not settled by the gap of fewer entries', async () => {
    const { stays, left, checkpoint } = await leftBehind()
    const [row] = await rowsOf(checkpoint)
    await checkpoint.open()
    const known = { log: row?.log as LogInfo, reason: 'another part', recordedAt: 0 }
    checkpoint.addGap({ ...known, start: 200, end: 599 })
    checkpoint.addGap({ ...known, start: 201, end: undefined })
    await checkpoint.close()
    const lists = await serve(stays)
    const stream = ctStream({ logList: lists.url, start: 'beginning', end: 'head', checkpoint, ...timing() })
    await expect(take(stream)).rejects.toMatchObject({ code: 'CT_INCOMPLETE' })
    expect(await gapsOf(checkpoint)).toHaveLength(3)
    expect(left.size).toBe(600)
  })
})

/** What a store that nobody has open keeps. */
async function inStore<T>(checkpoint: MemoryCheckpointStore, read: () => T): Promise<T> {
  await checkpoint.open()
  const found = read()
  await checkpoint.close()
  return found
}
const gapsOf = (checkpoint: MemoryCheckpointStore) => inStore(checkpoint, () => checkpoint.gaps())
const rowsOf = (checkpoint: MemoryCheckpointStore) => inStore(checkpoint, () => checkpoint.load())

describe('a missing contact', () => {
  it.each([
    ['is told once, where public logs are read', 'https://ct.example.org/log/', undefined, 1],
    ['is not told when there is one', 'https://ct.example.org/log/', 'ops@example.org', 0],
    ['is not told for logs on this machine', undefined, undefined, 0],
  ])('%s', async (_, url, contact, times) => {
    const log = await logOf(3)
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, warn: (message: string) => warnings.push(message), error() {} }
    const fetch = (asked: unknown, init?: RequestInit) =>
      globalThis.fetch(String(asked).replace('https://ct.example.org/log/', log.url), init)
    const spec = { ...log.spec, ...(url !== undefined && { url }) } as typeof log.spec
    const stream = ctStream({
      logs: [spec],
      start: 'beginning',
      end: 'head',
      checkpoint: false,
      fetch: fetch as typeof globalThis.fetch,
      logger,
      ...(contact !== undefined && { contact }),
    })
    expect(await take(stream)).toHaveLength(3)
    expect(warnings.filter((message) => message.includes('`contact`'))).toHaveLength(times)
  })
})
