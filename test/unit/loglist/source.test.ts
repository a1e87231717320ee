import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { APPLE_LIST_URL, CHROME_LIST_URL } from '../../../src/loglist/defaults.js'
import type { FetchList, ListAnswer, ListCondition } from '../../../src/loglist/fetch-list.js'
import type { ListStore } from '../../../src/loglist/list-copy.js'
import { LogListSource, type LogListSourceOptions } from '../../../src/loglist/source.js'
import type { StoredList } from '../../../src/types/checkpoint.js'
import type { Clock } from '../../../src/types/clock.js'
import { describeReal, realBytes } from '../../real-data.js'
import { appleLists, bytesOf, chromeAllLists, type LogJson, listJson, mimicList, rfc6962Json, testId } from './lists.js'

const start = Date.parse('2026-08-17T14:00:00Z')
const url = 'https://lists.test-ca.org/all.json'

/** Time that passes only while somebody sleeps. */
class FakeClock implements Clock {
  time = start
  readonly slept: number[] = []
  now = () => this.time
  async sleep(ms: number, signal?: AbortSignal) {
    signal?.throwIfAborted()
    this.slept.push(ms)
    this.time += ms
  }
}

type Scripted = ListAnswer | Error | ((condition: ListCondition) => ListAnswer)

/** Answers each URL with its script, the last line of it for ever. */
class Server {
  readonly requests: ({ url: string } & ListCondition)[] = []
  /** URLs asked for past caches. */
  readonly fresh: string[] = []
  readonly scripts = new Map<string, Scripted[]>()

  on(at: string, ...script: Scripted[]): this {
    this.scripts.set(at, script)
    return this
  }

  fetchList: FetchList = async (at, { etag, lastModified, fresh, signal }) => {
    signal?.throwIfAborted()
    if (fresh) this.fresh.push(at)
    this.requests.push({ url: at, etag, lastModified })
    const script = this.scripts.get(at) ?? []
    const line = script.length > 1 ? script.shift() : script[0]
    if (line === undefined) throw unreachable(at)
    if (line instanceof Error) throw line
    return typeof line === 'function' ? line({ etag, lastModified }) : line
  }
}

const unreachable = (at = url) => new CtStreamError('CT_HTTP_NETWORK', `[GET] "${at}": refused`, { retryable: true })
const modified = (body: Uint8Array, etag?: string): ListAnswer => ({ status: 'modified', body, etag })
const notModified: ListAnswer = { status: 'not-modified' }

/** A store that refuses to be called twice at once, as real ones may. */
class Store implements ListStore {
  readonly lists = new Map<string, StoredList>()
  private busy = false
  list = (at: string) => this.alone(() => this.lists.get(at))
  putList = (list: StoredList) => this.alone(() => void this.lists.set(list.url, list))

  private async alone<T>(act: () => T): Promise<T> {
    if (this.busy) throw new Error('store called twice at once')
    this.busy = true
    await null
    this.busy = false
    return act()
  }
}

function setup(options: Partial<LogListSourceOptions> = {}) {
  const [clock, server, store] = [new FakeClock(), new Server(), new Store()]
  const files = new Map<string, Uint8Array>()
  const readFile = async (path: string) => {
    const bytes = files.get(path)
    if (bytes === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
    return bytes
  }
  const make = (more: Partial<LogListSourceOptions> = {}) =>
    new LogListSource({
      fetchList: server.fetchList,
      readFile,
      store,
      clock,
      random: () => 0.5,
      logList: url,
      ...options,
      ...more,
    })
  return { clock, server, store, files, make, source: make() }
}

const listOf = (...logs: number[]) => bytesOf(listJson({ name: 'Test CA', logs: logs.map((n) => rfc6962Json(n)) }))
const listWith = (...logs: LogJson[]) => bytesOf(listJson({ name: 'Test CA', logs }))
const ids = (logs: readonly { id: string }[]) => logs.map(({ id }) => id)

describe('LogListSource', () => {
  it('adds every selected log at first, then only what changes', async () => {
    const { server, source } = setup()
    const moved = rfc6962Json(1, { url: 'https://moved.test-ca.org/' })
    const retired = rfc6962Json(2, { state: { retired: { timestamp: '2026-08-17T00:00:00Z' } } })
    server.on(url, modified(listOf(0, 1, 2)), modified(listWith(moved, retired, rfc6962Json(3))))

    const first = await source.refresh()
    expect(ids(first.diff.added)).toEqual([testId(0), testId(1), testId(2)])
    expect([first.diff.removed, first.diff.changed, first.problems, first.failures]).toEqual([[], [], [], []])
    expect(first.refreshedAt).toBe(start)

    const second = await source.refresh()
    expect(ids(second.logs)).toEqual([testId(1), testId(3)])
    expect(ids(second.diff.added)).toEqual([testId(3)])
    expect(second.diff.removed).toEqual([
      { before: first.logs[0], after: undefined },
      { before: first.logs[2], after: expect.objectContaining({ state: 'retired' }) },
    ])
    expect(second.diff.changed).toEqual([{ before: first.logs[1], after: second.logs[0], fields: ['url'] }])
  })

  it('asks conditionally, and takes "not modified" for a confirmation', async () => {
    const { server, source, store, clock } = setup()
    const body = listOf(0, 1)
    server.on(
      url,
      { ...modified(body, '"v1"'), lastModified: 'Mon, 17 Aug 2026 13:00:00 GMT' } as ListAnswer,
      notModified,
    )
    await source.refresh()
    clock.time += 3600_000
    const second = await source.refresh()
    expect(second.failures).toEqual([])
    expect(ids(second.logs)).toEqual([testId(0), testId(1)])
    expect(server.requests).toEqual([
      { url, etag: undefined, lastModified: undefined },
      { url, etag: '"v1"', lastModified: 'Mon, 17 Aug 2026 13:00:00 GMT' },
    ])
    expect(store.lists.get(url)).toEqual({
      url,
      body,
      etag: '"v1"',
      lastModified: 'Mon, 17 Aug 2026 13:00:00 GMT',
      fetchedAt: start + 3600_000,
    })
  })

  it('starts from the stored copy when the list cannot be fetched', async () => {
    const { server, source, make } = setup()
    server.on(url, modified(listOf(0, 1), '"v1"'), unreachable())
    await source.refresh()

    const later = make()
    const update = await later.refresh()
    expect(ids(update.logs)).toEqual([testId(0), testId(1)])
    expect(update.failures).toEqual([
      { list: url, error: expect.objectContaining({ code: 'CT_HTTP_NETWORK' }), copyFrom: start },
    ])
    expect(server.requests.at(-1)).toMatchObject({ etag: '"v1"' })
  })

  it('uses the stored copy without another download when it is current', async () => {
    const { server, source, make } = setup()
    server.on(url, modified(listOf(0, 1), '"v1"'), notModified)
    await source.refresh()
    expect((await make().refresh()).failures).toEqual([])
  })

  it('fetches unconditionally when the stored copy is damaged, and says that it was', async () => {
    const { server, store, source } = setup()
    store.lists.set(url, { url, body: Buffer.from('{'), etag: '"v1"', lastModified: undefined, fetchedAt: start })
    server.on(url, modified(listOf(0)))
    const update = await source.refresh()
    expect(ids(update.logs)).toEqual([testId(0)])
    expect(update.failures.map(({ error }) => error.code)).toEqual(['CT_LIST_INVALID'])
    expect(update.missing).toEqual([])
    expect(server.requests).toEqual([{ url, etag: undefined, lastModified: undefined }])
    expect((await source.refresh()).failures).toEqual([])
  })

  it.each<[string, Scripted, RegExp]>([
    ['cannot be reached', unreachable(), /refused/],
    ['is an HTML page', modified(Buffer.from('<html>')), /is not JSON/],
    ['is empty', modified(new Uint8Array()), /is not JSON; it is 0 bytes/],
    ['names no log', modified(listOf()), /names no log/],
    ['has collapsed', modified(listOf(6)), /has collapsed: 6 of 6/],
    [
      'is from before',
      modified(
        bytesOf({ ...JSON.parse(Buffer.from(listOf(0)).toString()), log_list_timestamp: '2026-01-01T00:00:00Z' }),
      ),
      /is stale/,
    ],
    [
      'is from the future',
      modified(
        bytesOf({ ...JSON.parse(Buffer.from(listOf(0)).toString()), log_list_timestamp: '2062-08-17T00:00:00Z' }),
      ),
      /days ahead of the clock/,
    ],
  ])('keeps the copy at hand, in memory and in the store, when the next one %s', async (_, answer, message) => {
    const { server, source, store } = setup()
    const good = listOf(0, 1, 2, 3, 4, 5)
    server.on(url, modified(good, '"v1"'), answer, notModified)
    const first = await source.refresh()
    const second = await source.refresh()
    expect(second.logs).toEqual(first.logs)
    expect(second.diff).toEqual({ added: [], removed: [], changed: [] })
    expect(second.failures).toEqual([
      { list: url, error: expect.objectContaining({ message: expect.stringMatching(message) }), copyFrom: start },
    ])
    expect(store.lists.get(url)?.body).toBe(good)
    // And the next request is still about the copy at hand.
    expect((await source.refresh()).failures).toEqual([])
    expect(server.requests.at(-1)).toMatchObject({ etag: '"v1"' })
  })

  it('follows the list again where an earlier version has stored one of the future', async () => {
    const { server, store, source } = setup()
    const dated = (at: string, ...logs: number[]) =>
      bytesOf({ ...JSON.parse(Buffer.from(listOf(...logs)).toString()), log_list_timestamp: at })
    const body = dated('2062-08-17T00:00:00Z', 0, 1)
    store.lists.set(url, { url, body, etag: '"v1"', lastModified: undefined, fetchedAt: start })
    server.on(url, modified(dated('2026-08-17T00:00:00Z', 0, 1, 2), '"v2"'), modified(dated('2026-08-16T00:00:00Z', 0)))
    const update = await source.refresh()
    expect([ids(update.logs), update.failures]).toEqual([[testId(0), testId(1), testId(2)], []])
    expect(store.lists.get(url)?.etag).toBe('"v2"')
    // From then on the order counts.
    expect((await source.refresh()).failures).toMatchObject([
      { error: { message: expect.stringContaining('before the copy at hand') } },
    ])
  })

  it('gives up only when there is no list at all, and can be asked again', async () => {
    const { server, make } = setup()
    const other = 'https://lists.test-ca.org/other.json'
    const source = make({ logList: [url, other] })
    server.on(url, unreachable(url), modified(listOf(0)))
    const refused = await source.refresh().catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'CT_LIST_INVALID', retryable: true, message: expect.stringContaining(url) })
    expect((refused as Error).cause).toMatchObject({
      errors: [{ code: 'CT_HTTP_NETWORK' }, { code: 'CT_HTTP_NETWORK' }],
    })

    const update = await source.refresh()
    expect(ids(update.diff.added)).toEqual([testId(0)])
    expect(update.failures).toEqual([
      { list: other, error: expect.objectContaining({ code: 'CT_HTTP_NETWORK' }), copyFrom: undefined },
    ])
  })

  it('adds the logs of a list that comes late', async () => {
    const { server, make } = setup()
    const other = 'https://lists.test-ca.org/other.json'
    server.on(url, modified(listOf(0))).on(other, unreachable(other), modified(listOf(0, 1)))
    const source = make({ logList: [url, other] })
    const first = await source.refresh()
    expect(ids(first.logs)).toEqual([testId(0)])
    expect(first.missing.map(({ list }) => list)).toEqual([other])
    const update = await source.refresh()
    expect(update.missing).toEqual([])
    expect(ids(update.diff.added)).toEqual([testId(1)])
    expect(update.logs[0]?.lists).toEqual([url, other])
  })

  it('does not believe in "not modified" without a question', async () => {
    const { server, source } = setup()
    server.on(url, notModified)
    await expect(source.refresh()).rejects.toMatchObject({
      code: 'CT_LIST_INVALID',
      message: expect.stringContaining('without condition'),
    })
  })

  it('wraps what is not its own error', async () => {
    const { server, source } = setup()
    server.on(url, new TypeError('fetch failed'))
    const error = await source.refresh().catch((reason: unknown) => reason)
    expect(CtStreamError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'CT_LIST_INVALID', cause: { cause: { message: 'fetch failed' } } })
  })

  it('rejects with the reason of an abort, before and during', async () => {
    const { server, source } = setup()
    const reason = new Error('enough')
    await expect(source.refresh(AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    server.on(url, () => {
      controller.abort(reason)
      throw new Error('cut')
    })
    await expect(source.refresh(controller.signal)).rejects.toBe(reason)
  })

  it('goes on when the store fails, and reports it', async () => {
    const { server, make } = setup()
    server.on(url, modified(listOf(0)))
    const broken: ListStore = {
      list: () => {
        throw new CtStreamError('CT_CHECKPOINT_UNUSABLE', 'disk full')
      },
      putList: async () => {
        throw new CtStreamError('CT_CHECKPOINT_UNUSABLE', 'disk full')
      },
    }
    const update = await make({ store: broken }).refresh()
    expect(ids(update.logs)).toEqual([testId(0)])
    expect(update.failures.map(({ error }) => error.code)).toEqual(['CT_CHECKPOINT_UNUSABLE', 'CT_CHECKPOINT_UNUSABLE'])
  })

  it('reads files, again at each refresh, and never stores them', async () => {
    const { files, store, make } = setup()
    const source = make({ logList: 'logs.json' })
    await expect(source.refresh()).rejects.toMatchObject({
      code: 'CT_LIST_INVALID',
      message: expect.stringContaining('"logs.json" cannot be read'),
    })
    files.set('logs.json', listOf(0, 1, 2, 3))
    expect(ids((await source.refresh()).logs)).toHaveLength(4)
    // Whoever edits a file means it: no belief is asked for.
    files.set('logs.json', listOf(7))
    expect(ids((await source.refresh()).logs)).toEqual([testId(7)])
    files.delete('logs.json')
    const update = await source.refresh()
    expect(ids(update.logs)).toEqual([testId(7)])
    expect(update.failures).toHaveLength(1)
    expect(store.lists.size).toBe(0)
  })

  it('takes parsed JSON, with logs on this machine', async () => {
    const { server, make } = setup()
    const logList = listJson({ name: 'Mine', logs: [rfc6962Json(0, { url: 'http://127.0.0.1:4000/' })] })
    const update = await make({ logList }).refresh()
    expect(update.logs).toEqual([
      expect.objectContaining({ operator: 'Mine', url: 'http://127.0.0.1:4000/', lists: ['given'] }),
    ])
    expect(server.requests).toEqual([])
  })

  it('lets a list from the network name public hosts only, one from this machine any', async () => {
    const { server, make } = setup()
    const loopback = 'http://127.0.0.1:4000/list.json'
    const body = listWith(rfc6962Json(0, { url: 'http://127.0.0.1:4000/' }), rfc6962Json(1))
    server.on(url, modified(body)).on(loopback, modified(body))
    expect((await make().refresh()).logs).toHaveLength(1)
    expect((await make({ logList: loopback }).refresh()).logs).toHaveLength(2)
  })

  it('says when a list is stale that the user gave, when an operator does not exist, and when nothing is selected', async () => {
    const { make } = setup()
    const logList = {
      ...listJson({ name: 'Mine', logs: [rfc6962Json(0)] }),
      log_list_timestamp: '2026-01-01T00:00:00Z',
    }
    const update = await make({ logList, selection: { operators: ['Googel'] } }).refresh()
    expect(update.logs).toEqual([])
    expect(update.problems.map(({ kind, message }) => [kind, message])).toEqual([
      ['noted', expect.stringContaining('is stale')],
      ['noted', 'no log has the operator "Googel"'],
      ['noted', 'the selection fits none of 1 logs'],
    ])
  })

  it('drops a shard when its time is over, without any change of the list', async () => {
    const { server, source, clock } = setup()
    const interval = { start_inclusive: '2026-01-01T00:00:00Z', end_exclusive: '2026-08-17T00:00:00Z' }
    server.on(
      url,
      modified(listWith(rfc6962Json(0, { temporal_interval: interval }), rfc6962Json(1)), '"v1"'),
      notModified,
    )
    expect((await source.refresh()).logs).toHaveLength(2)
    clock.time += 9 * 86400_000
    const update = await source.refresh()
    expect(ids(update.logs)).toEqual([testId(1)])
    expect(update.diff.removed).toEqual([
      { before: expect.objectContaining({ id: testId(0) }), after: expect.objectContaining({ state: 'usable' }) },
    ])
  })

  it('refuses wrong options at once', () => {
    const { make } = setup()
    expect(() => make({ logList: 7 })).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
    expect(() => make({ selection: { states: [] } })).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
  })
})

describe('LogListSource.updates', () => {
  it('refreshes every 30 to 90 minutes, sooner after failures', async () => {
    const { server, make } = setup()
    const numbers = [0, 0.999999, 0, 0.999999, 0.5]
    const source = make({ random: () => numbers.shift() ?? 0.5 })
    server.on(url, modified(listOf(0), '"1"'), notModified, notModified, unreachable(), unreachable(), notModified)
    expect((await source.refresh()).failures).toEqual([])
    const minutes: number[] = []
    const delay = () => {
      const ms = source.refreshDelay()
      minutes.push(ms / 60_000)
      return source.refresh()
    }
    for (let i = 0; i < 5; i++) await delay()
    expect(minutes[0]).toBe(30)
    expect(minutes[1]).toBeCloseTo(90, 2)
    expect(minutes[2]).toBe(30)
    expect(minutes[3]).toBeCloseTo(1, 2)
    expect(minutes[4]).toBeCloseTo(1.5, 2)
    expect(source.refreshDelay()).toBe(60 * 60_000)
  })

  it('yields each refresh and ends when aborted', async () => {
    const { server, source, clock } = setup()
    server.on(url, modified(listOf(0)), modified(listOf(0, 1)), modified(listOf(0, 1)))
    await source.refresh()
    const controller = new AbortController()
    const added: number[] = []
    for await (const { diff } of source.updates(controller.signal)) {
      added.push(diff.added.length)
      if (added.length === 2) controller.abort(new Error('enough'))
    }
    expect(added).toEqual([1, 0])
    expect(clock.slept).toEqual([60 * 60_000, 60 * 60_000])
  })
})

describeReal("LogListSource on Chrome's and Apple's lists", () => {
  const sigUrl = CHROME_LIST_URL.replace(/\.json$/, '.sig')
  const chrome = (n: number) => realBytes(chromeAllLists.at(n) as string)
  const sig = (n: number) => realBytes((chromeAllLists.at(n) as string).replace(/\.json$/, '.sig'))
  const apple = () => realBytes(appleLists.at(-1) as string)
  const withApple = (server: Server) => server.on(APPLE_LIST_URL, modified(apple(), '"apple"'), notModified)

  it('reads both by default, and the signature of the one that has one', async () => {
    const { server, make } = setup({ logList: undefined })
    withApple(server)
      .on(CHROME_LIST_URL, modified(chrome(-1), '"a"'), notModified)
      .on(sigUrl, modified(sig(-1)))
    const source = make()
    const update = await source.refresh()
    expect(update.logs).toHaveLength(48)
    expect(update.failures).toEqual([])
    expect(new Set(server.requests.map((request) => request.url))).toEqual(
      new Set([CHROME_LIST_URL, sigUrl, APPLE_LIST_URL]),
    )
    // A list that did not change needs no signature.
    server.requests.length = 0
    expect((await source.refresh()).logs).toHaveLength(48)
    expect(server.requests.map((request) => request.url).sort()).toEqual([APPLE_LIST_URL, CHROME_LIST_URL].sort())
  })

  it('fetches list and signature again when they are of different days', async () => {
    const { server, make, clock } = setup({ logList: CHROME_LIST_URL })
    server
      .on(CHROME_LIST_URL, modified(chrome(-2), '"old"'), modified(chrome(-1), '"new"'))
      .on(sigUrl, modified(sig(-1)))
    const update = await make().refresh()
    expect(update.failures).toEqual([])
    expect(server.requests.map((request) => request.url)).toEqual([CHROME_LIST_URL, sigUrl, CHROME_LIST_URL, sigUrl])
    expect(server.fresh).toEqual([CHROME_LIST_URL, sigUrl])
    expect(clock.slept).toEqual([1500])
  })

  it('takes no signed list that is older than the copy at hand, whatever the clock says', async () => {
    const { server, store, make, clock } = setup({ logList: CHROME_LIST_URL })
    clock.time -= 5 * 86_400_000
    const body = chrome(-1)
    store.lists.set(CHROME_LIST_URL, {
      ...{ url: CHROME_LIST_URL, body, etag: undefined, lastModified: undefined },
      fetchedAt: clock.time,
    })
    server.on(CHROME_LIST_URL, modified(chrome(-2))).on(sigUrl, modified(sig(-2)))
    expect((await make().refresh()).failures).toMatchObject([
      { error: { message: expect.stringContaining('before the copy at hand') } },
    ])
  })

  it('keeps the copy at hand when they never fit, asking three times', async () => {
    const { server, store, make } = setup({ logList: undefined })
    withApple(server)
      .on(CHROME_LIST_URL, modified(chrome(-2), '"a"'), modified(chrome(-1), '"b"'))
      .on(sigUrl, modified(sig(-2)))
    const source = make()
    await source.refresh()
    server.requests.length = 0
    const update = await source.refresh()
    expect(update.failures).toEqual([
      { list: 'chrome', error: expect.objectContaining({ code: 'CT_LIST_SIGNATURE' }), copyFrom: start },
    ])
    expect(update.logs).toHaveLength(48)
    expect(store.lists.get(CHROME_LIST_URL)?.etag).toBe('"a"')
    const asked = server.requests.filter((request) => request.url === CHROME_LIST_URL)
    expect(asked.map(({ etag }) => etag)).toEqual(['"a"', undefined, undefined])
  })

  it.each<[string, Scripted]>([
    ['is missing', new CtStreamError('CT_HTTP_STATUS', '[GET] 404', { status: 404 })],
    ['is an HTML page', modified(Buffer.from('<html>'))],
    ['makes no sense', notModified],
  ])('goes on with Apple alone when the signature %s', async (_, answer) => {
    const { server, make } = setup({ logList: undefined })
    withApple(server)
      .on(CHROME_LIST_URL, modified(chrome(-1)))
      .on(sigUrl, answer)
    const update = await make().refresh()
    expect(update.failures).toEqual([{ list: 'chrome', error: expect.any(CtStreamError), copyFrom: undefined }])
    expect(update.logs.length).toBeGreaterThan(30)
    expect(new Set(update.logs.flatMap(({ lists }) => lists))).toEqual(new Set(['apple']))
  })

  it('refuses mimics from a place nobody signs for', async () => {
    const { server, source } = setup()
    server.on(url, modified(realBytes(mimicList)))
    await expect(source.refresh()).rejects.toMatchObject({
      code: 'CT_LIST_INVALID',
      message: expect.stringContaining('2 placeholders'),
    })
  })

  it('uses a stored copy that has gone stale rather than none, and says so', async () => {
    const { server, store, make, clock } = setup({ logList: CHROME_LIST_URL })
    store.lists.set(CHROME_LIST_URL, {
      url: CHROME_LIST_URL,
      body: chrome(-1),
      etag: '"a"',
      lastModified: undefined,
      fetchedAt: start,
    })
    clock.time = start + 100 * 86400_000
    server.on(CHROME_LIST_URL, modified(chrome(-1))).on(sigUrl, modified(sig(-1)))
    const update = await make().refresh()
    expect(update.logs.length).toBeGreaterThan(30)
    expect(update.failures).toEqual([
      {
        list: 'chrome',
        error: expect.objectContaining({ message: expect.stringContaining('is stale') }),
        copyFrom: start,
      },
    ])
    expect(update.problems.filter(({ kind }) => kind === 'noted')).toEqual([
      expect.objectContaining({ message: expect.stringContaining('100 days ago') }),
    ])
  })
})
